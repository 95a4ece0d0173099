#[derive(serde::Serialize, serde::Deserialize, melange::Event)]
#[event(topic = "orders")]
pub struct Placed(#[event(attribute)] pub String);

fn main() {}
