//! The envelope at the head of a body exactly as Melange writes it: no white space, a UUID, a moment in its own form.
//! It is what nearly every body begins with, and is read in one go; all others are left to [`head`](super::head).

use std::borrow::Cow;

use super::head::text;
use super::incoming::Header;
use super::reader::LONGEST_NAME;
use crate::{EventId, Timestamp};

/// How many bytes a UUID and a moment have.
const ID: usize = 36;
const MOMENT: usize = 32;

/// The envelope, and the rest of the object, from the first key that is not the envelope's.
pub(super) fn usual_head(body: &str) -> Option<(Header<'_>, &str)> {
    let (name, rest) = text(body.strip_prefix("{\"event_type_name\":")?)?;
    let (id, rest) = rest.strip_prefix(",\"event_id\":\"")?.split_at_checked(ID)?;
    let event_id = Some(EventId::canonical(id)?);
    let (version, rest) = number(rest.strip_prefix("\",\"event_version\":")?)?;
    let (at, rest) = rest.strip_prefix(",\"occurred_on\":\"")?.split_at_checked(MOMENT)?;
    let occurred_on = Some(Timestamp::of_own_form(at)?);
    let (topic, rest) = text(rest.strip_prefix("\",\"topic\":")?)?;
    let rest = match rest.strip_prefix(',') {
        Some(rest) if rest.starts_with('"') => rest,
        None if rest.starts_with('}') => rest,
        _ => return None,
    };
    let is_name = !name.is_empty() && name.len() <= LONGEST_NAME;
    let (name, topic) = (Cow::Borrowed(name), Some(Cow::Borrowed(topic)));
    is_name.then_some((Header { name, version: Some(version), event_id, occurred_on, topic }, rest))
}

/// A version of one or two digits, and what comes after it.
fn number(json: &str) -> Option<(u32, &str)> {
    let digits = match json.as_bytes() {
        [b'0'..=b'9', b',', ..] => 1,
        [b'1'..=b'9', b'0'..=b'9', b',', ..] => 2,
        _ => return None,
    };
    let (digits, rest) = json.split_at_checked(digits)?;
    Some((digits.parse().ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::super::header::{ID, OCCURRED_ON, TOPIC, TYPE, VERSION};
    use super::*;

    const UUID: &str = "0193a2a0-5f5e-7f00-8000-0123456789ab";
    const AT: &str = "2026-11-23T18:37:17.733359+00:00";

    fn body(version: &str, end: &str) -> String {
        format!(r#"{{"{TYPE}":"A","{ID}":"{UUID}","{VERSION}":{version},"{OCCURRED_ON}":"{AT}","{TOPIC}":"t"{end}"#)
    }

    #[test]
    fn it_is_what_is_found_with_care() {
        for (version, end, rest) in [("1", r#","x":1}"#, r#""x":1}"#), ("12", "}", "}")] {
            let body = body(version, end);
            let (header, found) = usual_head(&body).unwrap();
            let with_care = super::super::head::head(&body).unwrap();
            assert_eq!((found, found), (rest, with_care.rest));
            assert_eq!((header.name.as_ref(), header.topic.as_deref()), (with_care.name, with_care.topic));
            assert_eq!(header.version, with_care.version);
            assert_eq!(header.event_id.map(|id| id.to_string()).as_deref(), with_care.event_id);
            assert_eq!(header.occurred_on.map(|at| at.to_string()).as_deref(), with_care.occurred_on);
        }
    }

    #[test]
    fn what_is_otherwise_in_anything_is_left_to_others() {
        let usual = body("1", r#","x":1}"#);
        assert!(usual_head(&usual).is_some());
        for (from, to) in [
            ("{\"", "{ \""),
            (":\"A\"", ":\"\""),
            (":\"A\"", ":\"\\u0041\""),
            ("0193a2a0", "0193A2A0"),
            ("0193a2a0", "0193a2a"),
            (":1,", ":01,"),
            (":1,", ":1 ,"),
            (":1,", ":123,"),
            (":1,", ":-1,"),
            ("T18", " 18"),
            ("T18", "T24"),
            ("\"t\"", "null"),
            (",\"x\"", ", \"x\""),
            (",\"x\":1}", ",}"),
            (",\"x\":1}", ""),
        ] {
            assert!(usual.contains(from), "{from}");
            let other = usual.replacen(from, to, 1);
            assert!(usual_head(&other).is_none(), "{other}");
        }
    }
}
