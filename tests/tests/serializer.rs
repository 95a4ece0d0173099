//! `EventSerializer`: events to JSON and back by their names, without any transport.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use melange::transport::{Body, Inbound};
use melange::{
    AnyEvent, AttributeValue, Attributes, DeserializeError, DeserializeErrorKind, Event, EventSerializer, Format,
    Registry, Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

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

#[test]
fn every_kind_of_struct_and_enum_round_trips() {
    round_trip(placed(), None);
    round_trip(OrderPlaced { country: None, ..placed() }, None);
    round_trip(ShopClosed {}, None);
    round_trip(Weighed(7, "kg".to_owned()), Some(json!([7, "kg"])));
    round_trip(Parcel(placed()), Some(json!({"order_id": "o-1", "total_cents": 4200, "country": "NL"})));
    round_trip(ShopOpened, Some(Value::Null));
    round_trip(Paid::Cash, Some(json!("Cash")));
    round_trip(Paid::Card { last_digits: 1234 }, Some(json!({"Card": {"last_digits": 1234}})));
    round_trip(Paid::Voucher("v".to_owned()), Some(json!({"Voucher": "v"})));
    round_trip(Paid::Split(1, 2), Some(json!({"Split": [1, 2]})));
    round_trip(Refunded::Cash { cents: 5 }, Some(json!({"how": "cash", "cents": 5})));
    round_trip(Refunded::Nothing, Some(json!({"how": "nothing"})));
}

#[test]
fn a_flattened_map_gets_the_events_own_keys_and_none_of_the_envelope() {
    let rest = BTreeMap::from([("note".to_owned(), json!({"a": [1, null]})), ("id".to_owned(), json!(3))]);
    round_trip(Noted { order_id: 1, rest }, None);
    let rest = BTreeMap::from([("event_id".to_owned(), json!("mine"))]);
    let error = linked().serialize(&Noted { order_id: 1, rest }).unwrap_err().to_string();
    assert!(error.contains("Noted") && error.contains("\"event_id\"") && error.contains("tuple struct"), "{error}");
}

#[test]
fn the_envelope_says_what_it_is_and_each_call_is_a_new_occurrence() {
    let before = Timestamp::now();
    let (first, second) = (linked().serialize(&placed()).unwrap(), linked().serialize(&placed()).unwrap());
    let read = linked().deserialize(&first).unwrap();
    let meta = read.metadata();
    assert_eq!((meta.event_type_name.as_ref(), meta.version, meta.attempt), ("OrderPlaced", 1, 1));
    assert_eq!(meta.topic, "orders");
    assert!(meta.attributes.is_empty());
    assert!(before <= meta.occurred_on && meta.occurred_on <= Timestamp::now());
    assert_eq!(object(&first)["event_id"], json!(meta.event_id.to_string()));
    assert_ne!(linked().deserialize(&second).unwrap().metadata().event_id, meta.event_id);
    // Reading the same text again is the same occurrence.
    assert_eq!(linked().deserialize(&first).unwrap().metadata().event_id, meta.event_id);
}

// --- Names and versions. ---

#[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
#[event(topic = "stock", alias = ["ItemStored", "ItemPut"])]
struct ItemShelved {
    item: String,
}

#[test]
fn an_alias_is_read_and_the_present_name_is_written() {
    for name in ["ItemShelved", "ItemStored", "ItemPut"] {
        let read = linked().deserialize(&format!(r#"{{"event_type_name": "{name}", "item": "i"}}"#)).unwrap();
        assert_eq!((read.name(), read.metadata().event_type_name.as_ref()), ("ItemShelved", name));
        assert_eq!(read.downcast::<ItemShelved>().unwrap(), ItemShelved { item: "i".to_owned() });
    }
    let json = linked().serialize(&ItemShelved { item: "i".to_owned() }).unwrap();
    assert_eq!(object(&json)["event_type_name"], "ItemShelved");
}

/// The first version had another name, which the second knows as an alias.
#[derive(Debug, Serialize, Deserialize, Event)]
#[event(topic = "people", name = "UserMade")]
struct UserMadeV1 {
    name: String,
}

#[derive(Debug, Serialize, Deserialize, Event)]
#[event(topic = "people", name = "UserAdded", version = 2, alias = ["UserMade"], upcast_from = [UserMadeV1])]
struct UserAddedV2 {
    first: String,
    last: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(topic = "people", version = 3, upcast_from = [UserAddedV2])]
struct UserAdded {
    full: String,
    letters: usize,
}

impl From<UserMadeV1> for UserAddedV2 {
    fn from(old: UserMadeV1) -> Self {
        let (first, last) = old.name.split_once(' ').unwrap_or((&old.name, ""));
        Self { first: first.to_owned(), last: last.to_owned() }
    }
}

impl From<UserAddedV2> for UserAdded {
    fn from(old: UserAddedV2) -> Self {
        let full = format!("{}, {}", old.last, old.first);
        Self { letters: full.len(), full }
    }
}

/// The event was renamed later than it got its second version: only the newest knows the old name.
#[derive(Debug, Serialize, Deserialize, Event)]
#[event(topic = "people", name = "UserRemoved")]
struct UserRemovedV1 {
    id: u64,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
#[event(topic = "people", version = 2, alias = ["UserDeleted"], upcast_from = [UserRemovedV1])]
struct UserRemoved {
    user_id: String,
}

impl From<UserRemovedV1> for UserRemoved {
    fn from(old: UserRemovedV1) -> Self {
        Self { user_id: format!("u-{}", old.id) }
    }
}

/// What was read, the name and the version it was written under, and the version it is of now.
fn read_user(json: &str) -> (UserAdded, String, u32, u32) {
    let read = linked().deserialize(json).unwrap();
    let (name, written, now) = (read.metadata().event_type_name.to_string(), read.metadata().version, read.version());
    (read.downcast().unwrap(), name, written, now)
}

#[test]
fn older_versions_are_lifted_to_the_newest_step_by_step() {
    let ada = UserAdded { full: "Lovelace, Ada".to_owned(), letters: 13 };
    for (json, name, written) in [
        (
            r#"{"event_type_name": "UserAdded", "event_version": 3, "full": "Lovelace, Ada", "letters": 13}"#,
            "UserAdded",
            3,
        ),
        (r#"{"event_type_name": "UserAdded", "event_version": 2, "first": "Ada", "last": "Lovelace"}"#, "UserAdded", 2),
        (r#"{"event_type_name": "UserMade", "event_version": 2, "first": "Ada", "last": "Lovelace"}"#, "UserMade", 2),
        (r#"{"event_type_name": "UserMade", "event_version": 1, "name": "Ada Lovelace"}"#, "UserMade", 1),
        // No version: Python melange never wrote one, so it is of the first.
        (r#"{"event_type_name": "UserMade", "name": "Ada Lovelace"}"#, "UserMade", 1),
        (r#"{"event_type_name": "UserMade", "event_version": null, "name": "Ada Lovelace"}"#, "UserMade", 1),
        (r#"{"event_type_name": "UserMade", "event_version": "1", "name": "Ada Lovelace"}"#, "UserMade", 1),
        // A producer that took the new name and kept the old form.
        (r#"{"event_type_name": "UserAdded", "event_version": 1, "name": "Ada Lovelace"}"#, "UserAdded", 1),
        (r#"{"event_type_name": "UserAdded", "name": "Ada Lovelace"}"#, "UserAdded", 1),
        (
            r#"{"specversion": "1.0", "type": "UserMade", "id": "1", "source": "/x", "eventversion": 1, "data": {"name": "Ada Lovelace"}}"#,
            "UserMade",
            1,
        ),
    ] {
        assert_eq!(read_user(json), (ada.clone(), name.to_owned(), written, 3), "{json}");
    }
}

#[test]
fn an_alias_of_the_newest_version_is_a_name_of_the_older_ones_too() {
    for json in [
        r#"{"event_type_name": "UserDeleted", "event_version": 1, "id": 7}"#,
        r#"{"event_type_name": "UserDeleted", "id": 7}"#,
        r#"{"event_type_name": "UserRemoved", "id": 7}"#,
        r#"{"event_type_name": "UserDeleted", "event_version": 2, "user_id": "u-7"}"#,
    ] {
        let read = linked().deserialize(json).unwrap_or_else(|error| panic!("{json}: {error}"));
        assert_eq!(read.downcast::<UserRemoved>().unwrap(), UserRemoved { user_id: "u-7".to_owned() });
    }
}

// --- What cannot be read. ---

#[track_caller]
fn refused(json: &str) -> DeserializeError {
    linked().deserialize(json).map(|event| panic!("{event:?} was read from {json}")).unwrap_err()
}

#[test]
fn an_unknown_name_a_newer_version_and_what_is_invalid_are_told_apart() {
    use DeserializeErrorKind::{Invalid, UnknownName, UnknownVersion};
    for (json, kind, name) in [
        (r#"{"event_type_name": "Elsewhere", "a": 1}"#, UnknownName, Some("Elsewhere")),
        // Local events have no form on a wire, so that no message can be one.
        (r#"{"event_type_name": "ClockTicked", "at": 1}"#, UnknownName, Some("ClockTicked")),
        (r#"{"event_type_name": "UserAdded", "event_version": 4, "full": ""}"#, UnknownVersion, Some("UserAdded")),
        (r#"{"event_type_name": "OrderPlaced", "event_version": 2}"#, UnknownVersion, Some("OrderPlaced")),
        (r#"{"event_type_name": "OrderPlaced", "event_version": 0}"#, UnknownVersion, Some("OrderPlaced")),
        (r#"{"event_type_name": "OrderPlaced", "event_version": 4294967295}"#, UnknownVersion, Some("OrderPlaced")),
        (r#"{"event_type_name": "OrderPlaced", "order_id": "o"}"#, Invalid, Some("OrderPlaced")),
        (r#"{"event_type_name": "OrderPlaced", "order_id": 1, "total_cents": 2}"#, Invalid, Some("OrderPlaced")),
        (r#"{"event_type_name": "OrderPlaced", "event_version": "new"}"#, Invalid, None),
        (r#"{"event_type_name": "OrderPlaced", "event_version": -1}"#, Invalid, None),
        (r#"{"event_type_name": "OrderPlaced", "event_version": 1.5}"#, Invalid, None),
        (r#"{"event_type_name": "OrderPlaced", "event_version": "null"}"#, Invalid, None),
        (r#"{"event_type_name": "OrderPlaced", "occurred_on": "yesterday"}"#, Invalid, None),
        (r#"{"event_type_name": "OrderPlaced", "occurred_on": 1511462237}"#, Invalid, None),
        (r#"{"event_type_name": "Paid"}"#, Invalid, Some("Paid")),
        (r#"{"event_type_name": "Paid", "data": {"Barter": 1}}"#, Invalid, Some("Paid")),
        (r#"{"order_id": "o"}"#, Invalid, None),
        (r#"{"event_type_name": ""}"#, Invalid, None),
        (r#"{"event_type_name": 5}"#, Invalid, None),
        (r#"{"event_type_name": null}"#, Invalid, None),
        (r#"{"event_type_name": "OrderPlaced", "order_id": "o", "total_cents": 1"#, Invalid, None),
        (r#"{"event_type_name": "OrderPlaced", "order_id": "o", "total_cents": 1} {}"#, Invalid, None),
        ("", Invalid, None),
        ("{", Invalid, None),
        ("5", Invalid, None),
        ("null", Invalid, None),
        ("\"text\"", Invalid, None),
        (r#"["OrderPlaced", "id", 1]"#, Invalid, None),
    ] {
        let error = refused(json);
        assert_eq!((error.kind(), error.event_name()), (kind, name), "{json}: {error}");
        if let Some(name) = name {
            assert!(error.to_string().contains(name), "{error}");
        }
    }
}

#[test]
fn errors_say_what_is_wrong_where_and_what_to_do() {
    for (json, words) in [
        (r#"{"event_type_name": "Elsewhere"}"#, &["\"Elsewhere\"", "no linked event", "use orders as _;"] as &[_]),
        (r#"{"event_type_name": "UserAdded", "event_version": 9}"#, &["version 9", "v3", "`upcast_from`"]),
        (r#"{"event_type_name": "OrderPlaced", "order_id": "o"}"#, &["missing field `total_cents`", "line 1 column"]),
        ("{\"event_type_name\": \"OrderPlaced\",\n \"order_id\": 1}", &["another type", "line 2 column"]),
        (r#"{"event_type_name": "Paid", "data": {"Barter": 1}}"#, &["under \"data\""]),
        (r#"{"a": 1}"#, &["\"event_type_name\"", "`manifest`", "`event_type`"]),
        ("{\"a\": 1,\n  oops}", &["not", "JSON", "line 2 column"]),
        ("5", &["not an object"]),
        ("[]", &["not an object"]),
        (r#"{"event_type_name": "OrderPlaced", "event_version": "x"}"#, &["\"event_version\"", "whole number"]),
        (r#"{"event_type_name": "OrderPlaced", "occurred_on": "x"}"#, &["\"occurred_on\"", "date"]),
        (
            r#"{"event_type_name": "OrderPlaced", "order_id": "o", "order_id": "p", "total_cents": 1}"#,
            &["`order_id`", "twice"],
        ),
        (r#"{"event_type_name": "OrderPlaced", "event_type_name": "Paid"}"#, &["`event_type_name`", "twice"]),
        (
            r#"{"event_type_name": "OrderPlaced", "order_id": "o", "id": 1, "id": 1, "total_cents": 1}"#,
            &["`id`", "twice"],
        ),
    ] {
        let text = refused(json).to_string();
        for word in words {
            assert!(text.contains(word), "`{word}` is not in: {text}");
        }
    }
}

#[test]
fn errors_never_quote_the_payload() {
    const SECRET: &str = "s3cret";
    for json in [
        r#"s3cret"#,
        r#"{"s3cret"#,
        r#""s3cret""#,
        r#"["s3cret"]"#,
        r#"{"event_type_name": "OrderPlaced", "order_id": {"s3cret": "s3cret"}, "total_cents": 1}"#,
        r#"{"event_type_name": "OrderPlaced", "order_id": "o", "total_cents": "s3cret"}"#,
        r#"{"event_type_name": "OrderPlaced", "order_id": "s3cret"}"#,
        r#"{"event_type_name": "OrderPlaced", "order_id": "s3cret", "order_id": "s3cret"}"#,
        r#"{"event_type_name": "OrderPlaced", "occurred_on": "s3cret"}"#,
        r#"{"event_type_name": "OrderPlaced", "event_version": "s3cret"}"#,
        r#"{"event_type_name": "OrderPlaced", "event_version": 2, "order_id": "s3cret"}"#,
        r#"{"event_type_name": "Paid", "data": "s3cret"}"#,
        r#"{"event_type_name": "Paid", "data": {"s3cret": 1}}"#,
        r#"{"event_type_name": "Paid", "data": {"Card": {"last_digits": "s3cret"}}}"#,
        r#"{"event_type_name": "Refunded", "data": {"how": "s3cret"}}"#,
        r#"{"event_type_name": "Weighed", "data": ["s3cret"]}"#,
        r#"{"event_type_name": "Elsewhere", "a": "s3cret"}"#,
        r#"{"order_id": "s3cret"}"#,
        r#"{"specversion": "1.0", "type": "Paid", "data": "s3cret"}"#,
        r#"{"specversion": "1.0", "type": "Paid", "data": {"Voucher": "s3cret", "s3cret": 1}}"#,
        r#"{"specversion": "1.0", "type": "OrderPlaced", "time": "s3cret"}"#,
    ] {
        let error = refused(json);
        for text in [format!("{error}"), format!("{error:?}")] {
            assert!(!text.contains(SECRET), "{text}");
        }
    }
    // What was read shows nothing of it either.
    let read =
        linked().deserialize(r#"{"event_type_name": "OrderPlaced", "order_id": "s3cret", "total_cents": 1}"#).unwrap();
    assert!(!format!("{read:?}").contains(SECRET), "{read:?}");
}

#[test]
fn what_stands_for_a_name_but_is_far_too_long_for_one_is_not_repeated() {
    let error = refused(&format!(r#"{{"event_type_name": "{}"}}"#, "x".repeat(1 << 20)));
    assert!(error.to_string().len() < 1_000, "{} bytes", error.to_string().len());
}

// --- Local events. ---

#[test]
fn a_local_event_is_not_serialized() {
    for format in [Format::Melange, Format::CloudEvents] {
        let error = linked().format(format).serialize(&ClockTicked { at: 1 }).unwrap_err().to_string();
        assert!(error.contains("ClockTicked") && error.contains("#[event(local)]"), "{error}");
    }
}

// --- Marked fields. ---

#[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
#[event(topic = "times")]
struct Stamped {
    #[event(occurred_on)]
    occurred_on: Timestamp,
    n: u8,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
#[event(topic = "times")]
struct ByChrono {
    #[event(occurred_on)]
    occurred_on: DateTime<Utc>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
#[event(topic = "times")]
struct ByTheSystem {
    #[event(occurred_on)]
    occurred_on: SystemTime,
}

/// A type of one's own that is a moment.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct When(DateTime<Utc>);

impl From<When> for Timestamp {
    fn from(when: When) -> Self {
        when.0.into()
    }
}

#[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
#[event(topic = "times")]
struct ByWhen {
    #[event(occurred_on)]
    occurred_on: When,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
#[event(topic = "times")]
struct PlacedAt {
    #[event(occurred_on)]
    placed_at: Timestamp,
}

#[derive(Debug, Serialize, Deserialize, Event)]
#[event(topic = "times")]
struct InMillis {
    #[event(occurred_on)]
    #[serde(with = "chrono::serde::ts_milliseconds")]
    occurred_on: DateTime<Utc>,
}

const WHEN: &str = "2026-11-23T18:37:17.733359+00:00";

#[test]
fn a_field_marked_occurred_on_says_when_it_happened() {
    let when = at(WHEN);
    let stamped = Stamped { occurred_on: when, n: 1 };
    round_trip(Stamped { occurred_on: when, n: 1 }, None);
    round_trip(ByChrono { occurred_on: when.into() }, None);
    round_trip(ByTheSystem { occurred_on: when.into() }, None);
    round_trip(ByWhen { occurred_on: When(when.into()) }, None);
    round_trip(PlacedAt { placed_at: when }, None);
    for format in [Format::Melange, Format::CloudEvents] {
        let serializer = linked().format(format);
        for json in [
            serializer.serialize(&stamped).unwrap(),
            serializer.serialize(&ByChrono { occurred_on: when.into() }).unwrap(),
            serializer.serialize(&ByTheSystem { occurred_on: when.into() }).unwrap(),
            serializer.serialize(&PlacedAt { placed_at: when }).unwrap(),
        ] {
            assert_eq!(linked().deserialize(&json).unwrap().metadata().occurred_on, when, "{json}");
            let key = if format == Format::Melange { "occurred_on" } else { "time" };
            assert_eq!(object(&json)[key], WHEN, "{json}");
            // Twice the same key would be no JSON that everybody reads alike.
            assert_eq!(json.matches(&format!("\"{key}\":")).count(), 1, "{json}");
        }
    }
}

#[test]
fn an_events_own_occurred_on_is_written_where_all_others_have_it() {
    let json = linked().serialize(&Stamped { occurred_on: at(WHEN), n: 1 }).unwrap();
    let own = json.split_once("\"event_version\"").unwrap().1;
    assert_eq!(own, format!(r#":1,"occurred_on":"{WHEN}","topic":"times","n":1}}"#));
}

#[test]
fn what_is_finer_than_a_microsecond_is_cut_everywhere_alike() {
    let fine: DateTime<Utc> = "2026-11-23T18:37:17.733359999Z".parse().unwrap();
    let json = linked().serialize(&ByChrono { occurred_on: fine }).unwrap();
    let read = linked().deserialize(&json).unwrap();
    assert_eq!(read.metadata().occurred_on, at(WHEN));
    assert_eq!(read.downcast::<ByChrono>().unwrap().occurred_on, at(WHEN).to_chrono());
}

#[test]
fn an_occurred_on_that_is_no_text_in_json_is_refused_before_it_is_sent() {
    let error = linked().serialize(&InMillis { occurred_on: at(WHEN).into() }).unwrap_err().to_string();
    assert!(error.contains("InMillis") && error.contains("occurred_on") && error.contains("serde"), "{error}");
}

#[test]
fn an_events_own_moment_is_read_in_every_form_and_filled_in_where_it_is_missing() {
    for form in ["2026-11-23T18:37:17.733359", "2026-11-23 18:37:17.733359Z", "2026-11-23T19:37:17.733359000+01:00"] {
        for (name, when) in [("Stamped", at(WHEN)), ("ByTheSystem", at(WHEN)), ("ByChrono", at(WHEN))] {
            let json = format!(r#"{{"event_type_name": "{name}", "n": 1, "occurred_on": "{form}"}}"#);
            let read = linked().deserialize(&json).unwrap();
            assert_eq!(read.metadata().occurred_on, when, "{json}");
            let own = match name {
                "Stamped" => read.downcast::<Stamped>().unwrap().occurred_on,
                "ByChrono" => read.downcast::<ByChrono>().unwrap().occurred_on.into(),
                _ => read.downcast::<ByTheSystem>().unwrap().occurred_on.into(),
            };
            assert_eq!(own, when, "{json}");
        }
    }
    for missing in ["", r#", "occurred_on": null"#] {
        let before = Timestamp::now();
        let json = format!(r#"{{"event_type_name": "Stamped", "n": 1{missing}}}"#);
        let read = linked().deserialize(&json).unwrap();
        let when = read.metadata().occurred_on;
        assert!(before <= when && when <= Timestamp::now(), "{when}");
        assert_eq!(read.downcast::<Stamped>().unwrap().occurred_on, when);
    }
}

#[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
#[event(topic = "tenants")]
struct Moved {
    #[event(topic)]
    topic: String,
    to: String,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
#[event(topic = "elsewhere")]
struct Anywhere {
    #[event(topic)]
    whereto: Cow<'static, str>,
}

#[test]
fn a_field_marked_topic_says_where_it_goes() {
    round_trip(Moved { topic: "tenants-7".to_owned(), to: "x".to_owned() }, None);
    round_trip(Anywhere { whereto: "there".into() }, None);
    for (json, topic) in [
        (linked().serialize(&Moved { topic: "tenants-7".to_owned(), to: String::new() }).unwrap(), "tenants-7"),
        (linked().serialize(&Anywhere { whereto: "there".into() }).unwrap(), "there"),
    ] {
        assert_eq!(linked().deserialize(&json).unwrap().metadata().topic, topic, "{json}");
        assert_eq!(json.matches("\"topic\":").count(), 1, "{json}");
        assert_eq!(object(&json)["topic"], topic);
    }
}

#[test]
fn a_topic_that_an_event_leaves_empty_does_not_hide_where_the_message_came_through() {
    let json = linked().serialize(&Moved { topic: String::new(), to: "x".to_owned() }).unwrap();
    let mut inbound = Inbound::new(Body::Json(json.into()));
    inbound.topic = Some("tenants".into());
    let read = linked().deserialize_message(&inbound).unwrap();
    assert_eq!(read.metadata().topic, "tenants");
    assert_eq!(read.downcast::<Moved>().unwrap().topic, "");
}

#[test]
fn a_field_marked_attribute_stays_in_the_body_too() {
    let json = linked().serialize(&placed()).unwrap();
    assert_eq!(object(&json)["country"], "NL");
}

// --- CloudEvents. ---

#[test]
fn cloud_events_are_written_as_the_specification_says() {
    let json = linked().format(Format::CloudEvents).serialize(&Stamped { occurred_on: at(WHEN), n: 1 }).unwrap();
    let written = object(&json);
    let text = |name: &str| written[name].as_str().unwrap().to_owned();
    // https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md#required-attributes
    assert_eq!(
        (text("specversion"), text("type"), text("source")),
        ("1.0".into(), "Stamped".into(), "/melange/times".into())
    );
    assert!(!text("id").is_empty());
    assert_eq!((text("time"), text("datacontenttype")), (WHEN.into(), "application/json".into()));
    assert_eq!(written["data"], json!({"occurred_on": WHEN, "n": 1}));
    // Names of attributes are lower-case letters and digits.
    let legal = |name: &String| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    assert!(written.keys().all(legal), "{json}");
}

#[test]
fn each_format_is_recognised_by_itself_whatever_the_serializer_writes() {
    let other = |format| if format == Format::Melange { Format::CloudEvents } else { Format::Melange };
    for format in [Format::Melange, Format::CloudEvents] {
        let json = linked().format(format).serialize(&placed()).unwrap();
        let read = linked().format(other(format)).deserialize(&json).unwrap();
        assert_eq!((read.metadata().topic.as_ref(), read.metadata().version), ("orders", 1));
        assert_eq!(read.downcast::<OrderPlaced>().unwrap(), placed());
    }
}

#[test]
fn cloud_events_of_others_are_read() {
    let json = r#"{
        "data": {"total_cents": 1, "order_id": "o", "unknown": [1]}, "time": "2018-04-05T17:31:00Z", "subject": "s",
        "datacontenttype": "application/json; charset=utf-8", "id": "A234-1234-1234", "source": "https://example.org/shop",
        "type": "OrderPlaced", "specversion": "1.0", "comexampleextension": {"a": 1}
    }"#;
    let read = linked().deserialize(json).unwrap();
    let meta = read.metadata();
    assert_eq!(
        (meta.event_id.to_string(), meta.occurred_on),
        ("A234-1234-1234".to_owned(), at("2018-04-05T17:31:00Z"))
    );
    assert_eq!((meta.version, meta.topic.as_ref()), (1, ""));
    assert_eq!(read.downcast::<OrderPlaced>().unwrap().order_id, "o");
}

#[test]
fn a_flat_event_that_owns_a_specversion_is_no_cloud_event() {
    #[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
    #[event(topic = "specs")]
    struct SpecPublished {
        specversion: String,
        id: u64,
        r#type: String,
        data: Vec<u8>,
    }
    let spec = || SpecPublished { specversion: "2.0".into(), id: 7, r#type: "draft".into(), data: vec![1] };
    round_trip(spec(), Some(json!([1])));
    let read = linked().deserialize(&linked().serialize(&spec()).unwrap()).unwrap();
    assert_ne!(read.metadata().event_id.to_string(), "7");
}

// --- Messages. ---

fn inbound(body: &str, attributes: &[(&'static str, &str)]) -> Inbound {
    let text = |(name, value): &(&'static str, &str)| (*name, AttributeValue::String((*value).to_owned()));
    let mut inbound = Inbound::new(Body::Json(body.into()));
    inbound.attributes = Attributes::from_iter(attributes.iter().map(text));
    inbound
}

#[test]
fn a_message_brings_what_the_body_lacks() {
    let body = r#"{"order_id": "o", "total_cents": 1}"#;
    let mut message = inbound(body, &[("manifest", "OrderPlaced"), ("country", "NL")]);
    (message.topic, message.wrapper_id) = (Some("orders".into()), Some("w-1".to_owned()));
    message.occurred_on = Some(at(WHEN));
    let read = linked().deserialize_message(&message).unwrap();
    let meta = read.metadata();
    assert_eq!(meta.occurred_on, at(WHEN));
    assert_eq!((meta.event_type_name.as_ref(), meta.topic.as_ref()), ("OrderPlaced", "orders"));
    assert_eq!((meta.event_id.to_string(), meta.attributes.text("country")), ("w-1".to_owned(), Some("NL")));

    let body =
        r#"{"event_type_name": "OrderPlaced", "event_id": "mine", "topic": "mine", "order_id": "o", "total_cents": 1}"#;
    let mut message = inbound(body, &[("manifest", "Paid"), ("event_type", "Paid")]);
    (message.topic, message.wrapper_id) = (Some("orders".into()), Some("w-1".to_owned()));
    let read = linked().deserialize_message(&message).unwrap();
    assert_eq!((read.metadata().event_id.to_string(), read.metadata().topic.as_ref()), ("mine".to_owned(), "mine"));
    assert_eq!(read.name(), "OrderPlaced", "the body knows best");
}

#[test]
fn a_message_that_is_not_for_reading_is_refused() {
    let pickle = linked().deserialize_message(&inbound("gASVCQAAAAAAAABdlChLAUsCZS4=\n", &[("serializer_id", "2")]));
    let error = pickle.unwrap_err();
    assert_eq!(error.kind(), DeserializeErrorKind::Invalid);
    assert!(error.to_string().contains("pickle"), "{error}");
    let local = Inbound::new(Body::Typed(Arc::new(ClockTicked { at: 1 })));
    assert_eq!(linked().deserialize_message(&local).unwrap_err().kind(), DeserializeErrorKind::Invalid);
}

// --- Which events. ---

#[test]
fn a_serializer_of_a_registry_knows_its_events_only() {
    #[melange::subscriber(listens_to = OrderPlaced)]
    fn looks(order: &OrderPlaced) {
        let _ = order;
    }
    let serializer = EventSerializer::of(&Registry::of(melange::subscribers![looks])).unwrap();
    let json = serializer.serialize(&placed()).unwrap();
    assert_eq!(serializer.deserialize(&json).unwrap().name(), "OrderPlaced");
    let json = linked().serialize(&Paid::Cash).unwrap();
    assert_eq!(serializer.deserialize(&json).unwrap_err().kind(), DeserializeErrorKind::UnknownName);
}

#[test]
fn a_moment_the_calendar_does_not_have_is_the_nearest_it_has() {
    let (far, long_ago) = (Duration::from_secs(1 << 60), Duration::from_secs(1 << 60));
    let late = Timestamp::from(SystemTime::UNIX_EPOCH.checked_add(far).unwrap());
    let early = Timestamp::from(SystemTime::UNIX_EPOCH.checked_sub(long_ago).unwrap());
    assert!(early < at("0001-01-01") && at("9999-12-31") < late);
}
