//! What is in no wrapper, whatever it looks like, and in that of Python melange, which looks like little.

use melange::Attributes;
use serde_json::json;

use super::{ARN, EVENT, beside, content_of, is_bare, opened, opened_with};

#[test]
fn a_bare_event_is_bare() {
    for body in [
        EVENT,
        "{}",
        r#"{"order_id": "o-1"}"#,
        "not json",
        "",
        "7",
        "null",
        "[]",
        "\"text\"",
        r#"[{"Message": "x"}]"#,
        "{",
        r#"{"Message": "x""#,
        "\u{feff}{}",
    ] {
        is_bare(body);
    }
}

#[test]
fn what_says_its_own_name_is_an_event_whatever_it_imitates() {
    for body in [
        json!({"event_type_name": "Notice", "Message": "hello"}),
        json!({"event_type_name": "Notice", "Type": "Notification", "MessageId": "1", "TopicArn": ARN, "Message": EVENT}),
        json!({"event_type_name": "Notice", "Type": "SubscriptionConfirmation", "TopicArn": ARN, "Token": "x"}),
        json!({"specversion": "1.0", "type": "Notice", "Type": "Notification", "Message": EVENT}),
        json!({"event_type_name": null, "Message": EVENT}),
    ] {
        is_bare(&body.to_string());
    }
    // Whatever comes first.
    is_bare(r#"{"Type": "Notification", "Message": "{}", "MessageId": "1", "event_type_name": "Notice"}"#);
}

#[test]
fn a_message_among_other_keys_is_a_field_like_any() {
    for body in [
        json!({"Message": "hello", "order_id": "o-1"}),
        json!({"Type": "notification", "Message": "{}", "TopicArn": ARN}),
        json!({"Type": "Notification", "TopicArn": ARN}),
        json!({"Type": ["Notification"], "Message": "{}"}),
        json!({"Type": "Order", "Message": "{}", "MessageId": "1", "TopicArn": ARN}),
        json!({"message": "{}"}),
        json!({"Message": 7}),
        json!({"Message": null}),
        json!({"Message": ["{}"]}),
        json!({"Type": "SubscriptionConfirmation", "Message": "hello"}),
        json!({"Message": "hello", "Type": "UnsubscribeConfirmation"}),
    ] {
        is_bare(&body.to_string());
    }
}

#[test]
fn python_melange_6_and_7_wrap_what_they_send_to_a_queue() {
    let body = json!({"Message": EVENT}).to_string();
    let sent = [("manifest", "OrderPlaced"), ("event_type", "OrderPlaced")];
    let inbound = opened_with(&body, beside(&sent)).unwrap();
    assert_eq!(content_of(&inbound), EVENT);
    assert_eq!(inbound.attributes, beside(&sent), "they come beside the body");
    assert_eq!((inbound.topic, inbound.wrapper_id), (None, None));
    // Whatever the text is: whoever reads it says what is wrong with it.
    assert_eq!(content_of(&opened(r#"{"Message": "not json"}"#)), "not json");
    assert_eq!(content_of(&opened(r#"{"Message": ""}"#)), "");
}

#[test]
fn a_nest_of_ten_thousand_is_left_to_whoever_reads_it() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let nest = format!("{}1{}", open.repeat(10_000), close.repeat(10_000));
        is_bare(&nest);
        let _ = opened_with(&format!(r#"{{"Type": "Notification", "Message": {nest}}}"#), Attributes::new());
        let _ = opened_with(&format!(r#"{{"Message": "x", "MessageAttributes": {nest}}}"#), Attributes::new());
        let _ = opened_with(&format!(r#"{{"Type": {nest}, "Message": "x"}}"#), Attributes::new());
    }
}
