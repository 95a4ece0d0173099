use melange::{Event, subscriber};

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Placed {}

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Cancelled {}

pub struct Mailer;

#[subscriber(listens_to = Mailer)]
async fn receipt(_order: &Mailer, _meta: &melange::Metadata) {}

fn main() {}
