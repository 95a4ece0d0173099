//! The identity of one occurrence of an event, the same through every retry and redelivery.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;
use uuid::fmt::Hyphenated;

use crate::Timestamp;

/// The identity of one occurrence of an event.
///
/// Made once, when `publish` is called, as a UUID v7 (so ids sort by time), and carried in the message body: publish
/// retries, redeliveries and redrives keep it, unlike the message ids of SNS and SQS. Use it for deduplication.
/// Events written by other producers may have ids of any other form; those are kept unchanged.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(Form);

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Form {
    Uuid(Uuid),
    Text(Arc<str>),
}

impl EventId {
    /// A new unique id, which sorts after all ids made earlier in this process.
    #[must_use]
    pub fn new() -> Self {
        Self::made_at(Timestamp::now())
    }

    /// A new id for what is published now, as whoever asks has just read the clock.
    pub(crate) fn made_at(now: Timestamp) -> Self {
        Self(Form::Uuid(LAST.lock().unwrap_or_else(PoisonError::into_inner).next(now)))
    }

    /// The text of an id of our own making, or of one that looks so.
    pub(crate) fn hyphenated<'a>(&self, to: &'a mut [u8; Hyphenated::LENGTH]) -> Option<&'a str> {
        match &self.0 {
            Form::Uuid(id) => Some(id.hyphenated().encode_lower(to)),
            Form::Text(_) => None,
        }
    }

    /// The id with this text: a UUID, or any other text unchanged.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        Self::canonical(text).unwrap_or_else(|| Self(Form::Text(text.into())))
    }

    /// The UUID that `text` spells canonically: what was written must come back out the same.
    pub(crate) fn canonical(text: &str) -> Option<Self> {
        let text: &[u8; Hyphenated::LENGTH] = text.as_bytes().try_into().ok()?;
        // Of all that a UUID is spelled with, only the large letters lack this bit.
        let is_small = text.iter().fold(0x20, |all, byte| all & byte) != 0;
        Uuid::try_parse_ascii(text).ok().filter(|_| is_small).map(Self::of_uuid)
    }

    pub(crate) fn of_uuid(id: Uuid) -> Self {
        Self(Form::Uuid(id))
    }

    /// As text, which `f` is given.
    fn with_text<T>(&self, f: impl FnOnce(&str) -> T) -> T {
        match &self.0 {
            Form::Uuid(id) => f(id.hyphenated().encode_lower(&mut Uuid::encode_buffer())),
            Form::Text(text) => f(text),
        }
    }

    /// The same as `to_string`, without going through a formatter.
    pub(crate) fn to_text(&self) -> String {
        self.with_text(str::to_owned)
    }
}

/// The last id that was made in this process.
static LAST: Mutex<Last> = Mutex::new(Last { millis: None, id: Uuid::nil() });

#[derive(Clone, Copy)]
struct Last {
    millis: Option<u64>,
    id: Uuid,
}

impl Last {
    /// The first id of a millisecond is random in all but its time; each further one is the successor of the last, as
    /// RFC 9562 allows (6.2, method 2). So the system is asked for randomness once in a millisecond at most: that takes
    /// as long as writing half an event.
    fn next(&mut self, now: Timestamp) -> Uuid {
        let now = u64::try_from(now.unix_millis()).unwrap_or_default();
        let at = match self.millis {
            // A clock that was put back must not put ids back.
            Some(last) if now <= last => {
                let id = self.id.as_u128();
                if id & COUNTED != COUNTED {
                    self.id = Uuid::from_u128(id + 1);
                    return self.id;
                }
                last + 1
            }
            _ => now,
        };
        let moment = uuid::Timestamp::from_unix(uuid::NoContext, at / 1_000, (at % 1_000) as u32 * 1_000_000);
        *self = Self { millis: Some(at), id: Uuid::new_v7(moment) };
        self.id
    }
}

/// The bits behind the variant: successors differ in no others.
const COUNTED: u128 = (1 << 62) - 1;

impl Default for EventId {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Form::Uuid(id) => id.hyphenated().fmt(f),
            Form::Text(text) => f.write_str(text),
        }
    }
}

impl fmt::Debug for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for EventId {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.with_text(|text| to.serialize_str(text))
    }
}

impl<'de> Deserialize<'de> for EventId {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Self::from_text(&std::borrow::Cow::<str>::deserialize(from)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Last = Last { millis: None, id: Uuid::nil() };

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_unix_millis(millis).unwrap()
    }

    fn millis(id: Uuid) -> u64 {
        let (seconds, nanos) = id.get_timestamp().unwrap().to_unix();
        seconds * 1_000 + u64::from(nanos / 1_000_000)
    }

    #[test]
    fn ids_grow_whatever_the_clock_does() {
        let mut last = NONE;
        let ids = [-1, 5, 5, 5, 7, 6, 7, 8, -1].map(|millis| last.next(at(millis)));
        assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
        assert!(ids.iter().all(|id| id.get_version_num() == 7 && id.get_variant() == uuid::Variant::RFC4122));
        assert_eq!(ids.map(millis), [0, 5, 5, 5, 7, 7, 7, 8, 8]);
    }

    #[test]
    fn a_millisecond_whose_ids_are_used_up_is_followed_by_the_next() {
        let mut last = NONE;
        let used_up = Uuid::from_u128(last.next(at(5)).as_u128() | COUNTED);
        last.id = used_up;
        let next = last.next(at(5));
        assert!(next > used_up);
        assert_eq!((next.get_version_num(), millis(next)), (7, 6));
    }

    #[test]
    fn each_millisecond_begins_anywhere() {
        let [mut one, mut other] = [NONE; 2];
        assert_ne!(one.next(at(5)), other.next(at(5)), "two processes in one millisecond");
    }
}
