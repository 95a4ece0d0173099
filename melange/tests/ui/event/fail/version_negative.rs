#[derive(serde::Serialize, serde::Deserialize, melange::Event)]
#[event(topic = "orders", version = -1)]
pub struct Placed {
    pub id: String,
}

fn main() {}
