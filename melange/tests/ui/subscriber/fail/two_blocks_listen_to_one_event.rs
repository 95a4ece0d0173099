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
    async fn cancelled(&self, _order: &Cancelled) {}
}

#[subscriber(part = 2)]
impl Ledger {
    #[listens_to]
    async fn placed(&self, _order: &Placed) {}
}

#[subscriber(part = 3)]
impl Ledger {
    #[listens_to]
    async fn placed_again(&self, _order: &self::Placed) {}
}

fn main() {
    let _ = melange::EventBus::builder().subscriber(Ledger);
}
