use melange::{Event, subscriber};

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Placed {}

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Cancelled {}

pub struct Ledger;


pub trait Receipts {
    fn receipt(order: &Placed);
}

impl Receipts for Ledger {
    #[subscriber(listens_to = Placed)]
    fn receipt(_order: &Placed) {}
}

fn main() {}
