#[derive(serde::Serialize, serde::Deserialize, melange::Event)]
#[event(topic = "orders")]
pub struct Placed {
    #[event(occurred_on)]
    pub occurred_on: String,
}

fn main() {}
