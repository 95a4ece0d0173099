use melange::Event;

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders", version = 2, upcast_from = ["PlacedV1"])]
pub struct Placed {}

fn main() {}
