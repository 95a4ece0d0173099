//! Reads an event out of an object that holds the envelope as well: the envelope's keys are passed over, so that a
//! `#[serde(flatten)]` map does not catch them, and the event's own `occurred_on` is given in the form its type reads.

use std::fmt;

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, IntoDeserializer, MapAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::header::{ELSEWHERE, OCCURRED_ON, RESERVED};
use super::moment::Moment;
use crate::Timestamp;

/// A deserializer of the event within a flat body.
pub(crate) struct Flat<D> {
    inner: D,
    own: &'static [&'static str],
    occurred_on: Timestamp,
    headless: bool,
}

impl<D> Flat<D> {
    pub(crate) fn new(inner: D, own: &'static [&'static str], occurred_on: Timestamp) -> Self {
        Self { inner, own, occurred_on, headless: false }
    }

    /// Of a body whose head was taken off: more of the envelope is an error, as is what only a look at the whole body can
    /// judge.
    pub(crate) fn headless(inner: D, own: &'static [&'static str], occurred_on: Timestamp) -> Self {
        Self { inner, own, occurred_on, headless: true }
    }
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Flat<D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        let Self { inner, own, occurred_on, headless } = self;
        inner.deserialize_map(Keys { visitor, own, occurred_on, headless })
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

struct Keys<T> {
    visitor: T,
    own: &'static [&'static str],
    occurred_on: Timestamp,
    headless: bool,
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Keys<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.visitor.expecting(f)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        let Self { visitor, own, occurred_on, headless } = self;
        let elsewhere = headless.then_some(0);
        visitor.visit_map(OwnEntries {
            map,
            own,
            occurred_on,
            seen_occurred_on: false,
            at_occurred_on: false,
            elsewhere,
        })
    }
}

/// The entries of a map that are the event's.
struct OwnEntries<A> {
    map: A,
    own: &'static [&'static str],
    occurred_on: Timestamp,
    seen_occurred_on: bool,
    at_occurred_on: bool,
    /// Where the head was taken off: the keys so far that mean something in other formats, a bit for each.
    elsewhere: Option<u8>,
}

impl<A> OwnEntries<A> {
    /// Whether a key, after the head, is one that the whole body has to be looked at for: one of the envelope, or one that
    /// no format allows twice.
    fn needs_a_look(&mut self, name: &str) -> bool {
        let Some(seen) = &mut self.elsewhere else { return false };
        if RESERVED.contains(&name) {
            return true;
        }
        let Some(place) = ELSEWHERE.iter().position(|key| *key == name) else { return false };
        let bit = 1 << place;
        let twice = *seen & bit != 0;
        *seen |= bit;
        twice
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for OwnEntries<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        loop {
            let Some(key) = self.map.next_key::<Key<'de>>()? else {
                // A producer that left it out: the event's field is filled with what was taken for it.
                if self.own.contains(&OCCURRED_ON) && !self.seen_occurred_on {
                    self.seen_occurred_on = true;
                    self.at_occurred_on = true;
                    return seed.deserialize(OCCURRED_ON.into_deserializer()).map(Some);
                }
                return Ok(None);
            };
            let name = key.as_str();
            if self.needs_a_look(name) {
                return Err(A::Error::custom("more of the envelope after its head"));
            }
            if RESERVED.contains(&name) && !self.own.contains(&name) {
                self.map.next_value::<IgnoredAny>()?;
                continue;
            }
            if name == OCCURRED_ON {
                if self.seen_occurred_on {
                    return Err(A::Error::duplicate_field(OCCURRED_ON));
                }
                self.seen_occurred_on = true;
                self.at_occurred_on = true;
                self.map.next_value::<IgnoredAny>()?;
            }
            return match key {
                Key::Borrowed(name) => seed.deserialize(BorrowedStrDeserializer::new(name)),
                Key::Owned(name) => seed.deserialize(name.into_deserializer()),
            }
            .map(Some);
        }
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        if std::mem::take(&mut self.at_occurred_on) {
            return seed.deserialize(Moment::new(self.occurred_on));
        }
        self.map.next_value_seed(seed)
    }
}

enum Key<'de> {
    Borrowed(&'de str),
    Owned(String),
}

impl Key<'_> {
    fn as_str(&self) -> &str {
        match self {
            Self::Borrowed(name) => name,
            Self::Owned(name) => name,
        }
    }
}

impl<'de> serde::Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl<'de> Visitor<'de> for KeyVisitor {
            type Value = Key<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }
            fn visit_borrowed_str<E: Error>(self, name: &'de str) -> Result<Key<'de>, E> {
                Ok(Key::Borrowed(name))
            }
            fn visit_str<E: Error>(self, name: &str) -> Result<Key<'de>, E> {
                Ok(Key::Owned(name.to_owned()))
            }
        }
        from.deserialize_str(KeyVisitor)
    }
}
