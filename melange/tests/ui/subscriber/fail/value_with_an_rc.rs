use melange::{Event, subscriber};

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Placed {}

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Cancelled {}

pub struct Ledger(pub std::rc::Rc<u64>);

#[subscriber]
impl Ledger {
    #[listens_to]
    async fn placed(&self, _order: &Placed) {}
    #[listens_to]
    fn cancelled(&self, _order: &Cancelled, _meta: &melange::Metadata) {}
}

fn main() {
    let _ = melange::EventBus::builder().subscriber(Ledger(std::rc::Rc::new(0))).build();
}
