//! Whatever comes: it is never a panic, what was wrapped comes out, and both ways to read it agree.

use melange::Attributes;
use melange::transport::{Inbound, Undecodable};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::bridge::bridge;
use super::{ARN, EVENT, OF_AWS, beside, content_of, is_bare, names, opened, opened_with};
use crate::envelope::notice::notice;
use crate::envelope::{begins_as_event, by_keys, open_notification, wrapped};

/// JSON of any kind, the words of SNS among the keys.
fn any_json() -> impl Strategy<Value = Value> {
    let key = prop_oneof![
        Just("Type".to_owned()),
        Just("Message".to_owned()),
        Just("MessageId".to_owned()),
        Just("TopicArn".to_owned()),
        Just("MessageAttributes".to_owned()),
        Just("Value".to_owned()),
        Just("event_type_name".to_owned()),
        ".{0,4}",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        Just(Value::from("Notification")),
        Just(Value::from("SubscriptionConfirmation")),
        Just(Value::from("Binary")),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((key.clone(), inner), 0..6)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(body in ".*") {
        let _ = opened_with(&body, Attributes::new());
        let _ = open_notification(&body, &names());
    }

    #[test]
    fn no_json_makes_it_panic(json in any_json(), cut in any::<prop::sample::Index>()) {
        let body = json.to_string();
        let _ = opened_with(&body, Attributes::new());
        let _ = open_notification(&body, &names());
        // Broken off anywhere.
        let at = (0..=cut.index(body.len() + 1)).rev().find(|at| body.is_char_boundary(*at)).unwrap_or(0);
        let _ = opened_with(&body[..at], Attributes::new());
    }

    #[test]
    fn whatever_was_wrapped_comes_out(content in ".*", attribute in "[^\0]+") {
        let wrapped = json!({"Type": "Notification", "MessageId": "1", "TopicArn": ARN, "Message": content,
            "MessageAttributes": {"a": {"Type": "String", "Value": attribute}}});
        let inbound = opened(&wrapped.to_string());
        prop_assert_eq!(content_of(&inbound), &content);
        prop_assert_eq!(inbound.attributes.text("a"), Some(attribute.as_str()));
        let alone = opened(&json!({"Message": content}).to_string());
        prop_assert_eq!(content_of(&alone), &content);
    }

    #[test]
    fn whatever_has_a_name_stays_as_it_is(mut json in any_json()) {
        if let Value::Object(fields) = &mut json {
            fields.insert("event_type_name".to_owned(), Value::from("OrderPlaced"));
            is_bare(&json.to_string());
        }
    }
}

/// An object, as text: keys of SNS and others, once or twice, in any order, spaced and escaped in any way.
fn any_object() -> impl Strategy<Value = String> {
    let text = prop_oneof![
        4 => "[a-z]{0,4}",
        2 => Just("Notification".to_owned()),
        2 => Just(ARN.to_owned()),
        2 => Just(bridge(&json!({"a": 1})).to_string()),
        1 => Just(EVENT.to_owned()),
        2 => ".{0,6}",
    ]
    .prop_map(|text| Value::from(text).to_string());
    let odd_text = prop_oneof![
        Just(r#""\u00e9\/\b\f\n\r\t""#.to_owned()),
        Just(r#""\ud83d\ude00""#.to_owned()),
        Just(r#""\ud83d""#.to_owned()),
        Just(r#""\ude00\ud83d""#.to_owned()),
        Just(r#""\x""#.to_owned()),
        Just("\"\n\"".to_owned()),
    ];
    let attribute = prop_oneof![
        4 => Just(r#"{"Type":"String","Value":"x"}"#.to_owned()),
        2 => Just(r#"{ "Value" : "1" , "Type" : "Number.int" }"#.to_owned()),
        1 => Just(r#"{"Type":"String","Value":""}"#.to_owned()),
        1 => Just(r#"{"Type":"Binary","Value":"AP8="}"#.to_owned()),
        1 => Just(r#"{"Type":"Number","Value":1}"#.to_owned()),
        1 => Just(r#"{"Value":"x"}"#.to_owned()),
        1 => Just(r#"{"Type":"String","Value":"\u0041"}"#.to_owned()),
    ];
    let attributes = proptest::collection::vec(("[ab]", attribute), 0..4).prop_map(|named| {
        let entries: Vec<String> = named.into_iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
        format!("{{{}}}", entries.join(", "))
    });
    let value = prop_oneof![
        12 => text.clone(),
        2 => odd_text,
        1 => any_json().prop_map(|json| json.to_string()),
    ];
    let key = prop_oneof![
        2 => Just("Subject"),
        1 => Just("Type"),
        1 => Just("MessageId"),
        1 => Just("x"),
        1 => Just("detail-type"),
        1 => Just("\\u004dessage"),
        1 => Just("event_type_name"),
    ]
    .prop_map(str::to_owned);
    let of_sns = [
        ("Type", Just("\"Notification\"".to_owned()).boxed()),
        ("MessageId", value.clone().boxed()),
        ("TopicArn", value.clone().boxed()),
        ("Message", prop_oneof![4 => value.clone(), 1 => Just("{}".to_owned())].boxed()),
        ("MessageAttributes", prop_oneof![8 => attributes, 1 => value.clone()].boxed()),
    ];
    let of_sns = of_sns
        .map(|(key, value)| proptest::option::weighted(0.85, value.prop_map(move |value| (key.to_owned(), value))));
    let [kind, id, arn, message, attributes] = of_sns;
    let others = proptest::collection::vec((key, value), 0..3);
    let entries =
        (kind, id, arn, message, attributes, others).prop_map(|(kind, id, arn, message, attributes, others)| {
            [kind, id, arn, message, attributes].into_iter().flatten().chain(others).collect::<Vec<_>>()
        });
    (
        entries.prop_shuffle(),
        prop_oneof![Just(""), Just(" "), Just("\n  ")],
        prop_oneof![9 => Just("}"), 1 => Just("} x"), 1 => Just("")],
    )
        .prop_map(|(entries, space, end)| {
            let entries: Vec<String> =
                entries.iter().map(|(key, value)| format!("{space}\"{key}\"{space}:{space}{value}{space}")).collect();
            format!("{space}{{{}{end}{space}", entries.join(","))
        })
}

/// All that is known of it, or that it is refused.
fn shown(inbound: Option<Result<Inbound, Undecodable>>) -> Option<Result<String, String>> {
    let all = |inbound: &Inbound| {
        format!("{} {:?} {:?} {:?}", content_of(inbound), inbound.attributes, inbound.topic, inbound.wrapper_id)
    };
    inbound.map(|inbound| inbound.as_ref().map(all).map_err(ToString::to_string))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_read_in_one_pass_is_read_by_its_keys_as_well(body in any_object()) {
        if !begins_as_event(&body) {
            let beside = beside(&[("a", "beside"), ("z", "beside")]);
            prop_assert_eq!(shown(wrapped(&body, &beside, &names())), shown(by_keys(&body, &beside, &names())));
        }
    }
}

#[test]
fn what_sns_writes_is_read_in_one_pass() {
    let of_aws = OF_AWS.replace(",\n    \"picture\" : {\"Type\":\"Binary\",\"Value\":\"AP8=\"}", "");
    let read = notice(&of_aws).unwrap();
    assert!(read.is_said);
    assert_eq!((read.message.as_deref(), read.topic_arn), (Some(EVENT), Some(ARN)));
    assert_eq!(read.message_id, Some("63a3f6b6-d533-4a47-aef9-fcf5cf758c76"));
    assert_eq!(read.attributes.map(|attributes| attributes.len()), Some(2));
    let emoji = r#"{"Type":"Notification","Message":"\ud83d\ude00\u00e9\n\"\\\/"}"#;
    assert_eq!(notice(emoji).and_then(|read| read.message).as_deref(), Some("😀é\n\"\\/"));
    // A picture takes a closer look.
    assert_eq!(notice(OF_AWS), None);
}
