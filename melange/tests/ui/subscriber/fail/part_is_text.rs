use melange::{Event, subscriber};

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Placed {}

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Cancelled {}

pub struct Ledger;


#[subscriber(part = "2")]
impl Ledger {
    #[listens_to]
    async fn placed(&self, _order: &Placed) {}
}

#[subscriber]
impl Ledger {
    #[listens_to]
    async fn cancelled(&self, _order: &Cancelled) {}
}

fn main() {}
