use melange::{Event, subscriber};

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Placed {}

#[subscriber(listens_to = Placed)]
async fn audit(_event: std::sync::Arc<dyn melange::Event + Send>) {}

fn main() {}
