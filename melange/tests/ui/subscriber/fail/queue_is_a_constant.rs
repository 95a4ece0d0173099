use melange::{Event, subscriber};

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Placed {}

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Cancelled {}

const QUEUE: &str = "billing";

#[subscriber(listens_to = Placed, queue = QUEUE)]
async fn receipt(_order: &Placed) {}

fn main() {}
