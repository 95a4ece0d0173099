use melange::{Event, subscriber};

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Placed {}

#[subscriber(listens_to = Placed)]
impl String {
    async fn process(&self, _order: &Placed) {}
}

fn main() {}
