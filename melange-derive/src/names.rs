//! What brokers accept as a name. What is wrong with one is the whole sentence to show.

/// A topic of SNS: 1 to 256 letters, digits, `-` and `_`, perhaps with `.fifo` at the end.
pub(crate) fn topic(name: &str) -> Result<(), String> {
    fifo_name("topic", name, 256)
}

/// A queue of SQS: 1 to 80 letters, digits, `-` and `_`, perhaps with `.fifo` at the end.
pub(crate) fn queue(name: &str) -> Result<(), String> {
    fifo_name("queue", name, 80)
}

fn fifo_name(what: &str, name: &str, most: usize) -> Result<(), String> {
    let base = name.strip_suffix(".fifo").unwrap_or(name);
    if base.is_empty() {
        return Err(format!("the {what} is empty: a {what} has 1 to {most} characters"));
    }
    let what_is_legal = format!("use letters, digits, `-` and `_`, and `.fifo` at the end of a FIFO {what}");
    only(base, &['-', '_'], &format!("a {what}"), &what_is_legal)?;
    not_longer(name, &format!("this {what}"), most)
}

/// The name or alias of an event, which also travels as a message attribute and in filter policies.
pub(crate) fn event(name: &str) -> Result<(), String> {
    if name.is_empty() {
        return Err("the name of the event is empty: it has 1 to 256 characters".to_owned());
    }
    only(name, &['_', '-', '.', ':', '/'], "the name of an event", "use letters, digits and `_`, `-`, `.`, `:`, `/`")?;
    not_longer(name, "this name of an event", 256)
}

/// The name of a subscriber, which is kept with dead letters.
pub(crate) fn subscriber(name: &str) -> Result<(), String> {
    if name.is_empty() {
        return Err("the name of the subscriber is empty: it has 1 to 256 characters".to_owned());
    }
    if let Some(bad) = name.chars().find(|c| c.is_control()) {
        return Err(format!("`{}` may not be in the name of a subscriber: leave it out", visible(bad)));
    }
    not_longer(name, "this name of a subscriber", 256)
}

/// Attributes that Melange sends itself.
const OWN: [&str; 4] = ["event_type", "manifest", "serializer_id", "traceparent"];

/// The name of a message attribute.
pub(crate) fn attribute(name: &str) -> Result<(), String> {
    let lower = name.to_ascii_lowercase();
    if name.is_empty() {
        return Err("the name of the attribute is empty: it has 1 to 256 characters".to_owned());
    }
    only(name, &['_', '-', '.'], "the name of an attribute", "use letters, digits and `_`, `-`, `.`")?;
    if lower.starts_with("aws.") || lower.starts_with("amazon.") {
        return Err("names of attributes that start with `AWS.` or `Amazon.` belong to AWS: choose another".to_owned());
    }
    if name.starts_with('.') || name.ends_with('.') || name.contains("..") {
        return Err("the name of an attribute may not start or end with `.`, nor have two in a row".to_owned());
    }
    if OWN.contains(&name) || name.starts_with("melange_") {
        return Err(format!(
            "Melange sends `{name}` itself: choose another name, as in `#[event(attribute = \"order_{name}\")]`"
        ));
    }
    not_longer(name, "this name of an attribute", 256)
}

/// Nothing but ASCII letters, digits and `also`.
fn only(name: &str, also: &[char], whole: &str, fix: &str) -> Result<(), String> {
    match name.chars().find(|c| !c.is_ascii_alphanumeric() && !also.contains(c)) {
        Some(' ') => Err(format!("a space may not be in {whole}: {fix}")),
        Some(bad) => Err(format!("`{}` may not be in {whole}: {fix}", visible(bad))),
        None => Ok(()),
    }
}

/// The character, or how it is written if it would not be seen.
fn visible(c: char) -> String {
    match c {
        '"' | '\'' => c.to_string(),
        _ => c.escape_debug().to_string(),
    }
}

fn not_longer(name: &str, whole: &str, most: usize) -> Result<(), String> {
    let length = name.chars().count();
    if length > most {
        return Err(format!("{whole} is {length} characters long: at most {most} are allowed"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_and_queues() {
        for legal in ["orders", "Orders-2_x", "orders.fifo", "a"] {
            assert_eq!(topic(legal), Ok(()), "{legal}");
            assert_eq!(queue(legal), Ok(()), "{legal}");
        }
        for illegal in ["", ".fifo", "or.ders", "orders.fif", "or ders", "ärger", "arn:aws:sns:x:1:orders"] {
            assert!(topic(illegal).is_err(), "{illegal}");
            assert!(queue(illegal).is_err(), "{illegal}");
        }
        assert_eq!(topic(&"a".repeat(256)), Ok(()));
        assert!(topic(&"a".repeat(257)).is_err());
        assert_eq!(queue(&format!("{}.fifo", "a".repeat(75))), Ok(()));
        assert!(queue(&format!("{}.fifo", "a".repeat(76))).is_err(), "`.fifo` counts");
    }

    #[test]
    fn event_names() {
        for legal in ["OrderPlaced", "orders.placed", "com:shop/orders-v_1"] {
            assert_eq!(event(legal), Ok(()), "{legal}");
        }
        for illegal in ["", "Order Placed", "Order\"", "Größe"] {
            assert!(event(illegal).is_err(), "{illegal}");
        }
        assert!(event(&"x".repeat(257)).is_err());
    }

    #[test]
    fn subscriber_names() {
        assert_eq!(subscriber("Ledger::placed"), Ok(()));
        assert!(subscriber("").is_err());
        assert!(subscriber("a\nb").is_err());
    }

    #[test]
    fn attributes() {
        for legal in ["country", "order.country", "a-b_c"] {
            assert_eq!(attribute(legal), Ok(()), "{legal}");
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
            assert!(attribute(illegal).is_err(), "{illegal}");
        }
    }
}
