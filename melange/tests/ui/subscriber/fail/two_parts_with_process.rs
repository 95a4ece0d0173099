use melange::{Event, subscriber};

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Placed {}

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Cancelled {}

pub struct Ledger;

#[subscriber(listens_to = Placed)]
impl Ledger {
    async fn process(&self, _order: &Placed) {}
}

#[subscriber(listens_to = Cancelled, part = 2)]
impl Ledger {
    async fn process(&self, _order: &Cancelled) {}
}

fn main() {
    let _ = melange::EventBus::builder().subscriber(Ledger);
}
