use melange::{Event, EventBus};

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Placed {}

fn main() {
    let _ = EventBus::builder().subscribe(async |_: &Placed| {});
}
