//! An event's own `occurred_on`: written once, where the envelope has it and as the envelope writes it, and given back to
//! the event in the form that its type reads.

use std::fmt;
use std::marker::PhantomData;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::de::value::MapDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::value::RawValue;

use super::header::OCCURRED_ON;
use crate::Timestamp;

/// What serde makes of a `SystemTime`.
const SYSTEM_TIME: [&str; 2] = ["secs_since_epoch", "nanos_since_epoch"];

/// The JSON object that the event is, without its own `occurred_on`. `None` if that could not be read back: it is neither
/// text nor a `SystemTime`.
pub(super) fn take_out(object: &[u8]) -> serde_json::Result<Option<Vec<u8>>> {
    let entries: Entries<'_> = serde_json::from_slice(object)?;
    let mut rest = Vec::with_capacity(object.len());
    rest.push(b'{');
    for (key, value) in entries.0 {
        if key == OCCURRED_ON {
            let is_system_time = value.get().starts_with('{') && value.get().contains(SYSTEM_TIME[0]);
            if !value.get().starts_with('"') && !is_system_time {
                return Ok(None);
            }
            continue;
        }
        if rest.len() > 1 {
            rest.push(b',');
        }
        serde_json::to_writer(&mut rest, &key)?;
        rest.push(b':');
        rest.extend_from_slice(value.get().as_bytes());
    }
    rest.push(b'}');
    Ok(Some(rest))
}

/// The entries of an object, in their order.
struct Entries<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> serde::Deserialize<'de> for Entries<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct InOrder<'a>(PhantomData<&'a ()>);
        impl<'de: 'a, 'a> Visitor<'de> for InOrder<'a> {
            type Value = Entries<'a>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries<'a>, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        from.deserialize_map(InOrder(PhantomData))
    }
}

/// A moment, as text or as a `SystemTime`, whichever is asked for.
pub(super) struct Moment<E> {
    at: Timestamp,
    error: PhantomData<E>,
}

impl<E> Moment<E> {
    pub(super) fn new(at: Timestamp) -> Self {
        Self { at, error: PhantomData }
    }
}

impl<'de, E: Error> Deserializer<'de> for Moment<E> {
    type Error = E;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, E> {
        visitor.visit_string(self.at.to_string())
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, E> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, E> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, E> {
        if fields != SYSTEM_TIME {
            return self.deserialize_any(visitor);
        }
        let since = SystemTime::from(self.at).duration_since(UNIX_EPOCH);
        let since = since.map_err(|_| E::custom("a moment before 1970 cannot be read as a `SystemTime`"))?;
        let [secs, nanos] = SYSTEM_TIME;
        let values = [(secs, since.as_secs()), (nanos, u64::from(since.subsec_nanos()))];
        visitor.visit_map(MapDeserializer::new(values.into_iter()))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        seq tuple tuple_struct map enum identifier ignored_any
    }
}
