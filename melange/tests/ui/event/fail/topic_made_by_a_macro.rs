use melange::Event;

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = concat!("or", "ders"))]
pub struct Placed {}

fn main() {}
