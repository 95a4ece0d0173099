#[derive(serde::Serialize, serde::Deserialize, melange::Event)]
#[event(topic = "orders", key = "id")]
pub struct Placed {
    pub id: String,
}

fn main() {}
