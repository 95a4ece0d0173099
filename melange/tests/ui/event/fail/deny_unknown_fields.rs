#[derive(serde::Serialize, serde::Deserialize, melange::Event)]
#[event(topic = "orders")]
#[serde(deny_unknown_fields)]
pub struct Placed {
    pub id: String,
}

fn main() {}
