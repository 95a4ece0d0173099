use melange::Event;
use serde::{Deserialize, Serialize, Serializer};

#[derive(Deserialize, Event)]
#[event(topic = "orders")]
struct OrderPlaced {
    #[serde(rename(deserialize = "orderId"))]
    order_id: String,
}

impl Serialize for OrderPlaced {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        std::collections::BTreeMap::from([("orderId", &self.order_id)]).serialize(serializer)
    }
}

fn main() {}
