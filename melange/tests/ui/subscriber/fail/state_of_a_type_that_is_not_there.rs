use melange::{Event, State, subscriber};

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Placed {}

#[subscriber(listens_to = Placed)]
async fn receipts(_order: &Placed, State(_mailer): State<Mailer>) {}

fn main() {}
