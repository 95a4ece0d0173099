use melange::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(topic = "orders")]
struct OrderPlaced {
    #[serde(rename(serialize = "orderId"))]
    order_id: Option<String>,
}

fn main() {}
