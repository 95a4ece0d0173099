#[derive(serde::Serialize, serde::Deserialize, melange::Event)]
#[event(topic = "orders")]
pub struct Placed {
    #[event(attribute = "country")]
    pub from: String,
    #[event(attribute = "country")]
    pub to: String,
}

fn main() {}
