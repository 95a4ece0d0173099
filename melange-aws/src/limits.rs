//! What SNS would refuse, or take and silently lose, found before it is sent.

use std::fmt;

use melange::transport::{TransportError, TransportErrorKind};
use melange::{AttributeValue, Attributes};

use crate::attributes::data_type;

/// Most bytes of body and attributes that a topic takes unless it was told to. Also those of all messages in one request.
/// Source: the SNS API reference, `Publish`, `PublishBatch` and `CreateTopic` (`MaximumMessageSize`).
const TOPIC_BYTES: usize = 262_144;

/// Most bytes of body and attributes that a queue takes. Also those of all messages in one request. Queues made before 2025
/// take fewer. Source: the SQS API reference, `SendMessage` and `SendMessageBatch`.
const QUEUE_BYTES: usize = 1_048_576;

/// Most attributes: with an eleventh, SNS drops the message on its way to a queue under raw delivery, without a word, and
/// SQS refuses it. Source: the SNS developer guide, message attributes, and the SQS developer guide, quotas.
pub(crate) const MAX_ATTRIBUTES: usize = 10;

/// Longest name of an attribute. Source: the SQS API reference, `MessageAttributeValue`.
const ATTRIBUTE_NAME: usize = 256;

/// Longest delay, in seconds. Source: the SQS API reference, `SendMessage`, `DelaySeconds`.
pub(crate) const LONGEST_DELAY: u64 = 900;

/// Who sets the limits, and how far they go.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Limits<'a> {
    /// A topic, by the name the annotations use.
    Topic { name: &'a str, told: Option<usize> },
    /// A queue, by the name the annotations use.
    Queue { name: &'a str },
}

impl fmt::Display for Limits<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Topic { name, .. } => write!(f, "topic {name:?}"),
            Self::Queue { name } => write!(f, "queue {name:?}"),
        }
    }
}

impl Limits<'_> {
    /// Most bytes of one message, and of one request.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Topic { told, .. } => told.unwrap_or(TOPIC_BYTES),
            Self::Queue { .. } => QUEUE_BYTES,
        }
    }

    /// Refuses what cannot arrive.
    pub(crate) fn check(&self, body: &str, attributes: &Attributes) -> Result<(), TransportError> {
        let problem = self.problem_of_content(body, attributes).or_else(|| self.problem_of_size(body, attributes));
        let refused = |why| TransportError::new(TransportErrorKind::InvalidMessage, format!("{self}: {why}"));
        problem.map_or(Ok(()), |why| Err(refused(why)))
    }

    fn problem_of_content(&self, body: &str, attributes: &Attributes) -> Option<String> {
        if body.is_empty() {
            return Some("the message has an empty body, which AWS refuses".to_owned());
        }
        if !is_plain(body)
            && let Some((at, c)) = body.char_indices().find(|(_, c)| is_illegal(*c))
        {
            return Some(format!(
                "the message has the character U+{:04X} at byte {at} of its body, which SQS refuses; escape it or leave it out",
                u32::from(c)
            ));
        }
        if attributes.len() > MAX_ATTRIBUTES {
            return Some(format!(
                "the message has {} attributes, and with more than {MAX_ATTRIBUTES} it does not arrive; put what nobody filters \
                 by into the body alone",
                attributes.len()
            ));
        }
        for (name, value) in attributes.iter() {
            if !is_attribute_name(name) {
                return Some(format!(
                    "attribute {name:?} has a name that SQS refuses; letters, digits, `_`, `-` and single dots inside are \
                     allowed, and no beginning with `AWS.` or `Amazon.`"
                ));
            }
            // SNS also refuses what UTF-16 needs two units for, such as emoji.
            let wide = |c: char| c > '\u{FFFF}' && matches!(self, Self::Topic { .. });
            if value.as_str().is_some_and(|text| !is_plain(text) && text.contains(|c| is_illegal(c) || wide(c))) {
                return Some(format!(
                    "attribute {name:?} has a character in its value that AWS refuses: a control character or an emoji; put \
                     it into the body alone"
                ));
            }
        }
        None
    }

    fn problem_of_size(&self, body: &str, attributes: &Attributes) -> Option<String> {
        let (bytes, most) = (size(body, attributes), self.bytes());
        let more = match self {
            Self::Topic { name, .. } if most < QUEUE_BYTES => format!(
                "; store what is large elsewhere and publish where it is, or let the topic take more (its attribute \
                 `MaximumMessageSize`) and say so by `aws.max_message_bytes({name:?}, {QUEUE_BYTES})`"
            ),
            _ => "; store what is large elsewhere and send where it is".to_owned(),
        };
        (bytes > most).then(|| {
            format!("the message has {bytes} bytes, attributes included, where at most {most} are taken{more}")
        })
    }
}

