#[derive(serde::Serialize, melange::Event)]
#[event(topic = "orders")]
pub struct Placed {
    pub id: String,
}

fn main() {}
