//! What comes from a queue does not live as long as the program.

use melange::Event;

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
struct OrderPlaced {
    order_id: String,
    country: &'static str,
}

fn main() {}
