#[derive(serde::Serialize, serde::Deserialize, melange::Event)]
#[event(topic = 5)]
pub struct Placed {
    pub id: String,
}

fn main() {}
