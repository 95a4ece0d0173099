#[derive(serde::Serialize, serde::Deserialize, melange::Event)]
#[event(topic = "orders")]
pub struct Placed {
    #[event(attribute = "AWS.country")]
    pub id: String,
}

fn main() {}
