use melange::Event;

#[event(topic = "orders")]
#[derive(serde::Serialize, serde::Deserialize, Event)]
pub struct Placed {}

fn main() {}
