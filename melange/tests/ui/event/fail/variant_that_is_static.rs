//! What a variant holds is read off a queue as well.

use melange::Event;

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
enum OrderMoved {
    Paid { currency: &'static str },
    Sent,
}

fn main() {}
