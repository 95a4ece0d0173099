use melange::{Event, subscriber};

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Placed {}

pub trait Mailer {}

pub struct Receipts {
    pub mailer: Box<dyn Mailer>,
}

#[subscriber(listens_to = Placed)]
impl Receipts {
    async fn process(&self, _order: &Placed) {}
}

fn main() {}
