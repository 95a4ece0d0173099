//! Reads an event out of an object that holds the envelope as well: the envelope's keys are kept from it, so that a
//! `#[serde(flatten)]` map does not catch them, and the event's own `occurred_on` is given in the form its type reads.

use std::borrow::Cow;
use std::fmt;

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, IntoDeserializer, MapAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::header::OCCURRED_ON;
use super::moment::Moment;
use super::text::Text;
use super::topic::Topic;
use super::walk::{Key, Walk};
use crate::Timestamp;

/// A deserializer of the event within a flat body.
pub(crate) struct Flat<'m, 'w, D> {
    inner: D,
    own: &'static [&'static str],
    envelope: Envelope<'m, 'w>,
}

/// The envelope around the event.
enum Envelope<'m, 'w> {
    /// It has been read: this is when the event happened.
    Read(Timestamp),
    /// It is read in the same pass.
    Among(&'m mut Walk<'w>),
}

impl<'m, 'w, D> Flat<'m, 'w, D> {
    /// Of a body whose envelope has been read.
    pub(crate) fn new(inner: D, own: &'static [&'static str], occurred_on: Timestamp) -> Self {
        Self { inner, own, envelope: Envelope::Read(occurred_on) }
    }

    /// For a body whose envelope is read in the same pass.
    pub(crate) fn walking(inner: D, own: &'static [&'static str], walk: &'m mut Walk<'w>) -> Self {
        Self { inner, own, envelope: Envelope::Among(walk) }
    }
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Flat<'_, '_, D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        let Self { inner, own, envelope } = self;
        inner.deserialize_map(Keys { visitor, own, envelope })
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

struct Keys<'m, 'w, T> {
    visitor: T,
    own: &'static [&'static str],
    envelope: Envelope<'m, 'w>,
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Keys<'_, '_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.visitor.expecting(f)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        let Self { visitor, own, envelope } = self;
        visitor.visit_map(OwnEntries { map, own, envelope, has_occurred_on: false, next: Next::InMap })
    }
}

/// The entries of a map that are the event's.
struct OwnEntries<'de, 'm, 'w, A> {
    map: A,
    own: &'static [&'static str],
    envelope: Envelope<'m, 'w>,
    has_occurred_on: bool,
    next: Next<'de>,
}

/// The value that belongs to the key that was given last.
enum Next<'de> {
    InMap,
    OccurredOn,
    /// The event's own topic, which is the envelope's too.
    Topic(Cow<'de, str>),
}

impl<'de, A: MapAccess<'de>> OwnEntries<'de, '_, '_, A> {
    /// Takes a key of the envelope. Returns whether the event should see the key.
    fn is_for_event(&mut self, name: &str) -> Result<bool, A::Error> {
        let Some(key) = Key::of(name) else { return Ok(true) };
        let is_own = || self.own.contains(&name);
        match &mut self.envelope {
            Envelope::Read(_) if !key.is_reserved() => return Ok(true),
            Envelope::Read(_) if !is_own() => {
                self.map.next_value::<IgnoredAny>()?;
                return Ok(false);
            }
            Envelope::Read(_) => {}
            Envelope::Among(walk) => {
                if !walk.see(key) {
                    return Err(A::Error::custom("a key that came before"));
                }
                if !key.is_reserved() {
                    return Ok(true);
                }
                let topic = walk.take(key, &mut self.map)?;
                if !is_own() {
                    return Ok(false);
                }
                if let Some(topic) = topic {
                    self.next = Next::Topic(topic);
                }
            }
        }
        if key == Key::OccurredOn {
            if self.has_occurred_on {
                return Err(A::Error::duplicate_field(OCCURRED_ON));
            }
            if let Envelope::Read(_) = self.envelope {
                self.map.next_value::<IgnoredAny>()?;
            }
            self.has_occurred_on = true;
            self.next = Next::OccurredOn;
        }
        Ok(true)
    }

    fn occurred_on(&self) -> Timestamp {
        match &self.envelope {
            Envelope::Read(at) => *at,
            Envelope::Among(walk) => walk.occurred_on.unwrap_or(walk.fallback),
        }
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for OwnEntries<'de, '_, '_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        loop {
            let Some(Text(name)) = self.map.next_key::<Text<'de>>()? else {
                // Taken off with the head, or left out by its producer: then it is what was taken for it.
                if self.own.contains(&OCCURRED_ON) && !self.has_occurred_on {
                    self.has_occurred_on = true;
                    self.next = Next::OccurredOn;
                    return seed.deserialize(OCCURRED_ON.into_deserializer()).map(Some);
                }
                return Ok(None);
            };
            if self.is_for_event(&name)? {
                return match name {
                    Cow::Borrowed(name) => seed.deserialize(BorrowedStrDeserializer::new(name)),
                    Cow::Owned(name) => seed.deserialize(name.into_deserializer()),
                }
                .map(Some);
            }
        }
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        match std::mem::replace(&mut self.next, Next::InMap) {
            Next::InMap => self.map.next_value_seed(seed),
            Next::OccurredOn => seed.deserialize(Moment::new(self.occurred_on())),
            Next::Topic(topic) => seed.deserialize(Topic::new(topic)),
        }
    }
}