/// What SNS and SQS count: body, and names, types and values of the attributes.
pub(crate) fn size(body: &str, attributes: &Attributes) -> usize {
    let value = |value: &AttributeValue| match value {
        AttributeValue::Binary(bytes) => bytes.len(),
        other => other.as_str().map_or(0, str::len),
    };
    body.len() + attributes.iter().map(|(name, v)| name.len() + data_type(v).len() + value(v)).sum::<usize>()
}

/// Source: the SQS API reference, `SendMessage`: `#x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF`.
fn is_illegal(c: char) -> bool {
    matches!(c, '\0'..='\u{8}' | '\u{B}' | '\u{C}' | '\u{E}'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}')
}

/// Nothing but visible ASCII and spaces, as most bodies are: that is seen much sooner.
fn is_plain(text: &str) -> bool {
    let is_plain = |block: &[u8]| block.iter().fold(true, |plain, byte| plain & (b' '..=b'~').contains(byte));
    text.as_bytes().chunks(64).all(is_plain)
}

fn is_attribute_name(name: &str) -> bool {
    (1..=ATTRIBUTE_NAME).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
        && !(name.starts_with('.') || name.ends_with('.') || name.contains(".."))
        && !["aws.", "amazon."]
            .iter()
            .any(|own| name.get(..own.len()).is_some_and(|head| head.eq_ignore_ascii_case(own)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOPIC: Limits<'static> = Limits::Topic { name: "orders", told: None };
    const QUEUE: Limits<'static> = Limits::Queue { name: "billing" };

    fn check(body: &str, attributes: &Attributes) -> Result<(), TransportError> {
        TOPIC.check(body, attributes)
    }

    fn with(name: &'static str, value: &str) -> Attributes {
        [(name, AttributeValue::String(value.to_owned()))].into_iter().collect()
    }

    fn refused(body: &str, attributes: &Attributes) -> String {
        let error = TOPIC.check(body, attributes).unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::InvalidMessage);
        error.to_string()
    }

    #[test]
    fn the_size_counts_names_types_and_values() {
        let attributes = with("abc", "12");
        // 3 for the name, 6 for "String", 2 for the value.
        let body = "x".repeat(TOPIC_BYTES - 11);
        check(&body, &attributes).unwrap();
        assert!(refused(&format!("{body}x"), &attributes).contains("262145 bytes"));
    }

    #[test]
    fn the_limit_is_that_of_the_topic_or_the_queue() {
        let none = Attributes::new();
        let large = "x".repeat(QUEUE_BYTES);
        let told = Limits::Topic { name: "orders", told: Some(QUEUE_BYTES) };
        told.check(&large, &none).unwrap();
        QUEUE.check(&large, &none).unwrap();
        for (limits, who) in [(told, "topic \"orders\""), (QUEUE, "queue \"billing\"")] {
            let error = limits.check(&format!("{large}x"), &none).unwrap_err().to_string();
            assert!(error.contains(who) && error.contains("1048577 bytes"), "{error}");
        }
        let error = refused(&large, &none);
        assert!(error.contains("aws.max_message_bytes(\"orders\", 1048576)"), "{error}");
    }

    #[test]
    fn a_queue_takes_emoji_in_attributes_and_a_topic_does_not() {
        QUEUE.check("{}", &with("a", "😀")).unwrap();
        QUEUE.check("{}", &with("a", "\0")).unwrap_err();
    }

    #[test]
    fn eleven_attributes_would_be_lost() {
        let many =
            |n: usize| (0..n).map(|i| (format!("a{i}"), AttributeValue::String("x".into()))).collect::<Attributes>();
        check("{}", &many(10)).unwrap();
        assert!(refused("{}", &many(11)).contains("11 attributes"));
    }

    #[test]
    fn characters_that_are_refused_are_found() {
        for bad in ["a\0b", "\u{1}", "\u{1f}", "\u{fffe}", "\u{ffff}"] {
            assert!(refused(bad, &Attributes::new()).contains("byte"));
        }
        check("tab\t, lines\r\n, é☃😀\u{7f}", &Attributes::new()).unwrap();
        check("{}", &with("a", "é☃")).unwrap();
        for bad in ["\0", "😀"] {
            assert!(refused("{}", &with("a", bad)).contains("\"a\""));
        }
        refused("", &Attributes::new());
    }

    #[test]
    fn names_that_are_refused_are_found() {
        for bad in ["AWS.x", "amazon.X", ".a", "a.", "a..b", "a b", "é"] {
            refused("{}", &with(bad, "x"));
        }
        check("{}", &with("a.b-c_D9", "x")).unwrap();
    }

    #[test]
    fn a_refusal_does_not_quote_what_it_refuses() {
        assert!(!refused("secret\0", &Attributes::new()).contains("secret"));
        assert!(!refused("{}", &with("a", "secret\0")).contains("secret"));
    }

    mod beside_the_account_in_memory {
        use melange::MemoryTransport;
        use melange::transport::memory::{MemoryAccount, Outgoing, QueueSettings, TopicSettings};
        use proptest::prelude::*;

        use super::*;

        /// What AWS takes here is refused there, or the other way round.
        fn differ(account: &MemoryAccount, body: &str, name: &str, value: &str) -> Option<String> {
            let value = AttributeValue::String(value.to_owned());
            let attributes = [(name.to_owned(), value.clone())].into_iter().collect();
            let outgoing = || Outgoing::new(body).attribute(name, value.clone());
            let (topic, queue) = (account.publish("orders", outgoing()), account.send("billing", outgoing()));
            [(TOPIC, topic), (QUEUE, queue)].into_iter().find_map(|(limits, there)| {
                let here = limits.check(body, &attributes);
                (here.is_ok() != there.is_ok()).then(|| format!("{here:?} here, {there:?} in memory"))
            })
        }

        proptest! {
            /// It has rules of its own, as AWS has: a slip in ours is not one in what it is tested with. They say the same.
            #[test]
            fn the_same_is_refused(
                body in "(?s)[a\\t\\n\\x00-\\x1f\\x7f\u{fffd}-\u{ffff}😀]{0,3}",
                name in "([aA](ws|mazon|WS)?|_|-|9|é| |\\.){1,4}",
                value in "(?s)[a\\t\\x00-\\x1f\u{fffd}-\u{ffff}😀]{1,2}",
            ) {
                let account = MemoryTransport::new().account();
                account.create_topic("orders", TopicSettings::new()).unwrap();
                account.create_queue("billing", QueueSettings::new()).unwrap();
                for (body, name, value) in [(body.as_str(), "a", "a"), ("{}", &name, "a"), ("{}", "a", &value)] {
                    prop_assert_eq!(differ(&account, body, name, value), None, "{:?} {:?} {:?}", body, name, value);
                }
            }
        }
    }
}
