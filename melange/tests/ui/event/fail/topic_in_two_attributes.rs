#[derive(serde::Serialize, serde::Deserialize, melange::Event)]
#[event(topic = "orders")]
#[event(topic = "others")]
pub struct Placed {
    pub id: String,
}

fn main() {}
