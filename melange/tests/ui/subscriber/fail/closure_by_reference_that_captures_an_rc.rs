use melange::{Event, EventBus};

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Placed {}

fn main() {
    let seen = std::rc::Rc::new(0);
    let _ = EventBus::builder().subscribe(move |_: &Placed| drop(seen.clone()));
}
