#[derive(serde::Serialize, serde::Deserialize, melange::Event)]
#[event(topic = "orders")]
pub struct Placed {
    #[event(key = true)]
    pub id: String,
}

fn main() {}
