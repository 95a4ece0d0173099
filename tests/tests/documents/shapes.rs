//! Events of every shape that serde can give them, with and without a `JsonSchema` of their own.
#![allow(dead_code, reason = "they are described, and some of them written")]

use std::collections::BTreeMap;

use melange::{Event, EventId, Timestamp, subscriber, subscribers};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Both of these are described; the second by its fields' types alone.
macro_rules! twins {
    ($derived:ident, $plain:ident, $fields:tt, $example:tt) => {
        /// Renamed.
        #[derive(Serialize, Deserialize, JsonSchema, Event)]
        #[serde(rename_all = "camelCase")]
        #[event(topic = "shapes", example = Self $example)]
        pub(crate) struct $derived $fields

        /// Renamed.
        #[derive(Serialize, Deserialize, Event)]
        #[serde(rename_all = "camelCase")]
        #[event(topic = "shapes", example = Self $example)]
        pub(crate) struct $plain $fields
    };
}

twins! {
    Renamed, RenamedPlain,
    {
        order_id: String,
        #[serde(rename = "sum")]
        total_cents: u64,
        #[serde(skip)]
        secret: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        note: Option<String>,
        /// As it is.
        #[serde(default)]
        size: u8,
        at: Timestamp,
        id: EventId,
    },
    {
        order_id: "o".into(),
        total_cents: 1,
        secret: "s".into(),
        note: None,
        size: 3,
        at: "2026-01-01T00:00:00Z".parse().unwrap(),
        id: EventId::from_text("e"),
    }
}

/// A number that serde writes as text: its type does not say so.
#[derive(Serialize, Deserialize, Event)]
#[event(topic = "shapes", example = Self { odd: 4 })]
pub(crate) struct Custom {
    #[serde(with = "text")]
    odd: i32,
}

