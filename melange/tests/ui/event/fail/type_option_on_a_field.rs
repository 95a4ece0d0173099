#[derive(serde::Serialize, serde::Deserialize, melange::Event)]
#[event(topic = "orders")]
pub struct Placed {
    #[event(version = 2)]
    pub id: String,
}

fn main() {}
