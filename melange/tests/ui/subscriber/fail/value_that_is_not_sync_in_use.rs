use melange::{Event, subscriber};

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Placed {}

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Cancelled {}

pub struct Ledger(pub std::cell::RefCell<u64>);

#[subscriber]
impl Ledger {
    #[listens_to]
    async fn placed(&self, _order: &Placed) {}
    #[listens_to]
    fn cancelled(&self, _order: &Cancelled) {}
}

fn main() {
    let ledger = Ledger(std::cell::RefCell::new(0));
    let _ = melange::EventBus::builder().subscriber(ledger).build();
    let ledger = std::sync::Arc::new(Ledger(std::cell::RefCell::new(0)));
    let _ = melange::SynchronousEventBus::builder().subscriber(ledger).build();
}
