use melange::{Event, subscriber};

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Placed {}

macro_rules! process {
    () => {
        async fn process(&self, _order: &Placed) {}
    };
}

pub struct Ledger;

#[subscriber(listens_to = Placed)]
impl Ledger {
    process!();
}

fn main() {}
