use melange::{Event, subscriber};

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Placed {}

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Cancelled {}

#[subscriber(listens_to = Placed)]
pub async fn receipt(_order: &Placed) {}

fn main() {
    let _ = melange::EventBus::builder().subscribers(melange::subscribers![receipt()]);
}
