use melange::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(topic = "orders")]
enum OrderChanged {
    #[serde(rename(deserialize = "paid"))]
    Paid,
    Sent,
}

fn main() {}
