#[derive(serde::Serialize, serde::Deserialize, melange::Event)]
#[event(topic = "orders", name = "")]
pub struct Placed {
    pub id: String,
}

fn main() {}
