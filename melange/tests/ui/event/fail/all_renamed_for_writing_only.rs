use melange::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(topic = "orders")]
#[serde(rename_all(serialize = "camelCase"))]
struct OrderPlaced {
    order_id: String,
    total_cents: u64,
}

fn main() {}
