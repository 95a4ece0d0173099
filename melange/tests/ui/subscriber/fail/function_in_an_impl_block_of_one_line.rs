use melange::{Event, subscriber};

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Placed {}

pub struct Ledger;

impl Ledger { #[subscriber(listens_to = Placed)] async fn placed(_order: &Placed) {} }

fn main() {}
