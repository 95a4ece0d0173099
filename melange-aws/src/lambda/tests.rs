use std::error::Error as _;

use melange::{AnyEvent, Event, EventSerializer};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::*;

#[derive(Debug, Serialize, Deserialize, Event)]
#[event(topic = "lambda-orders")]
struct LambdaOrder {
    order_id: String,
}

const EVENT: &str =
    r#"{"event_type_name": "LambdaOrder", "occurred_on": "2017-09-03T10:11:38.123456+00:00", "order_id": "o-1"}"#;

/// What SNS puts into a record, with `Message` as given.
fn sns(message: &Value) -> Value {
    json!({
        "SignatureVersion": "1", "Timestamp": "2019-01-02T12:45:07.000Z", "Signature": "EXAMPLE",
        "SigningCertUrl": "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0.pem",
        "MessageId": "95df01b4-ee98-5cb9-9903-4c221d41eb5e", "Message": message,
        "MessageAttributes": {
            "manifest": {"Type": "String", "Value": "LambdaOrder"},
            "serializer_id": {"Type": "Number", "Value": "1"},
            "picture": {"Type": "Binary", "Value": "AP8="},
        },
        "Type": "Notification", "UnsubscribeUrl": "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe",
        "TopicArn": "arn:aws:sns:us-east-1:123456789012:lambda-orders", "Subject": null,
    })
}

fn record(sns: Value) -> Value {
    json!({
        "EventVersion": "1.0", "EventSource": "aws:sns",
        "EventSubscriptionArn": "arn:aws:sns:us-east-1:123456789012:lambda-orders:21be56ed", "Sns": sns,
    })
}

fn payload(records: impl IntoIterator<Item = Value>) -> Value {
    json!({"Records": records.into_iter().map(record).collect::<Vec<_>>()})
}

fn order(event: AnyEvent) -> String {
    event.downcast::<LambdaOrder>().unwrap().order_id
}

/// The error and all that it came from.
fn said(error: &ParseError) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        text = format!("{text}: {error}");
        next = error.source();
    }
    text
}

#[test]
fn the_event_that_aws_documents_is_read() {
    let event = parse_event_from_sns(&payload([sns(&EVENT.into())])).unwrap();
    assert_eq!((event.name(), event.version()), ("LambdaOrder", 1));
    let metadata = event.metadata();
    assert_eq!(metadata.topic, "lambda-orders");
    assert_eq!(metadata.occurred_on.to_string(), "2017-09-03T10:11:38.123456+00:00");
    assert_eq!(metadata.event_id.to_string(), "95df01b4-ee98-5cb9-9903-4c221d41eb5e", "for want of one of its own");
    assert_eq!(metadata.attributes.text("serializer_id"), Some("1"));
    assert_eq!(order(event), "o-1");
}

#[test]
fn every_form_of_a_payload_will_do() {
    let value = payload([sns(&EVENT.into())]);
    let text = value.to_string();
    let raw = RawValue::from_string(text.clone()).unwrap();
    let parsed = [
        parse_event_from_sns(&value),
        parse_event_from_sns(&text),
        parse_event_from_sns(text.as_str()),
        parse_event_from_sns(&text.as_str()),
        parse_event_from_sns(text.as_bytes()),
        parse_event_from_sns(&text.as_bytes()),
        parse_event_from_sns(&text.clone().into_bytes()),
        parse_event_from_sns(&*raw),
        parse_event_from_sns(&raw),
    ];
    for event in parsed {
        assert_eq!(order(event.unwrap()), "o-1");
    }
}

#[test]
fn both_spellings_and_whatever_is_left_out_are_borne_with() {
    type Change = fn(&mut serde_json::Map<String, Value>);
    let changes: [Change; 11] = [
        |sns| {
            sns.remove("SigningCertUrl");
            sns.remove("UnsubscribeUrl");
            sns.insert("SigningCertURL".to_owned(), "https://sns.us-east-1.amazonaws.com/x.pem".into());
            sns.insert("UnsubscribeURL".to_owned(), "https://sns.us-east-1.amazonaws.com/".into());
        },
        |sns| drop(sns.remove("Subject")),
        |sns| drop(sns.insert("Subject".to_owned(), "hello".into())),
        |sns| drop(sns.remove("MessageAttributes")),
        |sns| drop(sns.insert("MessageAttributes".to_owned(), json!({}))),
        |sns| drop(sns.insert("MessageAttributes".to_owned(), Value::Null)),
        |sns| drop(sns.remove("Type")),
        |sns| drop(sns.remove("TopicArn")),
        |sns| drop(sns.remove("MessageId")),
        |sns| sns.retain(|key, _| key == "Message"),
        |sns| drop(sns.insert("Message".to_owned(), serde_json::from_str(EVENT).unwrap())),
    ];
    for change in changes {
        let mut sns = sns(&EVENT.into());
        change(sns.as_object_mut().unwrap());
        assert_eq!(order(parse_event_from_sns(&payload([sns])).unwrap()), "o-1");
    }
    // Nor does the record need more than `Sns`.
    let bare = json!({"Records": [{"Sns": {"Message": EVENT}}]});
    assert_eq!(order(parse_event_from_sns(&bare).unwrap()), "o-1");
    assert_eq!(order(parse_event_from_sns(&bare.to_string()).unwrap()), "o-1");
}

