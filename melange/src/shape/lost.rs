//! What an event has written and does not write again after it was read: a value under a name that is not read, where there is
//! another one to fill in.

use std::fmt::Write;

use serde_json::Value;

/// Where a value is lost. What was read from `written` is written in `again`, and once more: what differs in these two is made
/// anew wherever it is read.
pub(super) fn lost(written: &str, again: &str, once_more: &str) -> Option<String> {
    if written == again {
        return None;
    }
    let read = |text| serde_json::from_str::<Value>(text).ok();
    let mut place = String::new();
    is_lost(&read(written)?, &read(again)?, &read(once_more)?, &mut place).then_some(place)
}

/// Whether something is lost, with its place.
fn is_lost(written: &Value, again: &Value, once_more: &Value, place: &mut String) -> bool {
    if written == again {
        return false;
    }
    let here = place.len();
    let mut within = |step: std::fmt::Arguments<'_>, inner: [Option<&Value>; 3]| {
        // To write into a text cannot fail.
        let _ = place.write_fmt(step);
        let lost = match inner {
            [Some(written), Some(again), Some(once_more)] => is_lost(written, again, once_more, place),
            [Some(written), None, None] => !written.is_null(),
            _ => false,
        };
        if !lost {
            place.truncate(here);
        }
        lost
    };
    match (written, again, once_more) {
        (Value::Object(written), Value::Object(again), Value::Object(once_more)) => {
            written.iter().any(|(key, value)| {
                let dot = if here == 0 { "" } else { "." };
                within(format_args!("{dot}{key}"), [Some(value), again.get(key), once_more.get(key)])
            })
        }
        (Value::Array(written), Value::Array(again), Value::Array(once_more)) if written.len() == again.len() => {
            written
                .iter()
                .enumerate()
                .any(|(at, value)| within(format_args!("[{at}]"), [Some(value), again.get(at), once_more.get(at)]))
        }
        // Lists of no order may stand in another one, but are as long.
        (Value::Array(_), Value::Array(again), Value::Array(once_more)) => again.len() == once_more.len(),
        (written, again, once_more) => !written.is_null() && again == once_more,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_lost_is_found() {
        for (written, again, once_more, place) in [
            (r#"{"a":1}"#, r#"{"a":1}"#, r#"{"a":1}"#, None),
            (r#"{"a":1,"b":2}"#, r#"{"b":2,"a":1}"#, "{}", None),
            (r#"{"a":1}"#, r#"{"a":null}"#, r#"{"a":null}"#, Some("a")),
            (r#"{"a":1}"#, "{}", "{}", Some("a")),
            (
                r#"{"a":{"b":[1,{"c":"x"}]}}"#,
                r#"{"a":{"b":[1,{"c":""}]}}"#,
                r#"{"a":{"b":[1,{"c":""}]}}"#,
                Some("a.b[1].c"),
            ),
            (r#"{"a":[1]}"#, r#"{"a":[]}"#, r#"{"a":[]}"#, Some("a")),
            (r#"{"a":[1,2]}"#, r#"{"a":[2,1]}"#, r#"{"a":[1,2]}"#, None),
            (r#"{"a":1,"b":1}"#, r#"{"a":2,"b":2}"#, r#"{"a":3,"b":2}"#, Some("b")),
            // Made anew.
            (r#"{"a":1}"#, r#"{"a":2}"#, r#"{"a":3}"#, None),
            (r#"{"a":1}"#, "{}", r#"{"a":3}"#, None),
            // Nothing was there.
            (r#"{"a":null}"#, "{}", "{}", None),
            (r#"{"a":null}"#, r#"{"a":1}"#, r#"{"a":1}"#, None),
            ("{}", r#"{"a":1}"#, r#"{"a":1}"#, None),
            ("1", "2", "2", Some("")),
        ] {
            assert_eq!(lost(written, again, once_more).as_deref(), place, "{written} {again} {once_more}");
        }
    }
}
