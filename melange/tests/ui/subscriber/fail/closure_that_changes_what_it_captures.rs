use std::sync::Arc;

use melange::{Event, EventBus};

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Placed {}

fn main() {
    let mut seen = 0;
    let _ = EventBus::builder().subscribe(move |_: Arc<Placed>| seen += 1);
}
