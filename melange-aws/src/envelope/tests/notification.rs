//! The notification of SNS, and its other letters.

use melange::{AttributeValue, Attributes};
use serde_json::{Value, json};

use super::{ARN, EVENT, OF_AWS, beside, content_of, names, opened, opened_with, refused};
use crate::envelope::open_notification;

#[test]
fn the_envelope_of_sns_is_opened() {
    let inbound = opened(OF_AWS);
    assert_eq!(content_of(&inbound), EVENT);
    assert_eq!(inbound.topic.as_deref(), Some("orders"), "by its name here, without the prefix");
    assert_eq!(inbound.wrapper_id.as_deref(), Some("63a3f6b6-d533-4a47-aef9-fcf5cf758c76"));
    let expected: Attributes = [
        ("manifest", AttributeValue::String("OrderPlaced".into())),
        ("picture", AttributeValue::Binary(vec![0, 255])),
        ("serializer_id", AttributeValue::Number("1".into())),
    ]
    .into_iter()
    .collect();
    assert_eq!(inbound.attributes, expected);
}

#[test]
fn an_envelope_needs_neither_attributes_nor_subject_nor_any_order() {
    let message = Value::from(EVENT);
    for body in [
        // As the library's first version had it from SNS.
        json!({"Type": "Notification", "MessageId": "1", "TopicArn": ARN, "Message": message, "Timestamp": "x"}),
        // As Lambda and some emulators have it.
        json!({"Type": "Notification", "MessageId": "1", "TopicArn": ARN, "Message": message, "Subject": null,
            "SigningCertUrl": "x", "UnsubscribeUrl": "x", "MessageAttributes": {}}),
        // Of a FIFO topic.
        json!({"SequenceNumber": "10000000000000003000", "Message": message, "TopicArn": ARN, "MessageId": "1",
            "Type": "Notification"}),
        json!({"Type": "Notification", "MessageId": "1", "TopicArn": ARN, "Message": message, "MessageAttributes": null}),
        json!({"Type": "Notification", "MessageId": "1", "TopicArn": ARN, "Message": message, "MessageAttributes": []}),
    ] {
        let inbound = opened(&body.to_string());
        assert_eq!(content_of(&inbound), EVENT, "{body}");
        assert_eq!(inbound.topic.as_deref(), Some("orders"));
        assert_eq!(inbound.wrapper_id.as_deref(), Some("1"));
        assert!(inbound.attributes.is_empty());
    }
}

#[test]
fn what_an_envelope_lacks_is_not_made_up() {
    let inbound = opened(&json!({"Type": "Notification", "Message": EVENT}).to_string());
    assert_eq!((inbound.topic, inbound.wrapper_id), (None, None));
    let inbound =
        opened(&json!({"Type": "Notification", "Message": EVENT, "MessageId": "", "TopicArn": ""}).to_string());
    assert_eq!((inbound.topic, inbound.wrapper_id), (None, None));
    let inbound =
        opened(&json!({"Type": "Notification", "Message": EVENT, "MessageId": 7, "TopicArn": [1]}).to_string());
    assert_eq!((inbound.topic, inbound.wrapper_id), (None, None));
}

#[test]
fn the_text_is_taken_out_of_its_escapes() {
    let event = "{\"event_type_name\": \"É\", \"data\": \"hello \\u00e9☃ \\\"q\\\" 😀\\n\"}";
    let body = json!({"Type": "Notification", "MessageId": "1", "TopicArn": ARN, "Message": event}).to_string();
    assert_eq!(content_of(&opened(&body)), event);
    // As a writer does that sends ASCII only.
    let escaped = body.replace('É', "\\u00c9").replace('☃', "\\u2603").replace('😀', "\\ud83d\\ude00");
    assert!(escaped.is_ascii());
    assert_eq!(content_of(&opened(&escaped)), event);
    // The keys too.
    assert_eq!(content_of(&opened(&body.replace("Message\"", "\\u004dessage\""))), event);
}

#[test]
fn a_message_that_is_an_object_is_taken_as_it_is() {
    let body = format!(r#"{{"Type": "Notification", "MessageId": "1", "TopicArn": "{ARN}", "Message": {EVENT}}}"#);
    assert_eq!(content_of(&opened(&body)), EVENT);
    assert_eq!(content_of(&opened(&format!(r#"{{"Message": {EVENT}}}"#))), EVENT);
}

#[test]
fn a_message_that_holds_nothing_is_refused() {
    for message in ["7", "null", "[1]", "true"] {
        let body =
            format!(r#"{{"Type": "Notification", "MessageId": "1", "TopicArn": "{ARN}", "Message": {message}}}"#);
        assert!(refused(&body).contains("neither text nor an object"), "{body}");
    }
    for body in [r#"{"Type": "Notification", "Message": "secret \ud800"}"#, r#"{"Message": "secret \udc00\ud800"}"#] {
        let why = refused(body);
        assert!(why.contains("not valid Unicode") && !why.contains("secret"), "{why}");
    }
}

#[test]
fn a_letter_that_asks_for_something_is_told_from_an_event_and_never_quoted() {
    let letter = |kind: &str| {
        json!({
            "Type": kind, "MessageId": "1", "Token": "secret-token", "TopicArn": ARN, "Message": "You have chosen to ..",
            "SubscribeURL": "https://sns.us-west-2.amazonaws.com/?Action=ConfirmSubscription&Token=secret-token",
            "Timestamp": "2012-04-26T20:45:04.751Z", "SignatureVersion": "1", "Signature": "x", "SigningCertURL": "x",
        })
        .to_string()
    };
    let why = refused(&letter("SubscriptionConfirmation"));
    assert!(why.contains(ARN) && why.contains("confirm-subscription"), "{why}");
    assert!(!why.contains("secret"), "{why}");
    let why = refused(&letter("UnsubscribeConfirmation"));
    assert!(why.contains(ARN) && why.contains("no longer subscribed"), "{why}");
    assert!(!why.contains("secret"), "{why}");
}

#[test]
fn what_the_envelope_says_wins_over_what_is_beside_it() {
    let body = json!({"Type": "Notification", "MessageId": "1", "TopicArn": ARN, "Message": EVENT, "MessageAttributes": {
        "event_type": {"Type": "String", "Value": "OrderPlaced"},
    }});
    let inbound =
        opened_with(&body.to_string(), beside(&[("event_type", "Other"), ("melange_subscriber", "s")])).unwrap();
    assert_eq!(inbound.attributes, beside(&[("event_type", "OrderPlaced"), ("melange_subscriber", "s")]));
}

#[test]
fn a_record_of_lambda_is_a_notification_by_its_place() {
    let inbound =
        open_notification(&json!({"Message": EVENT, "MessageId": "1", "Subject": null}).to_string(), &names());
    let inbound = inbound.unwrap();
    assert_eq!((content_of(&inbound), inbound.wrapper_id.as_deref()), (EVENT, Some("1")));
    for not in ["{}", "null", "7", "\"x\"", "", r#"{"message": "x"}"#] {
        assert!(open_notification(not, &names()).unwrap_err().to_string().contains("no `Message`"), "{not}");
    }
}
