//! `EventSerializer`: events to JSON and back by their names, without any transport.

mod formats;
mod marks;
mod messages;
mod moments;
mod refused;
mod registry;
mod shapes;
mod versions;

use std::collections::BTreeMap;

use melange::{AnyEvent, Event, EventSerializer, Format, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(topic = "orders")]
struct OrderPlaced {
    #[event(key)]
    order_id: String,
    total_cents: u64,
    #[event(attribute)]
    country: Option<String>,
}

fn placed() -> OrderPlaced {
    OrderPlaced { order_id: "o-1".to_owned(), total_cents: 4200, country: Some("NL".to_owned()) }
}

#[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
#[event(topic = "orders")]
struct Weighed(u32, String);

#[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
#[event(topic = "orders")]
struct Parcel(OrderPlaced);

#[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
#[event(topic = "shop")]
struct ShopOpened;

#[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
#[event(topic = "shop")]
struct ShopClosed {}

#[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
#[event(topic = "payments")]
enum Paid {
    Cash,
    Card { last_digits: u16 },
    Voucher(String),
    Split(u32, u32),
}

#[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
#[event(topic = "payments")]
#[serde(tag = "how", rename_all = "snake_case")]
enum Refunded {
    Cash { cents: u64 },
    Nothing,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
#[event(topic = "orders")]
#[serde(rename_all = "camelCase")]
struct Noted {
    order_id: u64,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

#[derive(Debug, Event)]
#[event(local)]
struct ClockTicked {
    #[allow(dead_code, reason = "only its type is asked for")]
    at: u64,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
#[event(topic = "times")]
struct Stamped {
    #[event(occurred_on)]
    occurred_on: Timestamp,
    n: u8,
}

const WHEN: &str = "2026-11-23T18:37:17.733359+00:00";

fn linked() -> EventSerializer {
    EventSerializer::linked().unwrap()
}

fn object(json: &str) -> serde_json::Map<String, Value> {
    serde_json::from_str(json).unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[track_caller]
fn round_trip<E: Event + PartialEq + std::fmt::Debug>(event: E, data: Option<Value>) {
    for format in [Format::Melange, Format::CloudEvents] {
        let serializer = linked().format(format);
        let json = serializer.serialize(&event).unwrap();
        let read = linked().deserialize(&json).unwrap();
        assert_eq!((read.name(), read.version()), (E::DESCRIPTOR.name(), E::DESCRIPTOR.version()), "{json}");
        assert!(read.is::<E>() && !read.is::<ClockTicked>());
        assert_eq!(read.downcast_ref::<E>(), Some(&event), "{json}");
        if format == Format::Melange {
            assert_eq!(object(&json).get("data").cloned(), data, "{json}");
        }
        let read: AnyEvent = read.downcast::<ClockTicked>().unwrap_err();
        assert_eq!(read.downcast::<E>().unwrap(), event);
    }
}
