#[derive(serde::Serialize, serde::Deserialize, melange::Event)]
#[event(topic = "orders.fifo.old")]
pub struct Placed {
    pub id: String,
}

fn main() {}
