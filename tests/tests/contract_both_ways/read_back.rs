//! What can be read back, in all the forms that strangers give it.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::net::IpAddr;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::time::Duration;

use melange::contract::Contract;
use melange::{Event, EventId, Registry, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Note, Page, gate, yes};

/// What the gate knows of an event.
fn body<E: Event>() -> Value {
    let contract = Contract::of(&Registry::default().with::<E>()).unwrap().to_string();
    let contract: Value = serde_json::from_str(&contract).unwrap();
    contract["events"][0]["body"].clone()
}

#[derive(Serialize, Deserialize, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Key {
    One,
    Two,
}

#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct Id(u64);

#[derive(Serialize, Deserialize)]
struct Newtype(Vec<Id>);

#[derive(Serialize, Deserialize)]
struct Unit;

#[derive(Serialize, Deserialize)]
struct Tree {
    children: Vec<Tree>,
    parent: Option<Box<Tree>>,
}

#[derive(Serialize, Deserialize)]
enum Expr {
    Neg(Box<Expr>),
    Add(Box<Expr>, Box<Expr>),
    Num(f64),
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct Defaults {
    some_words: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    more_words: Vec<u8>,
    #[serde(skip)]
    never: u8,
}

#[derive(Serialize, Deserialize)]
struct Lenient {
    #[serde(rename(serialize = "n"), alias = "n")]
    name: u8,
    #[serde(skip_serializing)]
    note: Note,
    #[serde(skip_deserializing)]
    only_written: u8,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Untagged {
    Number(i64),
    Text(String),
    Both { number: i64 },
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "t", content = "c")]
enum Beside {
    A(u8),
    B { b: Option<u8> },
    C,
}

/// What would be lost, if it were not read under the other name, too.
#[derive(Serialize, Deserialize)]
struct Aliased {
    #[serde(rename(serialize = "a", deserialize = "b"), alias = "a")]
    name: Note,
    #[serde(default = "yes", rename(serialize = "on"), alias = "on")]
    active: bool,
}

static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);

fn next() -> u64 {
    NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
}

/// What is made anew wherever it is read is no value that could be lost; nor is what its type writes of its own accord.
#[derive(Serialize, Deserialize)]
struct MadeAnew {
    #[serde(skip_deserializing, default = "next")]
    number: u64,
    #[serde(skip_serializing, default = "next")]
    read: u64,
    #[serde(default = "next")]
    both: u64,
    #[serde(skip_deserializing)]
    written: u8,
    list: HashSet<u8>,
}

/// Read into another form than it came in, which is written from then on.
#[derive(Deserialize, Serialize)]
#[serde(from = "String")]
struct Normal(String);

impl From<String> for Normal {
    fn from(text: String) -> Self {
        Self(text.trim().to_uppercase())
    }
}

/// Written without what is secret.
#[derive(Deserialize)]
struct Secret(#[allow(dead_code, reason = "secret")] String);

impl Serialize for Secret {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("***")
    }
}

#[derive(Serialize, Deserialize)]
enum Open {
    Known,
    #[serde(other)]
    Other,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Loose {
    A { a: Option<u8> },
    B { b: Option<u8> },
}

events! {
    Kept { a: Aliased, b: MadeAnew, c: Normal, d: Secret, e: Open, f: Loose, g: Option<Option<Aliased>> }
    Numbers { a: u64, b: i64, c: u128, d: i128, e: f32, f: NonZeroU64, g: usize, h: isize, i: char, j: bool }
    Texts { a: String, b: Cow<'static, str>, c: Box<str>, d: Box<Path>, e: PathBuf, f: IpAddr, g: EventId, h: Timestamp }
    Times { a: chrono::DateTime<chrono::Utc>, b: chrono::NaiveDate, c: chrono::NaiveTime, d: chrono::NaiveDateTime, e: Duration,
        f: std::time::SystemTime, g: chrono::DateTime<chrono::FixedOffset> }
    Options { a: Option<Option<u8>>, b: Note, c: Option<Vec<Option<u8>>>, d: Box<Option<u8>> }
    Lists { a: [u8; 3], b: (u8, String), c: VecDeque<u8>, d: BTreeSet<Key>, e: HashSet<String>, f: Box<[u8]>, g: [String; 0], h: () }
    Maps { a: HashMap<u32, u8>, b: BTreeMap<Key, Vec<u8>>, c: HashMap<char, u8>, d: BTreeMap<String, BTreeMap<i64, u8>>, e: HashMap<bool, u8> }
    Types { a: Id, b: Newtype, c: Unit, d: Page<Page<Id>>, e: Box<Tree>, f: Expr, g: Value, h: Defaults, i: Lenient, j: Untagged, k: Beside }
    Results { a: Result<u8, String>, b: std::ops::Range<u8>, c: std::ops::Bound<u8> }
}

#[derive(Serialize, Deserialize, Event)]
#[event(topic = "things")]
struct FlatMap {
    id: u8,
    #[serde(flatten)]
    defaults: Defaults,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

#[derive(Serialize, Deserialize, Event)]
#[event(topic = "things")]
struct FlatEnum {
    id: u8,
    #[serde(flatten)]
    beside: Beside,
}

#[derive(Serialize, Deserialize, Event)]
#[event(topic = "things")]
enum Choice {
    A(Id),
    B(u8, String),
    C { c: Note },
    D,
}

#[test]
fn what_is_read_back_passes() {
    for (name, said) in [
        ("numbers", gate::<Numbers>()),
        ("texts", gate::<Texts>()),
        ("times", gate::<Times>()),
        ("options", gate::<Options>()),
        ("lists", gate::<Lists>()),
        ("maps", gate::<Maps>()),
        ("types", gate::<Types>()),
        ("results", gate::<Results>()),
        ("kept", gate::<Kept>()),
        ("flat map", gate::<FlatMap>()),
        ("flat enum", gate::<FlatEnum>()),
        ("choice", gate::<Choice>()),
    ] {
        assert_eq!(said, Ok(()), "{name}");
    }
}

/// Generics, nothing twice, and numbers that are as wide as they are.
#[test]
fn shapes_are_told_apart() {
    let numbers = body::<Numbers>();
    assert_eq!((&numbers["fields"]["a"], &numbers["fields"]["b"]), (&json!("u64"), &json!("i64")));
    assert_eq!(body::<Options>()["fields"]["a"], json!({ "optional": "u8" }), "null is null, however deep");
    assert_eq!(body::<Lists>()["fields"]["a"], json!({ "tuple": ["u8", "u8", "u8"] }));
    let page = |items: Value| json!({ "fields": { "items": { "list": items } } });
    assert_eq!(body::<Types>()["fields"]["d"], page(page(json!("u64"))));
    assert_eq!(body::<FlatMap>()["fields"]["*"], json!("any"));
}
