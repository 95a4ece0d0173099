use melange::{Event, subscriber};

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Placed {}

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Cancelled {}

type Order = Placed;

#[subscriber(listens_to = [Placed, Cancelled, Order])]
async fn audit() {}

fn main() {}
