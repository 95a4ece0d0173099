//! Bodies that try a reader.

use melange::transport::Undecodable;
use melange::{Attributes, Fate};

use crate::{Reader, product, texts};

#[tokio::test]
async fn an_event_may_own_the_keys_of_wrappers_and_other_formats() {
    let reader = Reader::new();
    let body = r#"{"event_type_name": "LetterWritten", "Type": "Notification", "Message": "{\"a\": 1}", "TopicArn": "arn",
                   "data": 1, "id": 2, "type": "x", "time": {}, "source": 3}"#;
    let seen = reader.other(body).await;
    assert!(seen.contains("Notification") && seen.contains(r#"{\"a\": 1}"#), "{seen}");
    let written = reader.other(r#"{"event_type_name": "LetterWritten", "Message": "m", "Type": "t"}"#).await;
    assert!(written.contains("\"m\""), "{written}");
}

#[tokio::test]
async fn unknown_fields_are_left_out() {
    let reader = Reader::new();
    let extra = r#", "": 0, "null": null, "nested": {"event_type_name": "x", "deep": [{}, [], "\u2603"]}, "Message": "m",
                   "specversion": "1.0", "big": 123456789012345678901234567890.5e-7, "event_version": 1"#;
    assert_eq!(reader.handled(&product(extra)).await.0.product_id, Some(7));
}

#[tokio::test]
async fn a_key_that_is_there_twice_is_refused_where_it_means_something() {
    let reader = Reader::new();
    for (rest, key) in [
        (r#", "event_type_name": "ExampleEvent""#, "event_type_name"),
        (r#", "event_type_name": "ProductAdded""#, "event_type_name"),
        (r#", "event_id": "a", "event_id": "b""#, "event_id"),
        (r#", "occurred_on": "2017-09-03", "occurred_on": "2017-09-04""#, "occurred_on"),
        (r#", "product_id": 8"#, "product_id"),
        (r#", "product\u005fid": 8"#, "product_id"),
    ] {
        let reason = reader.dead(&product(rest), Attributes::new()).await;
        assert!(reason.contains(&format!("`{key}` twice")), "{rest}: {reason}");
    }
    // What nobody reads may stand there as often as it likes.
    assert_eq!(reader.handled(&product(r#", "x": 1, "x": 2, "x": [3]"#)).await.0.product_id, Some(7));
}

#[tokio::test]
async fn nesting_ten_thousand_levels_deep_overflows_nothing() {
    let reader = Reader::new();
    const LEVELS: usize = 10_000;
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
        let closed = format!("{}0{}", open.repeat(LEVELS), close.repeat(LEVELS));
        let open = open.repeat(LEVELS);
        // Nobody looks at it.
        assert_eq!(reader.handled(&product(&format!(r#", "x": {closed}"#))).await.0.product_id, Some(7));
        for body in [
            format!(r#"{{"event_type_name": "Anything", "value": {closed}}}"#),
            format!(r#"{{"event_type_name": "Anything", "value": {open}"#),
            format!(r#"{{"event_type_name": {closed}}}"#),
            format!(r#"{{"event_type_name": "ProductAdded", "product_id": 7, "occurred_on": {closed}}}"#),
            format!(r#"{{"event_type_name": "ProductAdded", "product_id": {closed}}}"#),
            format!(r#"{{"specversion": "1.0", "type": "Anything", "data": {{"value": {closed}}}}}"#),
            product(&format!(r#", "x": {open}"#)),
            closed.clone(),
            open.clone(),
        ] {
            reader.dead(&body, Attributes::new()).await;
        }
    }
}

#[tokio::test]
async fn numbers_of_any_size_are_read_or_refused_never_bent() {
    let reader = Reader::new();
    let measured = |field: &str| format!(r#"{{"event_type_name": "Measured", {field}}}"#);
    for (field, seen) in [
        (r#""small": 255"#, "small: Some(255)"),
        (r#""whole": -9223372036854775808"#, "whole: Some(-9223372036854775808)"),
        (r#""real": 1e308"#, "real: Some(1e308)"),
        (r#""real": 4"#, "real: Some(4.0)"),
        (r#""vast": 340282366920938463463374607431768211455"#, "vast: Some(340282366920938463463374607431768211455)"),
    ] {
        let all = reader.other(&measured(field)).await;
        assert!(all.contains(seen), "{field}: {all}");
    }
    let digits = "9".repeat(100_000);
    for field in [
        r#""small": 256"#,
        r#""small": -1"#,
        r#""small": 1.5"#,
        r#""whole": 9223372036854775808"#,
        r#""vast": 340282366920938463463374607431768211456"#,
        r#""real": 1e999"#,
        r#""real": NaN"#,
        r#""real": Infinity"#,
        r#""real": .5"#,
        r#""real": 01"#,
        &format!(r#""whole": {digits}"#),
        &format!(r#""small": 0.{digits}"#),
    ] {
        reader.dead(&measured(field), Attributes::new()).await;
    }
    // As a version, too.
    for version in ["18446744073709551616", "1e9", "-0", &digits] {
        reader.dead(&product(&format!(r#", "event_version": {version}"#)), Attributes::new()).await;
    }
}

#[tokio::test]
async fn a_mebibyte_of_text_anywhere() {
    let reader = Reader::new();
    let long = "é".repeat(1 << 19);
    let (seen, _) = reader.handled(&format!(r#"{{"event_type_name": "ExampleEvent", "data": "{long}"}}"#)).await;
    assert!(seen.data.as_deref() == Some(&long), "{} bytes", seen.data.map_or(0, |data| data.len()));
    let escaped = "\\u00e9".repeat(1 << 17);
    let (seen, _) = reader.handled(&format!(r#"{{"event_type_name": "ExampleEvent", "data": "{escaped}"}}"#)).await;
    assert!(seen.data == Some("é".repeat(1 << 17)));
    assert_eq!(reader.handled(&product(&format!(r#", "{long}": 1"#))).await.0.product_id, Some(7));
    for body in [
        long.clone(),
        format!(r#"{{"event_type_name": "{long}", "product_id": 7}}"#),
        format!(r#"{{"event_type_name": "ProductAdded", "product_id": "{long}"}}"#),
        format!(r#"{{"event_type_name": "ProductAdded", "product_id": 7, "occurred_on": "{long}"}}"#),
    ] {
        let reason = reader.dead(&body, Attributes::new()).await;
        assert!(reason.len() <= 256 && !reason.contains("??????"), "{reason}");
    }
    // As attributes; none of it reaches the report.
    let reason = reader.dead(r#"{"product_id": 7}"#, texts(&[("manifest", &long)])).await;
    assert!(!reason.contains("??????"), "{reason}");
}

#[tokio::test]
async fn what_the_transport_could_not_unwrap_is_dead_lettered_with_its_reason() {
    let reader = Reader::new();
    reader.hands.give(Err(Undecodable::new("it is a letter of another kind")));
    let (consumed, reason) = reader.next().await;
    assert_eq!(consumed.message().unwrap().fate, Fate::DeadLettered);
    assert_eq!(reason.as_deref(), Some("it is a letter of another kind"));
}
