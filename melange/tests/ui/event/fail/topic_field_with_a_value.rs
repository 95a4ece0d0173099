#[derive(serde::Serialize, serde::Deserialize, melange::Event)]
#[event(topic = "orders")]
pub struct Placed {
    #[event(topic = "orders")]
    pub topic: String,
}

fn main() {}
