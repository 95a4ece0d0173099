use melange::Event;

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Placed {}

mod receipts {
    pub fn print(_order: &crate::Placed) {}
}

fn main() {
    let _ = melange::EventBus::builder().subscribers(melange::subscribers![receipts::print]);
}
