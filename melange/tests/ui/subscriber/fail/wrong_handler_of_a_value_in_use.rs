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
    pub fn new() -> Self {
        Self
    }

    #[listens_to]
    pub async fn placed(&mut self, _order: &Placed) {}
}

pub async fn build(order: &Placed) {
    Ledger::new().placed(order).await;
    let _ = melange::EventBus::builder().subscriber(Ledger::new());
}

fn main() {}
