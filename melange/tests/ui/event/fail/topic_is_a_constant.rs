const TOPIC: &str = "orders";

#[derive(serde::Serialize, serde::Deserialize, melange::Event)]
#[event(topic = TOPIC)]
pub struct Placed {
    pub id: String,
}

fn main() {}
