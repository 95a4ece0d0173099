use melange::{Event, subscriber};

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Placed {}

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Cancelled {}

pub struct Ledger;

#[subscriber]
pub trait Books {
    #[listens_to]
    fn placed(&self, order: &Placed);
}

impl Books for Ledger {
    fn placed(&self, _order: &Placed) {}
}

fn main() {}
