use melange::Event;

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[melange(topic = "orders")]
pub struct Placed {}

fn main() {}
