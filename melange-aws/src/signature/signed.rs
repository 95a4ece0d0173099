//! What SNS signs of a letter.

use crate::envelope::{Letter, LetterKind};

/// The bytes that the signature of `letter` is over: names and values, a line each, in this order. Source: the SNS developer
/// guide, "Verifying the signatures of Amazon SNS messages". All else, attributes and headers too, is signed by nobody.
///
/// The format has no lengths, and the message may hold lines that look like fields. Were there such lines in other fields,
/// too, the same bytes would be of several letters: of one with another id, say, that was never handled. SNS writes no line
/// breaks into those, and a letter that has some there is `None`. So the last lines say where the message ends.
pub(super) fn signed(letter: &Letter) -> Option<Vec<u8>> {
    let is_notification = letter.kind == LetterKind::Notification;
    let fields = [
        ("MessageId", Some(letter.message_id.as_str())),
        ("Subject", letter.subject.as_deref().filter(|_| is_notification)),
        ("SubscribeURL", letter.subscribe_url.as_deref().filter(|_| !is_notification)),
        ("Timestamp", Some(&letter.timestamp)),
        ("Token", letter.token.as_deref().filter(|_| !is_notification)),
        ("TopicArn", Some(&letter.topic_arn)),
        ("Type", Some(letter.kind.as_str())),
    ];
    let mut bytes = Vec::with_capacity(letter.message.len() + 512);
    let mut line = |name: &str, value: &str| {
        for part in [name, "\n", value, "\n"] {
            bytes.extend_from_slice(part.as_bytes());
        }
    };
    line("Message", &letter.message);
    for (name, value) in fields {
        let Some(value) = value else { continue };
        if value.contains('\n') {
            return None;
        }
        line(name, value);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(kind: &str, subject: Option<&str>) -> String {
        let letter = json!({
            "Type": kind, "MessageId": "m", "TopicArn": "arn", "Subject": subject, "Message": "a\nTopicArn\nevil",
            "Timestamp": "2026-03-06T20:00:26.000Z", "Token": "t", "SubscribeURL": "u", "SignatureVersion": "2",
            "Signature": "s", "SigningCertURL": "c",
        });
        String::from_utf8(signed(&Letter::read(letter.to_string().as_bytes()).unwrap()).unwrap()).unwrap()
    }

    #[test]
    fn each_kind_has_its_fields() {
        let message = "Message\na\nTopicArn\nevil\nMessageId\nm\n";
        let time = "Timestamp\n2026-03-06T20:00:26.000Z\n";
        assert_eq!(of("Notification", None), format!("{message}{time}TopicArn\narn\nType\nNotification\n"));
        let with = of("Notification", Some("s"));
        assert_eq!(with, format!("{message}Subject\ns\n{time}TopicArn\narn\nType\nNotification\n"));
        for kind in ["SubscriptionConfirmation", "UnsubscribeConfirmation"] {
            let wanted = format!("{message}SubscribeURL\nu\n{time}Token\nt\nTopicArn\narn\nType\n{kind}\n");
            assert_eq!(of(kind, Some("s")), wanted);
        }
    }

    #[test]
    fn only_a_message_has_several_lines() {
        let letter = json!({
            "Type": "Notification", "MessageId": "m", "TopicArn": "arn", "Subject": "s", "Message": "a",
            "Timestamp": "t", "Token": "t", "SubscribeURL": "u", "SignatureVersion": "2", "Signature": "s",
            "SigningCertURL": "c",
        });
        let is_some =
            |letter: &serde_json::Value| signed(&Letter::read(letter.to_string().as_bytes()).unwrap()).is_some();
        for (kind, keys) in [
            ("Notification", ["MessageId", "Subject", "Timestamp", "TopicArn"].as_slice()),
            ("UnsubscribeConfirmation", &["MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn"]),
        ] {
            for key in keys {
                let mut letter = letter.clone();
                letter["Type"] = kind.into();
                assert!(is_some(&letter));
                letter[*key] = "a\nType\nb".into();
                assert!(!is_some(&letter), "{key}");
            }
        }
    }
}
