use melange::Event;

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Placed {}

fn main() {
    let receipts = |_: &Placed| {};
    let _ = melange::EventBus::builder().subscribers(melange::subscribers![receipts]);
    drop(receipts);
}
