//! What cannot be read, and what is said of it.

use melange::{DeserializeError, DeserializeErrorKind};

use crate::linked;

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
