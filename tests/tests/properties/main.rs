//! What holds for all events, bodies, moments and orders of publishing, not only for those somebody thought of.

mod events;
mod order;
mod whatever;

use std::collections::BTreeMap;

use chrono::DateTime;
use melange::{Event, EventSerializer, Format, Timestamp};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::Value;

fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

// --- Events. ---

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(topic = "all")]
struct Everything {
    #[event(key)]
    text: String,
    whole: i64,
    natural: u64,
    vast: i128,
    real: f64,
    short: f32,
    yes: bool,
    letter: char,
    perhaps: Option<String>,
    several: Vec<Option<i32>>,
    named: BTreeMap<String, Vec<u8>>,
    one_of: OneOf,
    unit: (),
    pair: (u8, String),
    /// Names that wrappers and other formats have.
    id: u32,
    r#type: String,
    data: Option<u8>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(topic = "all")]
enum OneOf {
    Unit,
    New(String),
    Tuple(i8, f64),
    Struct { inner: Option<Box<OneOf>> },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(topic = "all")]
struct Open {
    #[event(occurred_on)]
    occurred_on: Timestamp,
    #[event(topic)]
    topic: String,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

/// All of Unicode, and often what JSON and brokers treat apart.
fn text() -> impl Strategy<Value = String> {
    let awkward = prop_oneof![
        Just('"'),
        Just('\\'),
        Just('\0'),
        Just('\u{1f}'),
        Just('\u{7f}'),
        Just('\u{fffe}'),
        Just('\u{ffff}'),
        Just('\u{2028}'),
        Just('\u{10ffff}'),
        Just('é'),
        Just('😀'),
        any::<char>(),
    ];
    prop_oneof![any::<String>(), vec(awkward, 0..12).prop_map(String::from_iter), Just(String::new())]
}

fn real() -> impl Strategy<Value = f64> {
    any::<f64>().prop_filter("JSON has no others", |real| real.is_finite())
}

fn one_of() -> impl Strategy<Value = OneOf> {
    let leaf = prop_oneof![
        Just(OneOf::Unit),
        text().prop_map(OneOf::New),
        (any::<i8>(), real()).prop_map(|(a, b)| OneOf::Tuple(a, b)),
        Just(OneOf::Struct { inner: None }),
    ];
    leaf.prop_recursive(8, 16, 1, |inner| inner.prop_map(|inner| OneOf::Struct { inner: Some(Box::new(inner)) }))
}

fn everything() -> impl Strategy<Value = Everything> {
    let numbers = (
        any::<i64>(),
        any::<u64>(),
        any::<i128>(),
        real(),
        any::<f32>().prop_filter("JSON has no others", |short| short.is_finite()),
    );
    let others = (any::<bool>(), any::<char>(), any::<u8>(), any::<u32>(), any::<Option<u8>>());
    let deep = (vec(any::<Option<i32>>(), 0..5), btree_map(text(), vec(any::<u8>(), 0..4), 0..4), one_of());
    let texts = (text(), proptest::option::of(text()), text(), text());
    (numbers, others, deep, texts).prop_map(|(numbers, others, deep, texts)| Everything {
        text: texts.0,
        whole: numbers.0,
        natural: numbers.1,
        vast: numbers.2,
        real: numbers.3,
        short: numbers.4,
        yes: others.0,
        letter: others.1,
        perhaps: texts.1,
        several: deep.0,
        named: deep.1,
        one_of: deep.2,
        unit: (),
        pair: (others.2, texts.2),
        id: others.3,
        r#type: texts.3,
        data: others.4,
    })
}

/// What an object of somebody's JSON may hold.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        real().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            btree_map(text(), inner, 0..4).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// A key that the envelope does not have.
fn own_key() -> impl Strategy<Value = String> {
    text().prop_filter("the envelope's", |key| {
        !["event_type_name", "event_id", "event_version", "occurred_on", "topic"].contains(&key.as_str())
    })
}

/// Any moment whose year has four digits.
fn moment() -> impl Strategy<Value = Timestamp> {
    (-62_135_596_800_000_000_i64..=253_402_300_799_999_999)
        .prop_map(|micros| Timestamp::from(DateTime::from_timestamp_micros(micros).unwrap()))
}

fn linked() -> EventSerializer {
    EventSerializer::linked().unwrap()
}

fn round_trips<E: Event + PartialEq + std::fmt::Debug>(event: &E) -> Result<(), TestCaseError> {
    for format in [Format::Melange, Format::CloudEvents] {
        let json = linked().format(format).serialize(event).unwrap();
        let read = linked().deserialize(&json).unwrap();
        prop_assert_eq!(read.name(), E::DESCRIPTOR.name());
        prop_assert_eq!(&read.downcast::<E>().unwrap(), event);
        // Characters that SQS refuses: `SendMessage` in its API reference.
        let refused = |c: char| matches!(c, '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}');
        prop_assert!(!json.contains(refused), "a character that no queue takes");
    }
    Ok(())
}
