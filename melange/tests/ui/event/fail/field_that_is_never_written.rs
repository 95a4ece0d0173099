use melange::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(topic = "orders")]
struct OrderPlaced {
    order_id: String,
    #[serde(skip_serializing)]
    total_cents: u64,
}

fn main() {}
