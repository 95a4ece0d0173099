#[derive(serde::Serialize, serde::Deserialize, melange::Event)]
#[event(topic = "orders", versoin = 2)]
pub struct Placed {
    pub id: String,
}

fn main() {}
