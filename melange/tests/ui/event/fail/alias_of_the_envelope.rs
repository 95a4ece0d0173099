#[derive(serde::Serialize, serde::Deserialize, melange::Event)]
#[event(topic = "orders")]
pub struct Placed {
    #[serde(alias = "event_id")]
    pub id: String,
}

fn main() {}
