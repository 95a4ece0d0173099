use melange::Event;

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Placed {}

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Cancelled {}



fn main() {
    let _ = melange::EventBus::builder().subscribers(melange::subscribers![receipts]);
}
