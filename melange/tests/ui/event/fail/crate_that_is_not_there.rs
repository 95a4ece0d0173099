#[derive(serde::Serialize, serde::Deserialize, melange::Event)]
#[event(topic = "orders", crate = nowhere)]
pub struct Placed {
    pub id: String,
}

fn main() {}
