#[derive(serde::Serialize, serde::Deserialize, melange::Event)]
#[event(topic = "orders")]
pub struct Placed {
    #[event(attribute = "event_type")]
    pub kind: String,
}

fn main() {}
