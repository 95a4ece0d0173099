//! What serde may say of an event: names, other shapes, other types.
#![forbid(unsafe_code)]
#![deny(missing_docs, warnings)]

use std::collections::BTreeMap;
use std::marker::PhantomData;

use melange::Event;
use serde::{Deserialize, Serialize};

/// Names, defaults, and fields that are left out.
#[derive(Debug, Serialize, Deserialize, Event)]
#[serde(rename = "Renamed", rename_all = "camelCase", default, bound(serialize = "", deserialize = ""))]
#[event(topic = "orders")]
pub struct Named {
    /// A key under two names.
    #[serde(rename = "ID", alias = "Id")]
    #[event(key, attribute)]
    pub the_id: String,
    /// Never on the wire, so it may be called like the envelope's.
    #[serde(skip, alias = "topic")]
    pub event_id: u8,
    /// Only sometimes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maybe: Option<u8>,
    /// By functions.
    #[serde(with = "as_text")]
    pub number: u8,
    /// Of no size.
    pub nothing: PhantomData<&'static str>,
}

impl Default for Named {
    fn default() -> Self {
        Self { the_id: "1".into(), event_id: 0, maybe: None, number: 0, nothing: PhantomData }
    }
}

mod as_text {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(number: &u8, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&number.to_string())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u8, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A part of others.
#[derive(Debug, Serialize, Deserialize)]
pub struct Part {
    /// A field.
    pub a: u8,
}

/// With parts.
#[derive(Debug, Serialize, Deserialize, Event)]
#[serde(tag = "kind")]
#[event(topic = "orders")]
pub struct WithParts {
    /// Its fields.
    #[serde(flatten)]
    pub part: Part,
    /// The rest.
    #[serde(flatten)]
    pub rest: BTreeMap<String, String>,
}

/// Tagged.
#[derive(Debug, Serialize, Deserialize, Event)]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase", deny_unknown_fields)]
#[event(topic = "orders")]
pub enum Tagged {
    /// With a name of the envelope, which is not in the same object.
    One {
        /// An id.
        event_id: String,
    },
    /// Anything else.
    #[serde(other)]
    Two,
}

/// Beside its content.
#[derive(Debug, Serialize, Deserialize, Event)]
#[serde(tag = "topic", content = "occurred_on")]
#[event(topic = "orders")]
pub enum Adjacent {
    /// A value.
    One(u8),
}

/// Without a tag.
#[derive(Debug, Serialize, Deserialize, Event)]
#[serde(untagged)]
#[event(topic = "orders")]
pub enum Untagged {
    /// A number.
    One(u8),
    /// A text.
    Two(String),
}

/// As what it holds.
#[derive(Debug, Serialize, Deserialize, Event)]
#[serde(transparent)]
#[event(topic = "orders")]
pub struct Transparent {
    /// Not a field of the JSON.
    #[event(key)]
    pub topic: String,
}

/// By way of another type.
#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[serde(try_from = "String", into = "String")]
#[event(topic = "orders")]
pub struct ByText {
    /// Not a field of the JSON.
    #[event(key)]
    pub event_id: String,
}

impl From<ByText> for String {
    fn from(event: ByText) -> Self {
        event.event_id
    }
}

impl TryFrom<String> for ByText {
    type Error = std::convert::Infallible;

    fn try_from(event_id: String) -> Result<Self, Self::Error> {
        Ok(Self { event_id })
    }
}

/// Whose references are not read by their type.
#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(topic = "orders")]
pub struct Lasting {
    /// Not read at all.
    #[serde(skip)]
    pub skipped: &'static str,
    /// One of a few.
    #[serde(deserialize_with = "currency")]
    pub currency: &'static Currency,
}

/// One of a few.
#[derive(Debug, Serialize)]
pub struct Currency(pub u16);

static EURO: Currency = Currency(978);

fn currency<'de, D: serde::Deserializer<'de>>(from: D) -> Result<&'static Currency, D::Error> {
    u16::deserialize(from).map(|_| &EURO)
}

/// Not an event.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Changed<T> {
    /// What to.
    pub to: T,
}

/// One of a generic type.
#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(topic = "users")]
pub struct UserChanged(pub Changed<String>);

fn main() {
    let bus = melange::EventBus::builder().linked().build().unwrap();
    drop(bus);
    let serializer = melange::EventSerializer::linked().unwrap();
    let json = serializer.serialize(&Named::default()).unwrap();
    assert!(json.contains(r#""ID":"1""#) && json.contains(r#""number":"0""#), "{json}");
    let back: Named = serializer.deserialize(&json).unwrap().downcast().unwrap();
    assert_eq!((back.the_id.as_str(), back.maybe), ("1", None));
}
