#[derive(serde::Serialize, serde::Deserialize, melange::Event)]
#[event(topic = "orders", deprecated = 2)]
pub struct Placed {}

fn main() {}
