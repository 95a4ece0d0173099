use melange::{Event, subscriber};

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Placed {}

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Cancelled {}

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Shipped {}

pub struct Ledger;

#[subscriber]
impl Ledger {
    #[listens_to]
    async fn shipped(&self, _order: &Shipped) {}
}

#[subscriber(part = 2)]
impl Ledger {
    #[listens_to]
    async fn placed(&self, _order: &Placed) {}
}

#[subscriber(part = 2)]
impl Ledger {
    #[listens_to]
    async fn cancelled(&self, _order: &Cancelled) {}
}

fn main() {
    let _ = melange::EventBus::builder().subscriber(Ledger);
}
