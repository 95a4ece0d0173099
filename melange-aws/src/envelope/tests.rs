use aws_smithy_types::base64;
use melange::AttributeValue;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const EVENT: &str = r#"{"event_type_name": "OrderPlaced", "order_id": "o-1"}"#;
const ARN: &str = "arn:aws:sns:us-west-2:123456789012:staging-orders";

/// As AWS documents it: two spaces, ` : ` between key and value, `Subject` and `MessageAttributes` only where there are any.
const OF_AWS: &str = r#"{
  "Type" : "Notification",
  "MessageId" : "63a3f6b6-d533-4a47-aef9-fcf5cf758c76",
  "TopicArn" : "arn:aws:sns:us-west-2:123456789012:staging-orders",
  "Subject" : "Order",
  "Message" : "{\"event_type_name\": \"OrderPlaced\", \"order_id\": \"o-1\"}",
  "Timestamp" : "2012-03-29T05:12:16.901Z",
  "SignatureVersion" : "1",
  "Signature" : "EXAMPLEnTrFPa3...",
  "SigningCertURL" : "https://sns.us-west-2.amazonaws.com/SimpleNotificationService-f3ecfb7224c7233fe7bb5f59f96de52f.pem",
  "UnsubscribeURL" : "https://sns.us-west-2.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=arn:aws:sns:us-west-2:123456789012:orders:c7fe",
  "MessageAttributes" : {
    "manifest" : {"Type":"String","Value":"OrderPlaced"},
    "serializer_id" : {"Type":"Number","Value":"1"},
    "picture" : {"Type":"Binary","Value":"AP8="}
  }
}"#;

fn names() -> Names {
    Names { prefix: "staging-".to_owned(), ..Names::default() }
}

