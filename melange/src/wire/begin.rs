//! The first look at a body: which event it is, so that the rest can be read in one pass, or left unread.

use std::borrow::Cow;
use std::fmt;
use std::sync::LazyLock;

use memchr::memmem::Finder;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use super::head::{entry, head, text};
use super::header::TYPE;
use super::incoming::{Header, Incoming, Named, Remaining};
use super::reader::{LONGEST_NAME, is_pickle, named_beside};
use super::text::Text;
use super::usual::usual_head;
use crate::attributes::Attributes;

/// The name of the event that `body` seems to be, with the envelope if that is at its head. The name is the one the
/// body begins with; otherwise one that `is_known` from the attributes, or that seems to be in the body; otherwise the
/// body's own.
///
/// `None`, and an event that cannot be read so, say nothing about the body: [`read`](super::read) does.
pub(crate) fn begin<'a>(
    body: &'a str,
    attributes: &'a Attributes,
    is_known: impl Fn(&str) -> bool,
) -> Option<Incoming<'a>> {
    if is_pickle(attributes) {
        return None;
    }
    if let Some((header, rest)) = usual_head(body) {
        return Some(Incoming { header, body: Remaining::AfterHead { body, rest } });
    }
    if let Some(head) = head(body) {
        let is_usual = is_name(head.name) && head.event_id != Some("");
        let occurred_on = match head.occurred_on {
            Some(text) => Some(text.parse().ok()?),
            None => None,
        };
        let header = Header {
            name: Cow::Borrowed(head.name),
            version: head.version,
            event_id: head.event_id.map(crate::EventId::from_text),
            occurred_on,
            topic: head.topic.map(Cow::Borrowed),
        };
        return is_usual.then_some(Incoming { header, body: Remaining::AfterHead { body, rest: head.rest } });
    }
    let unread = |name, named| {
        let header = Header { name, version: None, event_id: None, occurred_on: None, topic: None };
        Incoming { header, body: Remaining::Unread { body, named } }
    };
    if let Some(name) = named_beside(attributes).filter(|name| is_known(name)) {
        return Some(unread(Cow::Borrowed(name), Named::Beside));
    }
    if let Some(name) = seeming_name(body).filter(|name| is_known(name)) {
        return Some(unread(Cow::Borrowed(name), Named::Seemingly));
    }
    let name = own_name(body).filter(|name| is_name(name))?;
    Some(unread(name, Named::Own))
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= LONGEST_NAME
}

/// What looks like the name, anywhere in the body: found much faster than by parsing. The walk checks whether it is.
fn seeming_name(body: &str) -> Option<&str> {
    static KEY: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\"event_type_name\""));
    entry(body.get(KEY.find(body.as_bytes())?..)?, TYPE, text).map(|(name, _)| name)
}

/// The name in the body. What comes after it is not looked at.
fn own_name(body: &str) -> Option<Cow<'_, str>> {
    let mut name = None;
    // It ends with an error either way: serde has no other end to a half-read object.
    let _ = serde_json::Deserializer::from_str(body).deserialize_map(UpToName(&mut name));
    name
}

struct UpToName<'m, 'a>(&'m mut Option<Cow<'a, str>>);

impl<'de> Visitor<'de> for UpToName<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Text(key)) = map.next_key::<Text<'de>>()? {
            if key == TYPE {
                let Text(name) = map.next_value()?;
                *self.0 = Some(name);
                return Err(A::Error::custom("that is all"));
            }
            map.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
