//! Reads a body: who wrote what, without knowing the event's type yet.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::head::head;
use super::header::{DATA, TOPIC};
use crate::attributes::{Attributes, EVENT_TYPE, MANIFEST, SERIALIZER_ID};
use crate::codec::{Codec, Layout, Source};
use crate::event::Erased;
use crate::{EventId, Timestamp};

/// Longest name that an event can have; what is longer is somebody's data in the wrong place, and goes into no log.
const LONGEST_NAME: usize = 256;

/// A body whose envelope has been read, and whose event has not.
#[derive(Debug)]
pub(crate) struct Incoming<'a> {
    body: Remaining<'a>,
    pub(crate) name: Cow<'a, str>,
    pub(crate) version: Option<u32>,
    pub(crate) event_id: Option<EventId>,
    pub(crate) occurred_on: Option<Timestamp>,
    pub(crate) topic: Option<Cow<'a, str>>,
    data: Option<&'a RawValue>,
    cloud_event: bool,
}

/// Where the event is still to be read from.
#[derive(Debug, Clone, Copy)]
enum Remaining<'a> {
    /// The body, of which all has been looked at.
    Whole(&'a str),
    /// What comes after the envelope, of which nothing has been.
    Rest(&'a str),
}

/// Why a body could not be read. The texts never quote it.
#[derive(Debug)]
#[non_exhaustive]
pub(crate) enum Unreadable {
    Pickle,
    NotJson(serde_json::Error),
    NotAnObject,
    Twice(String),
    NoName,
    LongName(usize),
    Field {
        name: &'static str,
        expected: &'static str,
    },
    /// Not from its head alone: [`read`] says more.
    Headless,
    Event(String),
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pickle => f.write_str("it is a Python pickle (serializer_id 2), which is never read: publish JSON"),
            Self::NotJson(error) => {
                write!(f, "its body is not valid JSON, at line {} column {}", error.line(), error.column())
            }
            Self::NotAnObject => f.write_str("its body is JSON, but not an object"),
            Self::Twice(key) => write!(f, "its body has the key {key} twice"),
            Self::LongName(length) => write!(f, "its \"event_type_name\" is {length} bytes long, which no name is"),
            Self::NoName => f.write_str(
                "it does not say what it is: no \"event_type_name\" in the body, and no `manifest` or `event_type` beside it",
            ),
            Self::Field { name, expected } => write!(f, "its \"{name}\" is not {expected}"),
            Self::Headless => f.write_str("its envelope is not where it is expected"),
            Self::Event(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for Unreadable {}

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
    if attributes.text(SERIALIZER_ID).is_some_and(|id| id.trim() == "2") {
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
        None => named_beside(attributes).map(Cow::Owned).ok_or(Unreadable::NoName)?,
    };
    if name.len() > LONGEST_NAME {
        return Err(Unreadable::LongName(name.len()));
    }
    Ok(Incoming {
        body: Remaining::Whole(body),
        name,
        version: version.map(number).transpose()?.flatten(),
        event_id: text(id).filter(|id| !id.is_empty()).map(|id| EventId::from_text(&id)),
        occurred_on: at.map(moment).transpose()?.flatten(),
        topic: text(peek.topic),
        data: peek.data,
        cloud_event,
    })
}

/// As [`read`], by a body's head alone: where Melange wrote it, the event can then be read in the same pass. `None`, and
/// an event that cannot be read so, say nothing about the body: [`read`] does.
pub(crate) fn read_head<'a>(body: &'a str, attributes: &Attributes) -> Option<Incoming<'a>> {
    let head = head(body)?;
    let is_usual = !head.name.is_empty() && head.name.len() <= LONGEST_NAME && head.event_id != Some("");
    if !is_usual || attributes.text(SERIALIZER_ID).is_some_and(|id| id.trim() == "2") {
        return None;
    }
    let occurred_on = match head.occurred_on {
        Some(text) => Some(text.parse().ok()?),
        None => None,
    };
    Some(Incoming {
        body: Remaining::Rest(head.rest),
        name: Cow::Borrowed(head.name),
        version: head.version,
        event_id: head.event_id.map(EventId::from_text),
        occurred_on,
        topic: head.topic.map(Cow::Borrowed),
        data: None,
        cloud_event: false,
    })
}

