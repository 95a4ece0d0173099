use melange::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(topic = "orders")]
#[serde(tag = "kind")]
enum OrderChanged {
    #[serde(skip_deserializing)]
    Paid,
    Sent,
}

fn main() {}
