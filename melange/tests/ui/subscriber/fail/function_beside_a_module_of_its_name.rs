use melange::{Event, subscriber};

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Placed {}

#[subscriber(listens_to = Placed)]
async fn receipts(_order: &Placed) {}

mod receipts {}

fn main() {}
