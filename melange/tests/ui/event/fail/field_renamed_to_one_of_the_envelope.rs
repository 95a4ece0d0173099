#[derive(serde::Serialize, serde::Deserialize, melange::Event)]
#[event(topic = "orders")]
pub struct Placed {
    #[serde(rename = "occurred_on")]
    pub at: String,
}

fn main() {}
