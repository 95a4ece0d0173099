//! Every kind of struct and enum, and the envelope around it.

use std::collections::BTreeMap;

use melange::Timestamp;
use serde_json::{Value, json};

use crate::{
    Noted, OrderPlaced, Paid, Parcel, Refunded, ShopClosed, ShopOpened, Weighed, linked, object, placed, round_trip,
};

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
