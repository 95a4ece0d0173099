use melange::{Event, subscriber};

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Placed {}

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Cancelled {}

pub struct Ledger;

#[subscriber(listens_to = Placed, part = 2)]
async fn receipt(_order: &Placed) {}

fn main() {
    let _ = melange::subscribers![receipt];
}
