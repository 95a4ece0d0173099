//! Serde borrows in an `Option` as well.

use melange::Event;

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
struct OrderPlaced {
    country: Option<&'static str>,
}

fn main() {}
