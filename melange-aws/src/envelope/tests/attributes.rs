//! The attributes in the envelope of SNS.

use aws_smithy_types::base64;
use melange::AttributeValue;
use serde_json::{Value, json};

use super::{EVENT, beside, opened};
use crate::envelope::MOST_ATTRIBUTES;

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
