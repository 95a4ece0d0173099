//! The wrapper that SNS puts around a message, unless it delivers raw.

use aws_smithy_types::base64;
use serde_json::{Value as Json, json};

use super::topic::Subscription;
use crate::content::{Content, Value};

/// What goes into the wrapper beside the content.
pub(super) struct Notification<'a> {
    pub(super) content: &'a Content,
    pub(super) message_id: &'a str,
    pub(super) subject: Option<&'a str>,
    /// `2026-03-06T20:00:26.893Z`.
    pub(super) timestamp: &'a str,
    /// Of FIFO topics.
    pub(super) sequence: Option<&'a str>,
}

/// Keys in the order of SNS, two spaces, ` : ` between key and value.
pub(super) fn wrap(notification: &Notification<'_>, subscription: &Subscription, endpoint: &str) -> String {
    let quoted = |text: &str| Json::from(text).to_string();
    let mut lines = vec![("Type", quoted("Notification")), ("MessageId", quoted(notification.message_id))];
    lines.extend(notification.sequence.map(|sequence| ("SequenceNumber", quoted(sequence))));
    lines.push(("TopicArn", quoted(&subscription.topic)));
    lines.extend(notification.subject.map(|subject| ("Subject", quoted(subject))));
    lines.push(("Message", quoted(&notification.content.body)));
    lines.push(("Timestamp", quoted(notification.timestamp)));
    lines.push(("SignatureVersion", quoted("1")));
    lines.push(("Signature", quoted("bm90IHNpZ25lZDogYSBzdHVi")));
    lines.push((
        "SigningCertURL",
        quoted("https://sns.us-east-1.amazonaws.com/SimpleNotificationService-00000000000000000000000000000000.pem"),
    ));
    let unsubscribe = format!("{endpoint}/?Action=Unsubscribe&SubscriptionArn={}", subscription.arn);
    lines.push(("UnsubscribeURL", quoted(&unsubscribe)));
    if !notification.content.attributes.is_empty() {
        let attributes = notification.content.attributes.iter().map(|attribute| {
            let value = match &attribute.value {
                Value::Text(text) => text.clone(),
                Value::Bytes(bytes) => base64::encode(bytes),
            };
            format!("    {} : {}", quoted(&attribute.name), json!({ "Type": attribute.data_type, "Value": value }))
        });
        lines.push(("MessageAttributes", format!("{{\n{}\n  }}", attributes.collect::<Vec<_>>().join(",\n"))));
    }
    let lines: Vec<String> = lines.iter().map(|(key, value)| format!("  \"{key}\" : {value}")).collect();
    format!("{{\n{}\n}}", lines.join(",\n"))
}

/// As SNS writes moments.
pub(super) fn timestamp(unix_millis: u64) -> String {
    use aws_smithy_types::DateTime;
    use aws_smithy_types::date_time::Format;
    let at = DateTime::from_millis(i64::try_from(unix_millis).unwrap_or_default());
    let seconds = DateTime::from_secs(at.secs()).fmt(Format::DateTime).unwrap_or_default();
    format!("{}.{:03}Z", seconds.trim_end_matches('Z'), unix_millis % 1000)
}
