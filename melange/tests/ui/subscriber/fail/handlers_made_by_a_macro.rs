use melange::{Event, subscriber};

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Placed {}

macro_rules! handlers {
    () => {
        #[listens_to]
        async fn placed(&self, _order: &Placed) {}
    };
}

pub struct Ledger;

#[subscriber]
impl Ledger {
    handlers!();
}

fn main() {
    let _ = melange::EventBus::builder().subscriber(Ledger);
}
