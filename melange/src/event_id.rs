//! The identity of one occurrence of an event, the same through every retry and redelivery.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

/// The identity of one occurrence of an event.
///
/// Made once, when `publish` is called, as a UUID v7 (so ids sort by time), and carried in the message's body: publish
/// retries, redeliveries and redrives keep it, unlike the message ids of SNS and SQS. It is what to deduplicate by.
/// Events written by others may bring ids of any other form; those are kept as they came.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(Form);

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Form {
    Uuid(Uuid),
    Text(Arc<str>),
}

impl EventId {
    /// A new id, unlike any other, later in order than those made before it in this process.
    #[must_use]
    pub fn new() -> Self {
        Self(Form::Uuid(Uuid::now_v7()))
    }

    /// The id that `text` spells: a UUID, or any other text as it stands.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        match Uuid::try_parse(text) {
            // Only the canonical spelling: what was written must come back out the same.
            Ok(id) if id.hyphenated().encode_lower(&mut Uuid::encode_buffer()) == text => Self(Form::Uuid(id)),
            _ => Self(Form::Text(text.into())),
        }
    }

    pub(crate) fn of_uuid(id: Uuid) -> Self {
        Self(Form::Uuid(id))
    }

    /// As text, which `f` is given.
    pub(crate) fn with_text<T>(&self, f: impl FnOnce(&str) -> T) -> T {
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
