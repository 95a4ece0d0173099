use melange::{Event, subscriber};

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Placed {}

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Cancelled {}

pub struct Changed<T>(pub T);

#[subscriber(listens_to = Changed<Placed>)]
async fn receipt(_order: &Changed<Placed>) {}

fn main() {}
