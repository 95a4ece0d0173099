use melange::Event;

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[events(topic = "orders")]
pub struct Placed {}

fn main() {}
