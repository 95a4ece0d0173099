//! What SNS would refuse, or take and silently lose, found before it is sent.

use melange::transport::{TransportError, TransportErrorKind};
use melange::{AttributeValue, Attributes};

use crate::attributes::data_type;

/// Most bytes of body and attributes. Topics and queues can be told to take more, but queues made before 2025 cannot.
/// Source: the SNS API reference, `Publish` and `CreateTopic` (`MaximumMessageSize`).
pub(crate) const MAX_BYTES: usize = 262_144;

/// Most attributes: with an eleventh, SNS drops the message on its way to a queue under raw delivery, without a word.
/// Source: the SNS developer guide, message attributes.
pub(crate) const MAX_ATTRIBUTES: usize = 10;

/// Longest name of an attribute. Source: the SQS API reference, `MessageAttributeValue`.
const ATTRIBUTE_NAME: usize = 256;

/// Refuses what cannot arrive.
pub(crate) fn check(body: &str, attributes: &Attributes) -> Result<(), TransportError> {
    let refuse = |why: String| Err(TransportError::new(TransportErrorKind::InvalidMessage, why));
    if body.is_empty() {
        return refuse("the message has an empty body, which SNS refuses".to_owned());
    }
    if let Some(at) = body.find(is_illegal) {
        return refuse(format!("the message has a character at byte {at} of its body that SQS refuses"));
    }
    if attributes.len() > MAX_ATTRIBUTES {
        return refuse(format!(
            "the message has {} attributes, and with more than {MAX_ATTRIBUTES} SNS drops it on its way to a queue",
            attributes.len()
        ));
    }
    for (name, value) in attributes.iter() {
        if !is_attribute_name(name) {
            return refuse(format!(
                "attribute {name:?} has a name that SQS refuses; letters, digits, `_`, `-` and single dots inside are \
                 allowed, and no beginning with `AWS.` or `Amazon.`"
            ));
        }
        // SNS also refuses what UTF-16 needs two units for, such as emoji.
        if value.as_str().is_some_and(|text| text.contains(|c| is_illegal(c) || c > '\u{FFFF}')) {
            return refuse(format!("attribute {name:?} has a character in its value that SNS refuses"));
        }
    }
    let bytes = size(body, attributes);
    if bytes > MAX_BYTES {
        return refuse(format!(
            "the message has {bytes} bytes, attributes included, where SNS takes {MAX_BYTES}; \
             store what is large elsewhere and publish where it is"
        ));
    }
    Ok(())
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

fn is_attribute_name(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    (1..=ATTRIBUTE_NAME).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
        && !(name.starts_with('.') || name.ends_with('.') || name.contains(".."))
        && !(lower.starts_with("aws.") || lower.starts_with("amazon."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &'static str, value: &str) -> Attributes {
        [(name, AttributeValue::String(value.to_owned()))].into_iter().collect()
    }

    fn refused(body: &str, attributes: &Attributes) -> String {
        let error = check(body, attributes).unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::InvalidMessage);
        error.to_string()
    }

    #[test]
    fn the_size_counts_names_types_and_values() {
        let attributes = with("abc", "12");
        // 3 for the name, 6 for "String", 2 for the value.
        let body = "x".repeat(MAX_BYTES - 11);
        check(&body, &attributes).unwrap();
        assert!(refused(&format!("{body}x"), &attributes).contains("262145 bytes"));
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
}
