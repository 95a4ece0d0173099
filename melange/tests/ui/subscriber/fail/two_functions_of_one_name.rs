use melange::{Event, subscriber};

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Placed {}

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Cancelled {}

#[subscriber(listens_to = Placed)]
async fn receipts(_order: &Placed) {}

#[subscriber(listens_to = Cancelled)]
async fn receipts(_order: &Cancelled) {}

fn main() {}