fn not_an_envelope(error: serde_json::Error) -> Unreadable {
    match (error.is_data(), twice(&error)) {
        (true, Some(key)) => Unreadable::Twice(key),
        (true, None) => Unreadable::NotAnObject,
        (false, _) => Unreadable::NotJson(error),
    }
}

/// The key that serde found twice, in backticks: one of those that the event's type declares, so no secret.
fn twice(error: &serde_json::Error) -> Option<String> {
    let text = error.to_string();
    let key = text.strip_prefix("duplicate field `")?.split_once('`')?.0;
    Some(format!("`{key}`"))
}

fn named_beside(attributes: &Attributes) -> Option<String> {
    let manifest = attributes.text(MANIFEST).filter(|name| !name.is_empty() && *name != "json");
    manifest.or_else(|| attributes.text(EVENT_TYPE).filter(|name| *name != "json")).map(str::to_owned)
}

fn text(value: Option<&RawValue>) -> Option<Cow<'_, str>> {
    #[derive(Deserialize)]
    struct Text<'a>(#[serde(borrow)] Cow<'a, str>);
    serde_json::from_str::<Text<'_>>(value?.get()).ok().map(|text| text.0)
}

fn number(value: &RawValue) -> Result<Option<u32>, Unreadable> {
    // A Python number may come as a string, as all that passes through attributes does.
    let digits = text(Some(value)).unwrap_or(Cow::Borrowed(value.get()));
    digits.parse().map(Some).map_err(|_| Unreadable::Field { name: "event_version", expected: "a whole number" })
}

fn moment(value: &RawValue) -> Result<Option<Timestamp>, Unreadable> {
    let unreadable = Unreadable::Field { name: "occurred_on", expected: "a date or a moment" };
    text(Some(value)).and_then(|text| text.parse().ok()).map(Some).ok_or(unreadable)
}

impl Incoming<'_> {
    /// The event itself, by its codec. `occurred_on` fills an event's own field of that name.
    pub(crate) fn event(&self, codec: &Codec, occurred_on: Timestamp) -> Result<Erased, Unreadable> {
        let source = match (self.body, codec.layout()) {
            // An event's own topic stands among its fields.
            (Remaining::Rest(rest), Layout::Flat { own, .. }) if !own.contains(&TOPIC) => {
                return codec.decode(Source::Rest { rest, own, occurred_on }).map_err(|_| Unreadable::Headless);
            }
            (Remaining::Rest(_), _) => return Err(Unreadable::Headless),
            (Remaining::Whole(body), Layout::Flat { own, .. }) if !self.cloud_event => {
                Source::Flat { body, own, occurred_on }
            }
            (Remaining::Whole(_), _) => Source::Alone(self.data.map_or("null", RawValue::get)),
        };
        codec.decode(source).map_err(|error| Unreadable::Event(describe(&error, codec.layout())))
    }

    /// The same with all that serde says, which may quote the body: for whoever has just written it.
    #[cfg(feature = "cli")]
    pub(crate) fn decode(&self, codec: &Codec, occurred_on: Timestamp) -> serde_json::Result<Erased> {
        codec.decode(match (self.body, codec.layout()) {
            (Remaining::Whole(body), Layout::Flat { own, .. }) if !self.cloud_event => {
                Source::Flat { body, own, occurred_on }
            }
            (Remaining::Rest(rest), Layout::Flat { own, .. }) => Source::Rest { rest, own, occurred_on },
            _ => Source::Alone(self.data.map_or("null", RawValue::get)),
        })
    }
}

/// What serde says, without the values it quotes: only what is known not to hold any.
fn describe(error: &serde_json::Error, layout: Layout) -> String {
    let text = error.to_string();
    let place = if layout == Layout::Data { format!(" (under \"{DATA}\")") } else { String::new() };
    let what = if let Some(key) = twice(error) {
        format!("it has the key {key} twice")
    } else if text.starts_with("missing field `") {
        text.split(" at line ").next().unwrap_or(&text).to_owned()
    } else if error.is_data() {
        "a field has another type than the event's".to_owned()
    } else {
        "it is not valid JSON".to_owned()
    };
    format!("{what}, at line {} column {}{place}", error.line(), error.column())
}