mod text {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(number: &i32, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(number)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<i32, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Flattened, into an object that refuses what it does not know.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
#[event(topic = "shapes", example = Self { id: 1, way: Way::Post { street: "A".into() }, more: BTreeMap::new() })]
pub(crate) struct Flattened {
    id: u32,
    #[serde(flatten)]
    way: Way,
    #[serde(flatten)]
    more: BTreeMap<String, String>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
enum Way {
    Post { street: String },
    Shop(u8),
}

/// Its topic and its moment are its own.
#[derive(Serialize, Deserialize, Event)]
#[event(topic = "shapes", example = Self { topic: "elsewhere".into(), occurred_on: Timestamp::from_unix_millis(0).unwrap() })]
pub(crate) struct Routed {
    #[event(topic)]
    topic: String,
    #[event(occurred_on)]
    occurred_on: Timestamp,
}

/// A tree, whose type says so by its own name and by `Self`.
#[derive(Default, Serialize, Deserialize, Event)]
#[event(topic = "shapes", example = Tree { children: vec![Tree::default()], other: Some(Box::new(Tree::default())) })]
pub(crate) struct Tree {
    children: Vec<Tree>,
    other: Option<Box<Self>>,
}

/// The same, with a schema.
#[derive(Default, Serialize, Deserialize, JsonSchema, Event)]
#[event(topic = "shapes", example = Forest { children: vec![Forest::default()] })]
pub(crate) struct Forest {
    children: Vec<Forest>,
}

/// A type with a name that no document may have.
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Page<{T}>/~")]
pub(crate) struct Page<T> {
    items: Vec<T>,
}

#[derive(Serialize, Deserialize, JsonSchema, Event)]
#[event(topic = "shapes", example = Self { page: Page { items: vec![1] }, other: Page { items: Vec::new() } })]
pub(crate) struct Paged {
    page: Page<u8>,
    other: Page<String>,
}

#[derive(Serialize, Deserialize, Event)]
#[event(topic = "shapes", example = Self("x".into()))]
pub(crate) struct Wrapped(String);

#[derive(Serialize, Deserialize, Event)]
#[event(topic = "shapes", example = Self(1, Unknown))]
pub(crate) struct Pair(i8, Unknown);

/// Says nothing of itself.
#[derive(Serialize, Deserialize)]
pub(crate) struct Unknown;

#[derive(Serialize, Deserialize, Event)]
#[event(topic = "shapes", example = Self)]
pub(crate) struct Nothing;

/// A choice.
#[derive(Serialize, Deserialize, Event)]
#[event(topic = "shapes", example = Self::Left, example = Self::Right { by: 2 })]
pub(crate) enum Choice {
    /// That way.
    Left,
    Right {
        by: u8,
    },
}

#[derive(Clone, Serialize, Deserialize, Event)]
#[serde(into = "String", from = "String")]
#[event(topic = "shapes", example = Self { inner: 7 })]
pub(crate) struct Odd {
    inner: u32,
}

impl From<Odd> for String {
    fn from(odd: Odd) -> Self {
        odd.inner.to_string()
    }
}

impl From<String> for Odd {
    fn from(text: String) -> Self {
        Self { inner: text.len().try_into().unwrap_or_default() }
    }
}

/// Types of the standard library, as serde writes each.
#[derive(Serialize, Deserialize, Event)]
#[event(topic = "shapes", example = Self {
    twice: Some(None),
    wide: u128::from(u64::MAX),
    signed: i64::MIN,
    array: [1, 2, 3],
    pair: (1, "x".into()),
    borrowed: "x".into(),
    boxed: Box::new(Some(1)),
    by_number: BTreeMap::from([(7, true)]),
    by_letter: BTreeMap::from([('a', 1.5)]),
    by_yes: BTreeMap::from([(true, 1)]),
    took: std::time::Duration::from_millis(1500),
    result: Err("no".into()),
    span: 1..3,
    bound: std::ops::Bound::Unbounded,
    ip: "::1".parse().unwrap(),
    nothing: (),
    any: serde_json::json!([null]),
    set: std::collections::BTreeSet::from(["a".into()]),
    path: "a/b".into(),
    count: std::num::NonZeroU8::MIN,
})]
pub(crate) struct Standard {
    twice: Option<Option<u8>>,
    wide: u128,
    signed: i64,
    array: [u8; 3],
    pair: (u8, String),
    borrowed: std::borrow::Cow<'static, str>,
    boxed: Box<Option<u8>>,
    by_number: BTreeMap<u32, bool>,
    by_letter: BTreeMap<char, f64>,
    by_yes: BTreeMap<bool, u8>,
    took: std::time::Duration,
    result: Result<u8, String>,
    span: std::ops::Range<i8>,
    bound: std::ops::Bound<u8>,
    ip: std::net::IpAddr,
    nothing: (),
    any: serde_json::Value,
    set: std::collections::BTreeSet<String>,
    path: std::path::PathBuf,
    count: std::num::NonZeroU8,
}

/// Its places are not all on the wire.
#[derive(Serialize, Deserialize, Event)]
#[event(topic = "shapes", example = Self(1, 2, "x".into()))]
pub(crate) struct Skipping(u8, #[serde(skip)] u16, String);

/// Its name on the wire is beside its fields.
#[derive(Serialize, Deserialize, Event)]
#[serde(tag = "kind", rename = "tagged-struct")]
#[event(topic = "shapes", example = Self { a: 1, b: 2 })]
pub(crate) struct TaggedStruct {
    #[serde(rename(serialize = "A"), alias = "A")]
    a: u8,
    #[serde(skip_deserializing)]
    b: u8,
}

macro_rules! listen {
    ($($name:ident: $event:ty),* $(,)?) => {
        $(
            #[subscriber(listens_to = $event, queue = "shapes")]
            async fn $name() {}
        )*

        pub(crate) fn documents() -> melange::documents::Documents {
            melange::Registry::of(subscribers![$($name),*]).documents().title("Shapes")
        }
    };
}

listen! {
    renamed: Renamed, renamed_plain: RenamedPlain,
    custom: Custom, flattened: Flattened, routed: Routed, tree: Tree, forest: Forest, paged: Paged,
    standard: Standard, skipping: Skipping, tagged_struct: TaggedStruct,
    wrapped: Wrapped, pair: Pair, nothing: Nothing, choice: Choice, odd: Odd,
}
