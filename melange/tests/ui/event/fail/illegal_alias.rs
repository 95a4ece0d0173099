#[derive(serde::Serialize, serde::Deserialize, melange::Event)]
#[event(topic = "orders", alias = ["Order Placed"])]
pub struct Placed {
    pub id: String,
}

fn main() {}
