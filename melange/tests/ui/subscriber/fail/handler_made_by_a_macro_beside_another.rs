use melange::{Event, subscriber};

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Placed {}

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Cancelled {}

macro_rules! handlers {
    () => {
        #[listens_to]
        async fn placed(&self, _order: &Placed) {}
    };
}

pub struct Ledger;

#[subscriber]
impl Ledger {
    handlers! {}

    #[listens_to]
    async fn cancelled(&self, _order: &Cancelled) {}
}

fn main() {}
