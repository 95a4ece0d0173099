#[derive(serde::Serialize, serde::Deserialize, melange::Event)]
#[event(topic = "orders", upcast_from = [])]
pub struct Placed {
    pub id: String,
}

fn main() {}
