use melange::{Event, subscriber};

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Placed {}

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Cancelled {}

pub struct Ledger;

#[subscriber]
impl Ledger {
    #[listens_to]
    async fn handle(&self, _order: &Placed) {}
}

#[subscriber(part = 2)]
impl Ledger {
    #[listens_to]
    async fn handle(&self, _order: &Cancelled) {}
}

fn main() {}