#[test]
fn the_name_may_stand_beside_the_body() {
    let event = parse_event_from_sns(&payload([sns(&r#"{"order_id": "o-2"}"#.into())])).unwrap();
    assert_eq!(order(event), "o-2");
}

#[test]
fn a_pickle_is_refused_unread() {
    for id in [json!("2"), json!(2)] {
        let mut sns = sns(&"gASVCQAAAAAAAABdlChLAUsCZS4=".into());
        sns["MessageAttributes"]["serializer_id"]["Value"] = id;
        let error = parse_event_from_sns(&payload([sns])).unwrap_err();
        assert_eq!(error.kind(), ParseErrorKind::Invalid);
        assert!(said(&error).contains("pickle"), "{}", said(&error));
    }
}

#[test]
fn each_record_has_its_own_result() {
    let of = |id: &str| sns(&json!({"event_type_name": "LambdaOrder", "order_id": id}).to_string().into());
    let foreign = sns(&json!({"event_type_name": "Someone'sElse"}).to_string().into());
    let payload = payload([of("a"), foreign, sns(&"not json".into()), of("b"), json!({"MessageId": "1"})]);
    for events in [parse_events_from_sns(&payload), parse_events_from_sns(&payload.to_string())] {
        let events = events.unwrap();
        let kinds: Vec<_> = events.iter().map(|event| event.as_ref().err().map(ParseError::kind)).collect();
        let invalid = Some(ParseErrorKind::Invalid);
        assert_eq!(kinds, [None, Some(ParseErrorKind::UnknownName), invalid, None, invalid]);
        let ids: Vec<_> = events.into_iter().filter_map(Result::ok).map(order).collect();
        assert_eq!(ids, ["a", "b"]);
    }
    assert_eq!(order(parse_event_from_sns(&payload).unwrap()), "a", "the first of them");
}

#[test]
fn what_sns_does_not_hand_over_is_told_apart() {
    for not in [
        json!({}),
        json!(null),
        json!([]),
        json!("x"),
        json!({"Records": null}),
        json!({"Records": {}}),
        json!({"Records": [{}]}),
        json!({"Records": [7]}),
        // From SQS, whose records look alike.
        json!({"Records": [{"messageId": "1", "body": "{}", "eventSource": "aws:sqs"}]}),
    ] {
        for error in [parse_event_from_sns(&not).unwrap_err(), parse_event_from_sns(&not.to_string()).unwrap_err()] {
            assert_eq!(error.kind(), ParseErrorKind::NotSns, "{not}");
            assert!(error.to_string().contains("`Records`"), "{error}");
        }
        assert_eq!(parse_events_from_sns(&not).unwrap_err().kind(), ParseErrorKind::NotSns, "{not}");
    }
    for not in ["", "{", "nonsense"] {
        assert_eq!(parse_event_from_sns(not).unwrap_err().kind(), ParseErrorKind::NotSns);
    }
    assert_eq!(parse_event_from_sns(&[0xff_u8, 0xfe][..]).unwrap_err().kind(), ParseErrorKind::NotSns);
    let none = parse_event_from_sns(&json!({"Records": []})).unwrap_err();
    assert_eq!((none.kind(), none.to_string().contains("no record")), (ParseErrorKind::NotSns, true));
    assert!(parse_events_from_sns(&json!({"Records": []})).unwrap().is_empty());
}

#[test]
fn what_is_no_event_of_this_program_says_why_and_is_not_quoted() {
    let error = |message: Value| parse_event_from_sns(&payload([sns(&message)])).unwrap_err();
    let body = |body: Value| Value::from(body.to_string());
    let unknown = error(body(json!({"event_type_name": "Other", "secret": "hunter2"})));
    assert!(unknown.is_unknown_event() && said(&unknown).contains("Other"), "{}", said(&unknown));
    let newer = error(body(json!({"event_type_name": "LambdaOrder", "event_version": 7, "order_id": "hunter2"})));
    assert_eq!(newer.kind(), ParseErrorKind::UnknownVersion);
    for invalid in [
        body(json!({"event_type_name": "LambdaOrder", "order_id": 7, "x": "hunter2"})),
        body(json!({"event_type_name": "LambdaOrder", "x": "hunter2"})),
        "hunter2".into(),
        "".into(),
        json!(7),
        Value::Null,
    ] {
        let error = error(invalid.clone());
        assert_eq!(error.kind(), ParseErrorKind::Invalid, "{invalid}");
        assert!(!error.is_unknown_event() && !said(&error).contains("hunter2"), "{}", said(&error));
    }
}

#[test]
fn the_events_may_be_others_than_the_linkers() {
    let none = EventSerializer::of(&melange::Registry::default()).unwrap();
    let payload = payload([sns(&EVENT.into())]);
    assert!(parse_event_from_sns_with(&none, &payload).unwrap_err().is_unknown_event());
    assert_eq!(parse_events_from_sns_with(&none, &payload).unwrap().len(), 1);
}

fn sqs_record(id: &str, body: &str) -> Value {
    json!({
        "messageId": id, "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a", "body": body,
        "attributes": {"ApproximateReceiveCount": "2", "SentTimestamp": "1545082649183"},
        "messageAttributes": {"event_type": {"stringValue": "LambdaOrder", "dataType": "String"}},
        "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:us-east-2:123456789012:my-queue",
    })
}

#[test]
fn records_of_sqs_are_read_in_every_wrapper() {
    let wrapped = {
        let mut sns = sns(&EVENT.into());
        sns["SigningCertURL"] = sns["SigningCertUrl"].take();
        sns.to_string()
    };
    let bodies = [EVENT, &wrapped, r#"{"order_id": "o-1"}"#];
    let records: Vec<Value> = bodies.iter().map(|body| sqs_record("m-1", body)).collect();
    for payload in [json!({"Records": records.clone()}), json!(records)] {
        let typed: Option<aws_lambda_events::event::sqs::SqsEvent> = serde_json::from_value(payload.clone()).ok();
        let all = [Some(parse_events_from_sqs(&payload)), Some(parse_events_from_sqs(&payload.to_string()))];
        for events in all.into_iter().chain([typed.map(|event| parse_events_from_sqs(&event))]).flatten() {
            let events: Vec<AnyEvent> = events.unwrap().into_iter().map(Result::unwrap).collect();
            assert_eq!(events.len(), 3);
            // For want of one of their own.
            assert_eq!(events[0].metadata().event_id.to_string(), "m-1");
            assert_eq!(events[1].metadata().event_id.to_string(), "95df01b4-ee98-5cb9-9903-4c221d41eb5e");
            assert_eq!(events[2].metadata().occurred_on.to_string(), "2018-12-17T21:37:29.183000+00:00");
            assert!(events.into_iter().all(|event| order(event) == "o-1"));
        }
    }
}

#[test]
fn each_record_of_sqs_has_its_own_result() {
    let payload = json!({"Records": [
        sqs_record("a", EVENT), sqs_record("b", "hunter2"), {"messageId": "c"}, {"body": EVENT},
        sqs_record("d", r#"{"event_type_name": "Someone'sElse"}"#),
    ]});
    let events = parse_events_from_sqs(&payload).unwrap();
    let kinds: Vec<_> = events.iter().map(|event| event.as_ref().err().map(ParseError::kind)).collect();
    let invalid = Some(ParseErrorKind::Invalid);
    assert_eq!(kinds, [None, invalid, invalid, None, Some(ParseErrorKind::UnknownName)]);
    assert!(events.iter().filter_map(|event| event.as_ref().err()).all(|error| !said(error).contains("hunter2")));
}

#[test]
fn what_sqs_does_not_hand_over_is_told_apart() {
    let of_sns = payload([sns(&EVENT.into())]);
    for not in [json!({}), json!(null), json!("x"), json!({"Records": null}), json!({"Records": [7]}), of_sns] {
        let error = parse_events_from_sqs(&not).unwrap_err();
        assert_eq!(error.kind(), ParseErrorKind::NotSqs, "{not}");
        assert!(error.to_string().contains("`body`"), "{error}");
    }
    assert!(parse_events_from_sqs(&json!([])).unwrap().is_empty());
    assert_eq!(parse_events_from_sqs(&[0xff_u8][..]).unwrap_err().kind(), ParseErrorKind::NotSqs);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(2_000))]
    #[test]
    fn nothing_that_is_handed_over_panics(
        text in ".{0,200}",
        key in "(messageId|body|attributes|messageAttributes|eventSourceARN|Sns|receiptHandle)",
        value in "(null|7|\"\"|\"x\"|\\{\\}|\\[\\]|\\{\"a\":\\{\\}\\}|\"\\\\ud800\")",
    ) {
        let _ = parse_events_from_sqs(&text);
        let _ = parse_events_from_sns(&text);
        let odd = format!(r#"{{"Records": [{{"messageId": "m", "body": "{{}}"}}, {{"{key}": {value}}}]}}"#);
        let _ = parse_events_from_sqs(&odd);
        let _ = parse_events_from_sns(&odd);
    }
}
