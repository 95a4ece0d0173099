//! The form in which a topic delivers unless it is told to deliver raw.
//!
//! Source: the SNS developer guide, message and JSON formats. Whoever reads signatures finds none that is valid here.

use std::fmt::Write as _;
use std::sync::Arc;

use serde_json::{Value, json};

use super::content::Content;
use crate::Timestamp;
use crate::attributes::AttributeValue;

/// As long as a real one, in digits of base64: who counts bytes is to count what will be there.
const SIGNATURE: usize = 344;

/// `content` as a queue gets it that is not subscribed raw. `None` for local events, which have no JSON.
pub(super) fn wrap(content: &Content, subject: Option<&str>, sequence: Option<u64>) -> Option<Arc<str>> {
    let topic = content.topic.as_deref().unwrap_or_default();
    let arn = format!("arn:memory:sns:local:000000000000:{topic}");
    let id = content.event_id.as_ref().map(ToString::to_string).unwrap_or_default();
    let at = content.occurred_on.unwrap_or_else(Timestamp::now).to_chrono();
    let message = content.json()?;
    let unsubscribe = format!("https://memory.invalid/?Action=Unsubscribe&SubscriptionArn={arn}:{id}");
    let certificate = "https://memory.invalid/SimpleNotificationService-00000000000000000000000000000000.pem";
    let keys = [
        ("Type", Some(json!("Notification"))),
        ("MessageId", Some(json!(id))),
        ("SequenceNumber", sequence.map(|number| json!(format!("{number:020}")))),
        ("TopicArn", Some(json!(arn))),
        ("Subject", subject.map(|subject| json!(subject))),
        ("Message", Some(json!(&**message))),
        ("Timestamp", Some(json!(at.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()))),
        ("SignatureVersion", Some(json!("1"))),
        ("Signature", Some(json!("MEMO".repeat(SIGNATURE / 4)))),
        ("SigningCertURL", Some(json!(certificate))),
        ("UnsubscribeURL", Some(json!(unsubscribe))),
        ("MessageAttributes", attributes(content)),
    ];
    let lines = keys.iter().filter_map(|(key, value)| Some(format!("  \"{key}\" : {}", value.as_ref()?)));
    Some(format!("{{\n{}\n}}", lines.collect::<Vec<_>>().join(",\n")).into())
}

/// `None` when there are none.
fn attributes(content: &Content) -> Option<Value> {
    let attribute = |(name, value): (&str, &AttributeValue)| {
        let shown = match value {
            AttributeValue::String(text) | AttributeValue::Number(text) => text.clone(),
            AttributeValue::Binary(bytes) => base64(bytes),
        };
        (name.to_owned(), json!({"Type": content.data_type(name, value), "Value": shown}))
    };
    (!content.attributes.is_empty()).then(|| Value::Object(content.attributes.iter().map(attribute).collect()))
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let byte = |at: usize| u32::from(three.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for (at, shift) in [18, 12, 6, 0].into_iter().enumerate() {
            let digit = DIGITS.get((bits >> shift & 63) as usize).copied().unwrap_or(b'=');
            // Writing to a String cannot fail.
            let _ = text.write_char(if at <= three.len() { char::from(digit) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::base64;

    #[test]
    fn bytes_are_shown_in_base64() {
        for (bytes, text) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE=")]
        {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
        assert_eq!(base64(&[0, 255]), "AP8=");
    }
}