fn beside(pairs: &[(&'static str, &str)]) -> Attributes {
    pairs.iter().map(|(name, value)| (*name, AttributeValue::String((*value).to_owned()))).collect()
}

/// What `body` holds; it must be given back as it was.
fn opened_with(body: &str, beside: Attributes) -> Result<Inbound, Undecodable> {
    let (back, inbound) = open(body.into(), beside, &names());
    assert_eq!(&*back, body);
    inbound
}

fn opened(body: &str) -> Inbound {
    opened_with(body, Attributes::new()).unwrap()
}

fn refused(body: &str) -> String {
    opened_with(body, Attributes::new()).unwrap_err().to_string()
}

fn content_of(inbound: &Inbound) -> &str {
    match &inbound.body {
        Body::Json(json) => json,
        other => panic!("{other:?}"),
    }
}

/// That `body` is content itself and no wrapper.
#[track_caller]
fn is_bare(body: &str) {
    let inbound = opened_with(body, beside(&[("event_type", "OrderPlaced")])).unwrap();
    assert_eq!(content_of(&inbound), body);
    assert_eq!(inbound.attributes.text("event_type"), Some("OrderPlaced"));
    assert_eq!((inbound.topic, inbound.wrapper_id), (None, None));
}

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
fn attributes_are_read_as_they_are_meant() {
    let read = |value: Value| {
        let body = json!({"Type": "Notification", "Message": EVENT, "MessageAttributes": {"a": value}});
        opened(&body.to_string()).attributes.get("a").cloned()
    };
    let string = |text: &str| Some(AttributeValue::String(text.to_owned()));
    let number = |text: &str| Some(AttributeValue::Number(text.to_owned()));
    let binary = |bytes: &[u8]| Some(AttributeValue::Binary(bytes.to_vec()));
    assert_eq!(read(json!({"Type": "String", "Value": "é \"q\""})), string("é \"q\""));
    assert_eq!(read(json!({"Type": "String.Array", "Value": "[\"x\"]"})), string("[\"x\"]"));
    assert_eq!(read(json!({"Type": "Number", "Value": "1"})), number("1"));
    assert_eq!(read(json!({"Type": "Number", "Value": 1})), number("1"), "as emulators write it");
    assert_eq!(read(json!({"Type": "Number.int", "Value": -1.5})), number("-1.5"));
    assert_eq!(read(json!({"Type": "String", "Value": true})), string("true"));
    assert_eq!(read(json!({"Value": "x"})), string("x"));
    assert_eq!(read(json!({"Type": "Binary", "Value": base64::encode([0, 255])})), binary(&[0, 255]));
    assert_eq!(read(json!({"Type": "Binary.png", "Value": base64::encode("x")})), binary(b"x"));
    for lost in [
        json!({"Type": "Binary", "Value": "not base64!"}),
        json!({"Type": "String", "Value": null}),
        json!({"Type": "String", "Value": {"x": 1}}),
        json!({"Type": "String", "Value": ["x"]}),
        json!({"Type": "String", "Value": ""}),
        json!({"Type": "String"}),
        json!("x"),
        json!(null),
    ] {
        assert_eq!(read(lost.clone()), None, "{lost}");
    }
}

#[test]
fn one_bad_attribute_does_not_hide_the_others_and_too_many_are_cut() {
    let mut attributes =
        json!({"b": {"Type": "Binary", "Value": "!"}, "c": "x", "d": {"Type": "String", "Value": "kept"}});
    let body = |attributes: &Value| json!({"Type": "Notification", "Message": EVENT, "MessageAttributes": attributes});
    assert_eq!(opened(&body(&attributes).to_string()).attributes, beside(&[("d", "kept")]));
    for n in 0..1_000 {
        attributes[format!("n{n}")] = json!({"Type": "String", "Value": "x"});
    }
    assert_eq!(opened(&body(&attributes).to_string()).attributes.len(), MOST_ATTRIBUTES);
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

/// As the user guide of EventBridge shows it, with our event in `detail`.
fn bridge(detail: &Value) -> Value {
    json!({
        "version": "0", "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718", "detail-type": "OrderPlaced", "source": "shop",
        "account": "111122223333", "time": "2017-12-22T18:43:48Z", "region": "us-west-1", "resources": [], "detail": detail,
    })
}

#[test]
fn what_eventbridge_sends_is_in_its_detail() {
    let inbound = opened(&bridge(&json!({"order_id": "o-1"})).to_string());
    assert_eq!(content_of(&inbound), r#"{"order_id":"o-1"}"#);
    assert_eq!(inbound.attributes.text("event_type"), Some("OrderPlaced"));
    assert_eq!(inbound.wrapper_id.as_deref(), Some("6a7e8feb-b491-4cf7-a9f1-bf3703467718"));
    // What came beside it says more.
    let named = opened_with(&bridge(&json!({})).to_string(), beside(&[("manifest", "Other")])).unwrap();
    assert_eq!((named.attributes.text("manifest"), named.attributes.text("event_type")), (Some("Other"), None));
    // By way of a topic.
    let by_topic = json!({"Type": "Notification", "MessageId": "n-1", "TopicArn": ARN,
        "Message": bridge(&json!({"order_id": "o-1"})).to_string()});
    let inbound = opened(&by_topic.to_string());
    assert_eq!((content_of(&inbound), inbound.topic.as_deref()), (r#"{"order_id":"o-1"}"#, Some("orders")));
    assert_eq!(inbound.wrapper_id.as_deref(), Some("n-1"));
}

#[test]
fn what_only_looks_like_eventbridge_is_content() {
    let mut event = bridge(&json!({}));
    event["event_type_name"] = "OrderPlaced".into();
    let mut cloud_event = bridge(&json!({}));
    cloud_event["specversion"] = "1.0".into();
    for body in [
        event,
        cloud_event,
        bridge(&json!("text")),
        bridge(&json!(null)),
        json!({"detail": {}, "source": "shop"}),
        json!({"detail": {}, "detail-type": "OrderPlaced"}),
        json!({"detail": {}, "detail-type": 7, "source": "shop"}),
    ] {
        let body = body.to_string();
        assert_eq!(content_of(&opened(&body)), body);
    }
}
