use melange::{Event, subscriber};

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Placed {}

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Cancelled {}

pub struct Ledger;


#[subscriber(listens_to = Placed)]
impl Ledger {
    async fn proces(&self, _order: &Placed) {}
}

fn main() {}
