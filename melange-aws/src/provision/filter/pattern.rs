//! The values of a filter policy that are not plain names.

use serde_json::Value;

/// Whether a message with this name may pass by `value`. What is not understood may let it pass: it is not ours, and is
/// left alone rather than added to for nothing.
pub(super) fn may_pass(value: &Value, name: &str) -> bool {
    match value {
        Value::String(text) => text == name,
        Value::Object(pattern) => {
            pattern.is_empty() || pattern.iter().any(|(key, operand)| by_pattern(key, operand, name))
        }
        // Numbers, and the like, are no names.
        _ => false,
    }
}

fn by_pattern(key: &str, operand: &Value, name: &str) -> bool {
    let text = |fits: &dyn Fn(&str) -> bool| operand.as_str().is_none_or(fits);
    match key {
        "exists" => operand.as_bool().unwrap_or(true),
        "prefix" => text(&|prefix| name.starts_with(prefix)),
        "suffix" => text(&|suffix| name.ends_with(suffix)),
        "equals-ignore-case" => text(&|other| name.eq_ignore_ascii_case(other)),
        "anything-but" => !is_excepted(operand, name),
        "numeric" | "cidr" => false,
        _ => true,
    }
}

fn is_excepted(operand: &Value, name: &str) -> bool {
    match operand {
        Value::String(other) => other == name,
        Value::Array(others) => others.iter().any(|other| other.as_str() == Some(name)),
        Value::Object(pattern) => {
            let of = |key: &str| pattern.get(key).and_then(Value::as_str);
            of("prefix").is_some_and(|prefix| name.starts_with(prefix))
                || of("suffix").is_some_and(|suffix| name.ends_with(suffix))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn patterns_are_understood() {
        for passes in [
            json!("OrderPlaced"),
            json!({ "exists": true }),
            json!({ "prefix": "Order" }),
            json!({ "suffix": "Placed" }),
            json!({ "equals-ignore-case": "orderplaced" }),
            json!({ "anything-but": ["OrderCancelled"] }),
            json!({ "anything-but": { "prefix": "User" } }),
            json!({ "something-new": 1 }),
        ] {
            assert!(may_pass(&passes, "OrderPlaced"), "{passes}");
        }
        for shut in [
            json!("OrderCancelled"),
            json!("orderplaced"),
            json!(1),
            json!(null),
            json!({ "exists": false }),
            json!({ "prefix": "User" }),
            json!({ "suffix": "Order" }),
            json!({ "equals-ignore-case": "order" }),
            json!({ "anything-but": "OrderPlaced" }),
            json!({ "anything-but": ["OrderPlaced"] }),
            json!({ "anything-but": { "suffix": "Placed" } }),
            json!({ "numeric": ["=", 1] }),
        ] {
            assert!(!may_pass(&shut, "OrderPlaced"), "{shut}");
        }
    }
}
