//! A body whose envelope has been read, or as much of it as is needed to know the event.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

use serde_json::value::RawValue;

use super::header::{DATA, TOPIC};
use super::walk::{Key, Walk};
use crate::codec::{Codec, Layout, Source};
use crate::event::{Erased, EventDescriptor};
use crate::{EventId, Timestamp};

/// A body whose event is still to be read.
#[derive(Debug)]
pub(crate) struct Incoming<'a> {
    pub(crate) header: Header<'a>,
    pub(super) body: Remaining<'a>,
}

/// What the envelope says.
#[derive(Debug, Clone)]
pub(crate) struct Header<'a> {
    pub(crate) name: Cow<'a, str>,
    pub(crate) version: Option<u32>,
    pub(crate) event_id: Option<EventId>,
    pub(crate) occurred_on: Option<Timestamp>,
    pub(crate) topic: Option<Cow<'a, str>>,
}

/// Where the event is to be read from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Remaining<'a> {
    /// A body that was read completely: an object with both, and what is under `data`.
    Whole { body: &'a str, data: Option<&'a RawValue>, cloud_event: bool },
    /// A body of which nothing was read except, perhaps, its name.
    Unread { body: &'a str, named: Named },
    /// The unread rest after the head.
    AfterHead { body: &'a str, rest: &'a str },
}

/// Where the name comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named {
    /// From the body, where an event says its name.
    Own,
    /// From somewhere in the body: it seems to be the event's.
    Seemingly,
    /// From the attributes; the body need not contain it.
    Beside,
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
    /// Not readable in one pass: [`read`] says more.
    NotInPassing,
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
            Self::NotInPassing => f.write_str("it is not as it was taken for"),
            Self::Event(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for Unreadable {}

impl<'a> Incoming<'a> {
    /// Whether the name is what the body says of itself, whatever else is in it.
    pub(crate) fn says_its_name(&self) -> bool {
        !matches!(self.body, Remaining::Unread { named: Named::Seemingly | Named::Beside, .. })
    }

    /// The event itself, as `written_as`, and all that the envelope says. `occurred_on` fills an event's own field of
    /// that name, where the envelope does not say it.
    pub(crate) fn event(
        &self,
        written_as: &'static EventDescriptor,
        occurred_on: Timestamp,
    ) -> Result<(Erased, Header<'a>), Unreadable> {
        let codec = written_as
            .codec()
            .ok_or_else(|| Unreadable::Event(format!("{written_as} is local: it has no wire form")))?;
        let walk = || Walk::new(&self.header.name, written_as.topic().unwrap_or_default(), occurred_on);
        match self.body {
            Remaining::Whole { body, data, cloud_event } => {
                let source = self.whole(body, data, cloud_event, codec.layout(), occurred_on);
                let event =
                    codec.decode(source).map_err(|error| Unreadable::Event(describe(&error, codec.layout())))?;
                Ok((event, self.header.clone()))
            }
            Remaining::AfterHead { rest, .. } if !is_own_topic(codec.layout(), &self.header) => {
                self.walked(codec, Object::new(rest).as_str(), self.after_head(walk()))
            }
            Remaining::Unread { body, .. } | Remaining::AfterHead { body, .. } => self.walked(codec, body, walk()),
        }
    }

    /// A body of which all has been looked at, as `layout` wants it.
    fn whole<'b>(
        &self,
        body: &'b str,
        data: Option<&'b RawValue>,
        cloud_event: bool,
        layout: Layout,
        occurred_on: Timestamp,
    ) -> Source<'b, 'b> {
        match layout {
            Layout::Flat { own, .. } if !cloud_event => {
                Source::Flat { body, own, occurred_on: self.header.occurred_on.unwrap_or(occurred_on) }
            }
            _ => Source::Alone(data.map_or("null", RawValue::get)),
        }
    }

    /// The event of a body of which all has been looked at, with all that serde says, which may quote the body: for
    /// whoever has just written it.
    #[cfg(feature = "cli")]
    pub(crate) fn decode(&self, codec: &Codec, occurred_on: Timestamp) -> serde_json::Result<Erased> {
        codec.decode(match self.body {
            Remaining::Whole { body, data, cloud_event } => {
                self.whole(body, data, cloud_event, codec.layout(), occurred_on)
            }
            _ => Source::Alone("null"),
        })
    }

    /// With what stood in the head.
    fn after_head<'w>(&self, mut walk: Walk<'w>) -> Walk<'w> {
        let Header { version, event_id, occurred_on, topic, .. } = &self.header;
        let there = [
            (Key::Type, true),
            (Key::Version, version.is_some()),
            (Key::Id, event_id.is_some()),
            (Key::OccurredOn, occurred_on.is_some()),
            (Key::Topic, topic.is_some()),
        ];
        for (key, _) in there.into_iter().filter(|(_, is_there)| *is_there) {
            walk.see(key);
        }
        walk.occurred_on = *occurred_on;
        walk
    }

    fn walked(&self, codec: &Codec, body: &str, mut walk: Walk<'_>) -> Result<(Erased, Header<'a>), Unreadable> {
        let source = Source::Walk { body, layout: codec.layout(), walk: &mut walk };
        let event = codec.decode(source).map_err(|_| Unreadable::NotInPassing)?;
        let may_lack_it = matches!(self.body, Remaining::Unread { named: Named::Beside, .. });
        if !walk.is_as_guessed(may_lack_it) {
            return Err(Unreadable::NotInPassing);
        }
        let known = &self.header;
        let header = Header {
            name: known.name.clone(),
            version: walk.version.or(known.version),
            event_id: walk.event_id.or_else(|| known.event_id.clone()),
            occurred_on: walk.occurred_on.or(known.occurred_on),
            topic: walk.topic.or_else(|| known.topic.clone()),
        };
        Ok((event, header))
    }
}

/// Whether what stands in the head as the topic is the event's as well.
fn is_own_topic(layout: Layout, header: &Header<'_>) -> bool {
    matches!(layout, Layout::Flat { own, .. } if own.contains(&TOPIC)) && header.topic.is_some()
}

/// Most bytes of memory that a thread keeps for the bodies to come.
const KEPT: usize = 64 * 1024;

thread_local! {
    static OBJECT: Cell<String> = const { Cell::new(String::new()) };
}

/// The rest of an object, with its opening brace again: serde cannot begin within one, and a copy is far cheaper than
/// reading the head once more.
struct Object(String);

impl Object {
    fn new(rest: &str) -> Self {
        // An event that is read within another finds nothing here, and takes memory of its own.
        let mut object = OBJECT.take();
        object.clear();
        object.push('{');
        object.push_str(rest);
        Self(object)
    }

    fn as_str(&self) -> &str {
        &self.0
    }
}

impl Drop for Object {
    fn drop(&mut self) {
        if self.0.capacity() <= KEPT {
            OBJECT.set(std::mem::take(&mut self.0));
        }
    }
}

/// The key that serde found twice, in backticks: one of those that the event's type declares, so no secret.
pub(super) fn twice(error: &serde_json::Error) -> Option<String> {
    let text = error.to_string();
    let key = text.strip_prefix("duplicate field `")?.split_once('`')?.0;
    Some(format!("`{key}`"))
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
