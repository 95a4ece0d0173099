#[derive(serde::Serialize, serde::Deserialize, melange::Event)]
#[event(topic = "orders", alias = [])]
pub struct Placed {
    pub id: String,
}

fn main() {}
