use melange::{Event, subscriber};

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Placed {}

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Cancelled {}

pub struct Counter;

#[subscriber(listens_to = Placed)]
impl Counter {
    pub async fn handle(&self, _order: &Placed) {}
}

fn main() {}
