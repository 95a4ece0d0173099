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

/// The head of a body that begins as Melange writes it: with the name, then what there is of the envelope's other keys, in
/// text without escapes. `None` if it is otherwise. The rest has not been looked at.
pub(super) fn head(body: &str) -> Option<Head<'_>> {
    let (name, mut rest) = entry(trimmed(body).strip_prefix('{')?, TYPE, text)?;
    let (mut event_id, mut version, mut occurred_on, mut topic) = (None, None, None, None);
    // Melange writes them in this order. In another one, some of them are in the rest, and that is not read without them.
    take(&mut rest, &mut event_id, ID, text)?;
    take(&mut rest, &mut version, VERSION, number)?;
    take(&mut rest, &mut occurred_on, OCCURRED_ON, text)?;
    take(&mut rest, &mut topic, TOPIC, text)?;
    let rest = match rest.strip_prefix(',') {
        // A comma before the end is not JSON, and the rest would not show it.
        Some(next) if trimmed(next).starts_with('"') => next,
        _ if rest.starts_with('}') => rest,
        _ => return None,
    };
    Some(Head { name, event_id, version, occurred_on, topic, rest })
}

/// Takes the value of this key, if it comes next after a comma. `None` if it does, but its value is not to be read here.
fn take<'a, T>(
    rest: &mut &'a str,
    slot: &mut Option<T>,
    key: &str,
    read: impl Fn(&'a str) -> Option<(T, &'a str)>,
) -> Option<()> {
    let Some(next) = rest.strip_prefix(',').map(trimmed) else { return Some(()) };
    if is_key(next, key) {
        let (value, after) = entry(next, key, read)?;
        (*slot, *rest) = (Some(value), after);
    }
    Some(())
}

fn is_key(json: &str, key: &str) -> bool {
    json.strip_prefix('"').and_then(|json| json.strip_prefix(key)).is_some_and(|json| json.starts_with('"'))
}

/// The value of this key, which is the next, and what comes after it.
pub(super) fn entry<'a, T>(
    json: &'a str,
    key: &str,
    read: impl Fn(&'a str) -> Option<(T, &'a str)>,
) -> Option<(T, &'a str)> {
    let after = trimmed(json).strip_prefix('"')?.strip_prefix(key)?.strip_prefix('"')?;
    let (value, after) = read(trimmed(trimmed(after).strip_prefix(':')?))?;
    Some((value, trimmed(after)))
}

/// After JSON's own white space.
fn trimmed(text: &str) -> &str {
    // Mostly there is none.
    if text.as_bytes().first().is_some_and(|byte| *byte > b' ') {
        return text;
    }
    text.trim_start_matches([' ', '\n', '\r', '\t'])
}

/// The text at the start, and what comes after it.
pub(super) fn text(json: &str) -> Option<(&str, &str)> {
    let json = json.strip_prefix('"')?;
    let end = json.bytes().position(|byte| ENDS[usize::from(byte)])?;
    let (text, after) = json.split_at_checked(end)?;
    Some((text, after.strip_prefix('"')?))
}

/// The bytes that do not stand for themselves in JSON's text.
const ENDS: [bool; 256] = {
    let mut ends = [false; 256];
    let mut byte = 0;
    while byte < 0x20 {
        ends[byte] = true;
        byte += 1;
    }
    ends[b'"' as usize] = true;
    ends[b'\\' as usize] = true;
    ends
};

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
    fn what_comes_in_another_order_is_in_the_rest() {
        for (body, rest) in [
            (r#"{"event_type_name":"A","event_type_name":"A"}"#, r#""event_type_name":"A"}"#),
            (r#"{"event_type_name":"A","event_id":"1","event_id":"1"}"#, r#""event_id":"1"}"#),
            (r#"{"event_type_name":"A","topic":"t","event_id":"1"}"#, r#""event_id":"1"}"#),
            (r#"{"event_type_name":"A","event_id_2":"1"}"#, r#""event_id_2":"1"}"#),
        ] {
            assert_eq!(head(body).map(|head| head.rest), Some(rest), "{body}");
        }
    }

    #[test]
    fn whatever_is_otherwise_is_left_to_others() {
        for other in [
            "",
            "[]",
            "{}",
            r#"{"x":1,"event_type_name":"A"}"#,
            r#"{"event_id":"1","event_type_name":"A"}"#,
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
