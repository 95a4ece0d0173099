use melange::{Event, subscriber};

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Placed {}

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Cancelled {}

#[subscriber(listens_to = Placed, timeout = 5)]
pub async fn receipt(_order: &Placed) {}

pub async fn build(order: &Placed) {
    receipt(order).await;
    let _ = melange::EventBus::builder().subscribers(melange::subscribers![receipt]);
}

fn main() {}
