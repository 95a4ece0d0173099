#[derive(serde::Serialize, serde::Deserialize, melange::Event)]
#[event(topic = "orders", deprecated = "")]
pub struct Placed {}

fn main() {}
