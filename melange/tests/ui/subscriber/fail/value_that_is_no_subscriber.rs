use melange::Event;

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Placed {}

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Cancelled {}

pub struct Ledger;

pub fn build() {
    let _ = melange::EventBus::builder().subscriber(Ledger);
}

fn main() {}
