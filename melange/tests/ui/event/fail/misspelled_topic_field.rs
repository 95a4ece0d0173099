#[derive(serde::Serialize, serde::Deserialize, melange::Event)]
#[event(topic = "orders")]
pub struct Placed {
    #[event(topik)]
    pub topic: String,
}

fn main() {}
