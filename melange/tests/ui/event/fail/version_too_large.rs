#[derive(serde::Serialize, serde::Deserialize, melange::Event)]
#[event(topic = "orders", version = 4294967296)]
pub struct Placed {
    pub id: String,
}

fn main() {}
