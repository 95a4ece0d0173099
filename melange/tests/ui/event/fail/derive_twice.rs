use melange::Event;

#[derive(serde::Serialize, serde::Deserialize, Event, Event)]
#[event(topic = "orders")]
pub struct Placed {}

fn main() {}
