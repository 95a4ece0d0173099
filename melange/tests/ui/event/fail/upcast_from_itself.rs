#[derive(serde::Serialize, serde::Deserialize, melange::Event)]
#[event(topic = "orders", version = 2, upcast_from = [Placed])]
pub struct Placed {
    pub id: String,
}

fn main() {}
