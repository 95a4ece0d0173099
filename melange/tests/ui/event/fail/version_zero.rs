#[derive(serde::Serialize, serde::Deserialize, melange::Event)]
#[event(topic = "orders", version = 0)]
pub struct Placed {
    pub id: String,
}

fn main() {}
