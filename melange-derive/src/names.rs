//! What brokers accept as a name. Each check gives the whole sentence to show, or nothing.

/// A topic of SNS: 1 to 256 letters, digits, `-` and `_`, perhaps with `.fifo` at the end.
pub(crate) fn topic_problem(topic: &str) -> Option<String> {
    fifo_name_problem("topic", topic, 256)
}

/// A queue of SQS: 1 to 80 letters, digits, `-` and `_`, perhaps with `.fifo` at the end.
pub(crate) fn queue_problem(queue: &str) -> Option<String> {
    fifo_name_problem("queue", queue, 80)
}

fn fifo_name_problem(what: &str, name: &str, most: usize) -> Option<String> {
    let base = name.strip_suffix(".fifo").unwrap_or(name);
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if base.is_empty() {
        return Some(format!("the {what} is empty: a {what} has 1 to {most} characters"));
    }
    if let Some(bad) = base.chars().find(|c| !legal(*c)) {
        return Some(format!(
            "`{bad}` may not be in a {what}: use letters, digits, `-` and `_`, and `.fifo` at the end of a FIFO {what}"
        ));
    }
    too_long(what, name, most)
}

/// The name or alias of an event, which also travels as a message attribute and in filter policies.
pub(crate) fn event_name_problem(name: &str) -> Option<String> {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':' | '/');
    if name.is_empty() {
        return Some("the name of the event is empty: it has 1 to 256 characters".to_owned());
    }
    if let Some(bad) = name.chars().find(|c| !legal(*c)) {
        return Some(format!(
            "`{bad}` may not be in the name of an event: use letters, digits and `_`, `-`, `.`, `:`, `/`"
        ));
    }
    too_long("name of an event", name, 256)
}

/// The name of a subscriber, which is kept with dead letters.
pub(crate) fn subscriber_name_problem(name: &str) -> Option<String> {
    if name.is_empty() {
        return Some("the name of the subscriber is empty: it has 1 to 256 characters".to_owned());
    }
    if name.chars().any(char::is_control) {
        return Some("a control character may not be in the name of a subscriber".to_owned());
    }
    too_long("name of a subscriber", name, 256)
}

/// Attributes that Melange sends itself.
const OWN: [&str; 4] = ["event_type", "manifest", "serializer_id", "traceparent"];

/// The name of a message attribute.
pub(crate) fn attribute_problem(name: &str) -> Option<String> {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let lower = name.to_ascii_lowercase();
    if name.is_empty() {
        return Some("the name of the attribute is empty: it has 1 to 256 characters".to_owned());
    }
    if let Some(bad) = name.chars().find(|c| !legal(*c)) {
        return Some(format!("`{bad}` may not be in the name of an attribute: use letters, digits and `_`, `-`, `.`"));
    }
    if lower.starts_with("aws.") || lower.starts_with("amazon.") {
        return Some(
            "names of attributes that start with `AWS.` or `Amazon.` belong to AWS: choose another".to_owned(),
        );
    }
    if name.starts_with('.') || name.ends_with('.') || name.contains("..") {
        return Some("the name of an attribute may not start or end with `.`, nor have two in a row".to_owned());
    }
    if OWN.contains(&name) || name.starts_with("melange_") {
        return Some(format!(
            "Melange sends `{name}` itself: choose another name, as in `#[event(attribute = \"order_{name}\")]`"
        ));
    }
    too_long("name of an attribute", name, 256)
}

fn too_long(what: &str, name: &str, most: usize) -> Option<String> {
    let length = name.chars().count();
    (length > most).then(|| format!("this {what} is {length} characters long: at most {most} are allowed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_and_queues() {
        for legal in ["orders", "Orders-2_x", "orders.fifo", "a"] {
            assert_eq!(topic_problem(legal), None, "{legal}");
            assert_eq!(queue_problem(legal), None, "{legal}");
        }
        for illegal in ["", ".fifo", "or.ders", "orders.fif", "or ders", "ärger", "arn:aws:sns:x:1:orders"] {
            assert!(topic_problem(illegal).is_some(), "{illegal}");
            assert!(queue_problem(illegal).is_some(), "{illegal}");
        }
        assert_eq!(topic_problem(&"a".repeat(256)), None);
        assert!(topic_problem(&"a".repeat(257)).is_some());
        assert_eq!(queue_problem(&format!("{}.fifo", "a".repeat(75))), None);
        assert!(queue_problem(&format!("{}.fifo", "a".repeat(76))).is_some(), "`.fifo` counts");
    }

    #[test]
    fn event_names() {
        for legal in ["OrderPlaced", "orders.placed", "com:shop/orders-v_1"] {
            assert_eq!(event_name_problem(legal), None, "{legal}");
        }
        for illegal in ["", "Order Placed", "Order\"", "Größe"] {
            assert!(event_name_problem(illegal).is_some(), "{illegal}");
        }
        assert!(event_name_problem(&"x".repeat(257)).is_some());
    }

    #[test]
    fn subscriber_names() {
        assert_eq!(subscriber_name_problem("Ledger::placed"), None);
        assert!(subscriber_name_problem("").is_some());
        assert!(subscriber_name_problem("a\nb").is_some());
    }

    #[test]
    fn attributes() {
        for legal in ["country", "order.country", "a-b_c"] {
            assert_eq!(attribute_problem(legal), None, "{legal}");
        }
        let illegal = [
            "",
            "a b",
            ".a",
            "a.",
            "a..b",
            "AWS.x",
            "aws.x",
            "Amazon.x",
            "event_type",
            "manifest",
            "serializer_id",
            "traceparent",
            "melange_reason",
        ];
        for illegal in illegal {
            assert!(attribute_problem(illegal).is_some(), "{illegal}");
        }
    }
}
