//! Reads a body with care: who wrote what, and what is wrong with it.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::incoming::{Header, Incoming, Remaining, Unreadable, twice};
use super::text::Text;
use crate::attributes::{Attributes, EVENT_TYPE, MANIFEST, SERIALIZER_ID};
use crate::{EventId, Timestamp};

/// Longest name that an event can have; what is longer is somebody's data in the wrong place, and goes into no log.
pub(super) const LONGEST_NAME: usize = 256;

#[derive(Deserialize)]
struct Peek<'a> {
    #[serde(borrow, default)]
    event_type_name: Option<&'a RawValue>,
    #[serde(borrow, default)]
    event_id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    event_version: Option<&'a RawValue>,
    #[serde(borrow, default)]
    occurred_on: Option<&'a RawValue>,
    #[serde(borrow, default)]
    topic: Option<&'a RawValue>,
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
    #[serde(borrow, default)]
    specversion: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "type")]
    kind: Option<&'a RawValue>,
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    time: Option<&'a RawValue>,
    #[serde(borrow, default)]
    eventversion: Option<&'a RawValue>,
}

/// Reads the envelope. The name is the body's own; where it has none, the `manifest`'s (unless that is Python's "json",
/// which names no event), else the `event_type`'s.
///
/// Numerals other than 1 as `serializer_id` are the ids that Python services give to serializers of their own: if such
/// a body is JSON and says its name, it is read.
pub(crate) fn read<'a>(body: &'a str, attributes: &Attributes) -> Result<Incoming<'a>, Unreadable> {
    if is_pickle(attributes) {
        return Err(Unreadable::Pickle);
    }
    // Serde would also read the fields from a list, in their order.
    if body.trim_start().starts_with('[') {
        return Err(Unreadable::NotAnObject);
    }
    let peek: Peek<'a> = serde_json::from_str(body).map_err(not_an_envelope)?;
    let cloud_event = peek.specversion.is_some() && peek.event_type_name.is_none();
    let (name, id, version, at) = if cloud_event {
        (peek.kind, peek.id, peek.eventversion, peek.time)
    } else {
        (peek.event_type_name, peek.event_id, peek.event_version, peek.occurred_on)
    };
    let name = match text(name).filter(|name| !name.is_empty()) {
        Some(name) => name,
        None => named_beside(attributes).map(|name| Cow::Owned(name.to_owned())).ok_or(Unreadable::NoName)?,
    };
    if name.len() > LONGEST_NAME {
        return Err(Unreadable::LongName(name.len()));
    }
    let header = Header {
        name,
        version: version.map(number).transpose()?,
        event_id: text(id).filter(|id| !id.is_empty()).map(|id| EventId::from_text(&id)),
        occurred_on: at.map(moment).transpose()?,
        topic: text(peek.topic),
    };
    Ok(Incoming { header, body: Remaining::Whole { body, data: peek.data, cloud_event } })
}

fn not_an_envelope(error: serde_json::Error) -> Unreadable {
    match (error.is_data(), twice(&error)) {
        (true, Some(key)) => Unreadable::Twice(key),
        (true, None) => Unreadable::NotAnObject,
        (false, _) => Unreadable::NotJson(error),
    }
}

pub(super) fn is_pickle(attributes: &Attributes) -> bool {
    attributes.text(SERIALIZER_ID).is_some_and(|id| id.trim() == "2")
}

pub(super) fn named_beside(attributes: &Attributes) -> Option<&str> {
    let manifest = attributes.text(MANIFEST).filter(|name| !name.is_empty() && *name != "json");
    manifest.or_else(|| attributes.text(EVENT_TYPE).filter(|name| *name != "json"))
}

fn text(value: Option<&RawValue>) -> Option<Cow<'_, str>> {
    serde_json::from_str::<Text<'_>>(value?.get()).ok().map(|text| text.0)
}

fn number(value: &RawValue) -> Result<u32, Unreadable> {
    // A Python number may come as a string, as all that passes through attributes does.
    let digits = text(Some(value)).unwrap_or(Cow::Borrowed(value.get()));
    digits.parse().map_err(|_| Unreadable::Field { name: "event_version", expected: "a whole number" })
}

fn moment(value: &RawValue) -> Result<Timestamp, Unreadable> {
    let unreadable = Unreadable::Field { name: "occurred_on", expected: "a date or a moment" };
    text(Some(value)).and_then(|text| text.parse().ok()).ok_or(unreadable)
}
