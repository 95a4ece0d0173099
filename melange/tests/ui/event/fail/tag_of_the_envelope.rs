#[derive(serde::Serialize, serde::Deserialize, melange::Event)]
#[event(topic = "orders")]
#[serde(tag = "event_version")]
pub struct Placed {
    pub id: String,
}

fn main() {}
