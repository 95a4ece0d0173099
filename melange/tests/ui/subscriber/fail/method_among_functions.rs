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
    async fn placed(&self, _order: &Placed) {}
}

fn main() {
    let _ = melange::EventBus::builder().subscribers(melange::subscribers![Ledger::placed]);
}
