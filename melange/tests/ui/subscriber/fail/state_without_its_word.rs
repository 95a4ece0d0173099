use melange::{Event, subscriber};

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Placed {}

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Cancelled {}

#[derive(Clone)]
pub struct Mailer;

#[subscriber(listens_to = Placed)]
async fn receipt(_order: &Placed, _mailer: Mailer) {}

fn main() {}
