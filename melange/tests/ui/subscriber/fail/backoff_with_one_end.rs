use melange::{Event, subscriber};

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Placed {}

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Cancelled {}

#[subscriber(listens_to = Placed, retry(backoff = "1s.."))]
async fn receipt(_order: &Placed) {}

fn main() {}
