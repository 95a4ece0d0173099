#[derive(serde::Serialize, serde::Deserialize, melange::Event)]
#[event(topic = "orders")]
pub struct Größe {
    pub id: String,
}

fn main() {}
