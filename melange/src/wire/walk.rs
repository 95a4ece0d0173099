//! The walk: one pass over a body, for its event and for the keys of the envelope among or next to the event's fields.
//!
//! It begins with a guess: the event's type, by the name that was found first. Anything that contradicts the guess, or
//! is not as Melange writes it, ends the walk with an error that says nothing about the body: then the careful reader
//! reads it. The walk and the careful reader give the same result.

use std::borrow::Cow;

use serde::de::{Error, MapAccess};

use super::header::{DATA, ID, OCCURRED_ON, TOPIC, TYPE, VERSION};
use super::text::Text;
use crate::{EventId, Timestamp};

/// The envelope's keys, and those of other formats. No body may have one of them twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    Type,
    Id,
    Version,
    OccurredOn,
    Topic,
    Data,
    /// Of CloudEvents, which no walk reads.
    SpecVersion,
    Kind,
    ForeignId,
    Time,
    ForeignVersion,
}

impl Key {
    pub(super) fn of(name: &str) -> Option<Self> {
        Some(match name {
            TYPE => Self::Type,
            ID => Self::Id,
            VERSION => Self::Version,
            OCCURRED_ON => Self::OccurredOn,
            TOPIC => Self::Topic,
            DATA => Self::Data,
            "specversion" => Self::SpecVersion,
            "type" => Self::Kind,
            "id" => Self::ForeignId,
            "time" => Self::Time,
            "eventversion" => Self::ForeignVersion,
            _ => return None,
        })
    }

    /// Whether it is the envelope's own, and no field of an event but by permission.
    pub(super) fn is_reserved(self) -> bool {
        matches!(self, Self::Type | Self::Id | Self::Version | Self::OccurredOn | Self::Topic)
    }

    fn bit(self) -> u16 {
        1 << self as u16
    }
}

/// What a walk expects, and what of the envelope it has found.
#[derive(Debug)]
pub(crate) struct Walk<'w> {
    name: &'w str,
    usual_topic: &'static str,
    seen: u16,
    /// Stands in for one that the body lacks, in an event that has it as a field.
    pub(super) fallback: Timestamp,
    pub(super) event_id: Option<EventId>,
    pub(super) version: Option<u32>,
    pub(super) occurred_on: Option<Timestamp>,
    pub(super) topic: Option<Cow<'static, str>>,
}

impl<'w> Walk<'w> {
    /// For an event of this name, which mostly comes through this topic.
    pub(super) fn new(name: &'w str, usual_topic: &'static str, fallback: Timestamp) -> Self {
        Self { name, usual_topic, seen: 0, fallback, event_id: None, version: None, occurred_on: None, topic: None }
    }

    /// Notes this key, so that a duplicate is refused. False if it was seen before.
    pub(super) fn see(&mut self, key: Key) -> bool {
        let is_new = !self.has(key);
        self.seen |= key.bit();
        is_new
    }

    /// Whether the guess was right: the body contains its name, or may lack it and is not in another format.
    pub(super) fn is_as_guessed(&self, may_lack_its_name: bool) -> bool {
        self.has(Key::Type) || (may_lack_its_name && !self.has(Key::SpecVersion))
    }

    fn has(&self, key: Key) -> bool {
        self.seen & key.bit() != 0
    }

    /// The value of one of the envelope's keys, which comes next. Gives back the text of a topic, which may also be the
    /// event's.
    pub(super) fn take<'de, A: MapAccess<'de>>(
        &mut self,
        key: Key,
        map: &mut A,
    ) -> Result<Option<Cow<'de, str>>, A::Error> {
        if key == Key::Version {
            self.version = Some(map.next_value()?);
            return Ok(None);
        }
        let Text(text) = map.next_value()?;
        match key {
            Key::Type if text != self.name => return Err(A::Error::custom("another name than expected")),
            Key::Id if !text.is_empty() => self.event_id = Some(EventId::from_text(&text)),
            Key::OccurredOn => self.occurred_on = Some(text.parse().map_err(A::Error::custom)?),
            Key::Topic => {
                let is_usual = text == self.usual_topic;
                let topic = || Cow::Owned(text.as_ref().to_owned());
                self.topic = Some(if is_usual { Cow::Borrowed(self.usual_topic) } else { topic() });
                return Ok(Some(text));
            }
            _ => {}
        }
        Ok(None)
    }
}
