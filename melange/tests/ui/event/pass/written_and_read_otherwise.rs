//! What serde writes and reads by different names, or not both ways, and can read back all the same.

use melange::Event;
use serde::{Deserialize, Serialize};

type Note = Option<String>;

#[derive(Serialize, Deserialize, Event)]
#[event(topic = "orders")]
#[serde(rename_all(serialize = "snake_case"))]
struct OrderPlaced {
    #[serde(rename(serialize = "orderId"), alias = "orderId")]
    order_id: String,
    #[serde(rename(serialize = "sum", deserialize = "sum"))]
    total: u64,
    #[serde(skip_serializing)]
    old: Option<String>,
    #[serde(skip_serializing, default)]
    older: String,
    // By serde's own doing, whatever the type is called.
    #[serde(skip_serializing)]
    note: Note,
    #[serde(skip_serializing_if = "Option::is_none")]
    other_note: Note,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    lines: Vec<String>,
    #[serde(skip_deserializing)]
    for_others: u64,
}

// Written by hand: what serde is told of writing counts for nothing.
#[derive(Deserialize, Event)]
#[event(topic = "orders")]
struct ByHand {
    #[serde(rename = "orderId")]
    order_id: String,
    #[serde(rename(deserialize = "sum"), alias = "total")]
    total: u64,
}

impl Serialize for ByHand {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap as _;

        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("orderId", &self.order_id)?;
        map.serialize_entry("sum", &self.total)?;
        map.end()
    }
}

#[derive(Serialize, Deserialize, Event)]
#[event(topic = "orders")]
#[serde(default)]
#[derive(Default)]
struct AllByDefault {
    #[serde(skip_serializing)]
    a: u8,
    #[serde(skip_serializing_if = "String::is_empty")]
    b: String,
}

#[derive(Serialize, Deserialize, Event)]
#[event(topic = "orders")]
enum Changed {
    #[serde(rename(serialize = "paid"), alias = "paid")]
    Paid,
    #[serde(skip_serializing)]
    OnlyOfOlderBuilds,
    #[serde(skip_deserializing)]
    ReadAsTheNext,
    #[serde(other)]
    Other,
}

#[derive(Serialize, Deserialize, Event)]
#[event(topic = "orders")]
#[serde(untagged)]
enum Either {
    #[serde(rename(serialize = "any"))]
    Left { left: u8 },
    Right { right: u8 },
}

#[derive(Event)]
#[event(local)]
struct Stays;

#[derive(Clone, Serialize, Deserialize, Event)]
#[event(topic = "orders")]
#[serde(into = "Wire", from = "Wire")]
struct ByAnother {
    #[serde(rename(serialize = "nobody asks"))]
    order_id: String,
}

#[derive(Serialize, Deserialize)]
struct Wire {
    order_id: String,
}

impl From<ByAnother> for Wire {
    fn from(event: ByAnother) -> Self {
        Self { order_id: event.order_id }
    }
}

impl From<Wire> for ByAnother {
    fn from(wire: Wire) -> Self {
        Self { order_id: wire.order_id }
    }
}

fn main() {}
