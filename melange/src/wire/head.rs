//! The envelope at the head of a body, where Melange writes it: found without reading the body as a whole.

use super::header::{ID, OCCURRED_ON, TOPIC, TYPE, VERSION};

/// What stands at the head of a body.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Head<'a> {
    pub(super) name: &'a str,
    pub(super) event_id: Option<&'a str>,
    pub(super) version: Option<u32>,
    pub(super) occurred_on: Option<&'a str>,
    pub(super) topic: Option<&'a str>,
    /// The rest of the object, from the first key that is not the envelope's: it lacks the opening brace.
    pub(super) rest: &'a str,
}

/// The head of a body that begins as Melange writes it: with the name, then other keys of the envelope, each once, in text
/// without escapes. `None` if it is otherwise. The rest has not been looked at.
pub(super) fn head(body: &str) -> Option<Head<'_>> {
    let mut rest = trimmed(body).strip_prefix('{')?;
    let (mut name, mut event_id, mut version, mut occurred_on, mut topic) = (None, None, None, None, None);
    loop {
        let (key, after) = text(trimmed(rest))?;
        let put = |slot: &mut Option<_>| -> Option<&_> {
            let (value, after) = text(value(after)?)?;
            slot.replace(value).is_none().then_some(after)
        };
        let after = match key {
            TYPE => put(&mut name)?,
            // What does not begin with the name is somebody else's.
            _ if name.is_none() => return None,
            ID => put(&mut event_id)?,
            OCCURRED_ON => put(&mut occurred_on)?,
            TOPIC => put(&mut topic)?,
            VERSION => {
                let (value, after) = number(value(after)?)?;
                version.replace(value).is_none().then_some(after)?
            }
            _ => break,
        };
        let after = trimmed(after);
        rest = match after.strip_prefix(',') {
            // A comma before the end is not JSON, and the rest would not show it.
            Some(next) if trimmed(next).starts_with('"') => next,
            _ if after.starts_with('}') => after,
            _ => return None,
        };
        if rest.starts_with('}') {
            break;
        }
    }
    Some(Head { name: name?, event_id, version, occurred_on, topic, rest })
}

/// After JSON's own white space.
fn trimmed(text: &str) -> &str {
    text.trim_start_matches([' ', '\n', '\r', '\t'])
}

/// After the colon.
fn value(after_key: &str) -> Option<&str> {
    Some(trimmed(trimmed(after_key).strip_prefix(':')?))
}

/// The text at the start, and what comes after it.
fn text(json: &str) -> Option<(&str, &str)> {
    let json = json.strip_prefix('"')?;
    let end = json.bytes().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20))?;
    let (text, after) = json.split_at_checked(end)?;
    Some((text, after.strip_prefix('"')?))
}

/// The whole number at the start, and what comes after it.
fn number(json: &str) -> Option<(u32, &str)> {
    let end = json.bytes().position(|byte| !byte.is_ascii_digit())?;
    let (digits, after) = json.split_at_checked(end)?;
    let is_whole =
        after.starts_with([',', '}', ' ', '\n', '\r', '\t']) && !(digits.len() > 1 && digits.starts_with('0'));
    Some((digits.parse().ok().filter(|_| is_whole)?, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRITTEN: &str =
        r#"{"event_type_name":"A","event_id":"1","event_version":2,"occurred_on":"2026","topic":"t","x":1}"#;

    #[test]
    fn what_melange_writes_is_found() {
        let found = head(WRITTEN).unwrap();
        let expected = Head {
            name: "A",
            event_id: Some("1"),
            version: Some(2),
            occurred_on: Some("2026"),
            topic: Some("t"),
            rest: r#""x":1}"#,
        };
        assert_eq!(found, expected);
        assert_eq!(head(" {\n\"event_type_name\" : \"A\" , \"x\":1}").map(|head| head.rest), Some(" \"x\":1}"));
        assert_eq!(head(r#"{"event_type_name":"A","topic":"t"}"#).map(|head| head.rest), Some("}"));
    }

    #[test]
    fn whatever_is_otherwise_is_left_to_others() {
        for other in [
            "",
            "[]",
            "{}",
            r#"{"x":1,"event_type_name":"A"}"#,
            r#"{"event_id":"1","event_type_name":"A"}"#,
            r#"{"event_type_name":"A","event_type_name":"A"}"#,
            r#"{"event_type_name":"A","event_id":"1","event_id":"1"}"#,
            r#"{"event_type_name":"A","event_version":1,"event_version":1}"#,
            r#"{"event_type_name":"\u0041","x":1}"#,
            r#"{"event_type_name":null,"x":1}"#,
            r#"{"event_type_name":"A","event_version":"2"}"#,
            r#"{"event_type_name":"A","event_version":02}"#,
            r#"{"event_type_name":"A","event_version":2.0}"#,
            r#"{"event_type_name":"A","event_version":-2}"#,
            r#"{"event_type_name":"A","event_version":4294967296}"#,
            r#"{"event_type_name":"A",}"#,
            r#"{"event_type_name":"A" "x":1}"#,
            r#"{"event_type_name":"A""#,
            "{\"event_type_name\":\"A\nB\"}",
            "\u{a0}{\"event_type_name\":\"A\"}",
        ] {
            assert_eq!(head(other), None, "{other}");
        }
    }
}
