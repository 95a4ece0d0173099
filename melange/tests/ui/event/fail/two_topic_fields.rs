use melange::Event;

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Placed {
    #[event(topic)]
    pub a: String,
    #[event(topic)]
    pub b: String,
}

fn main() {}
