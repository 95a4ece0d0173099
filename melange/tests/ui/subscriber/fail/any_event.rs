use melange::{Event, subscriber};

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Placed {}

#[subscriber(listens_to = Placed)]
async fn audit(_event: &dyn Event) {}

fn main() {
    let _ = melange::subscribers![audit];
}
