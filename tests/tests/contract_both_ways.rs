//! The gate tries whether events read what they write: types within them may not, and no derive of ours sees those.
#![allow(dead_code, reason = "their shapes count, and what the gate makes of samples")]

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::net::IpAddr;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::time::Duration;

use melange::contract::{Contract, ContractErrorKind, check_registry};
use melange::{Event, EventId, Registry, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What the gate says of an event that has not changed.
fn gate<E: Event>() -> Result<(), String> {
    let registry = Registry::default().with::<E>();
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("both-ways-{}.json", E::DESCRIPTOR.name()));
    Contract::of(&registry).unwrap().write(&file).unwrap();
    check_registry(&registry, &file).map(|_| ()).map_err(|error| {
        assert_eq!(error.kind(), ContractErrorKind::OneWay, "{error}");
        error.to_string()
    })
}

/// What the gate knows of an event.
fn body<E: Event>() -> Value {
    let contract = Contract::of(&Registry::default().with::<E>()).unwrap().to_string();
    let contract: Value = serde_json::from_str(&contract).unwrap();
    contract["events"][0]["body"].clone()
}

macro_rules! events {
    ($($(#[$of:meta])* $name:ident $body:tt)*) => {$(
        #[derive(Serialize, Deserialize, Event)]
        $(#[$of])*
        #[event(topic = "things")]
        struct $name $body
    )*};
}

// --- What cannot be read back. ---

#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all(serialize = "camelCase"))]
struct RenamedAll {
    first_name: String,
}

#[derive(Serialize, Deserialize)]
struct Renamed {
    #[serde(rename(serialize = "n"))]
    name: u8,
}

#[derive(Serialize, Deserialize)]
struct NotWritten {
    #[serde(skip_serializing)]
    name: u8,
}

#[derive(Serialize, Deserialize)]
enum Kind {
    Plain,
    Also(u8),
    #[serde(rename(serialize = "third"))]
    Third {
        a: u8,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "kind")]
enum Tagged {
    A { a: u8 },
    B { by: Renamed },
}

#[derive(Serialize, Deserialize)]
struct Page<T> {
    items: Vec<T>,
}

#[derive(Serialize, Deserialize)]
struct ByNumber {
    counts: HashMap<u32, u8>,
}

events! {
    InField { a: RenamedAll }
    InOption { a: Option<Renamed> }
    InList { a: Vec<NotWritten> }
    InMap { a: BTreeMap<String, Renamed> }
    InGeneric { page: Page<Renamed> }
    InVariant { a: Kind }
    InTagged { a: Tagged }
    InTuple { a: (u8, [Box<Renamed>; 1]) }
}

#[derive(Serialize, Deserialize, Event)]
#[event(topic = "things")]
struct Flattened {
    id: u8,
    #[serde(flatten)]
    more: ByNumber,
}

#[derive(Serialize, Deserialize, Event)]
#[event(topic = "things")]
#[serde(tag = "kind")]
enum TagInside {
    A { counts: HashMap<u32, u8> },
}

#[test]
fn keys_that_serde_reads_from_a_buffer_are_texts() {
    for (said, why) in [(gate::<Flattened>(), "in `more`"), (gate::<TagInside>(), "in `counts`")] {
        let said = said.expect_err(why);
        assert!(said.contains(why) && said.contains("u32") && said.contains("take `String`"), "{said}");
    }
    let event = Flattened { id: 1, more: ByNumber { counts: HashMap::from([(1, 2)]) } };
    assert!(serde_json::from_str::<Flattened>(&serde_json::to_string(&event).unwrap()).is_err());
    let event = TagInside::A { counts: HashMap::from([(1, 2)]) };
    assert!(serde_json::from_str::<TagInside>(&serde_json::to_string(&event).unwrap()).is_err());
}

#[test]
fn what_a_type_within_writes_otherwise_is_noticed() {
    for (said, why) in [
        (gate::<InField>(), "missing field `first_name`"),
        (gate::<InOption>(), "missing field `name`"),
        (gate::<InList>(), "missing field `name`"),
        (gate::<InMap>(), "missing field `name`"),
        (gate::<InGeneric>(), "missing field `name`"),
        (gate::<InVariant>(), "unknown variant `third`"),
        (gate::<InTagged>(), "missing field `name`"),
        (gate::<InTuple>(), "missing field `name`"),
    ] {
        let said = said.expect_err(why);
        assert!(said.contains(why) && said.contains("contract_both_ways.rs:") && said.contains("alias"), "{said}");
    }
}

// --- What is read, and has lost a value. ---

#[derive(Serialize, Deserialize)]
struct OptionRenamed {
    #[serde(rename(serialize = "a", deserialize = "b"))]
    name: Option<u8>,
}

#[derive(Serialize, Deserialize)]
struct DefaultRenamed {
    #[serde(default, rename(serialize = "a"))]
    name: String,
}

#[derive(Serialize, Deserialize)]
struct DefaultListRenamed {
    #[serde(default, rename(deserialize = "b"))]
    names: Vec<u8>,
}

fn yes() -> bool {
    true
}

fn one() -> u8 {
    1
}

#[derive(Serialize, Deserialize)]
struct Own {
    #[serde(default = "yes", rename(serialize = "a"))]
    active: bool,
    #[serde(default = "one")]
    count: u8,
}

#[derive(Serialize, Deserialize)]
struct OwnNumber {
    #[serde(default = "yes")]
    active: bool,
    #[serde(default = "one", rename(serialize = "c"))]
    count: u8,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default, rename_all(serialize = "camelCase"))]
struct DefaultedContainer {
    id: u8,
    first_name: String,
}

#[derive(Default, Serialize, Deserialize)]
enum Colour {
    #[default]
    Red,
    Green,
}

#[derive(Serialize, Deserialize)]
struct DefaultVariant {
    #[serde(default, rename(serialize = "c"))]
    colour: Colour,
}

#[derive(Serialize, Deserialize)]
enum InsideVariant {
    Plain,
    Named {
        #[serde(rename(serialize = "n"))]
        note: Note,
    },
}

/// Written by hand, under another name than it is read by.
#[derive(Deserialize)]
struct ByHand {
    name: Note,
}

impl Serialize for ByHand {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        BTreeMap::from([("Name", &self.name)]).serialize(serializer)
    }
}

events! {
    LosesOption { at: OptionRenamed }
    LosesDefault { at: DefaultRenamed }
    LosesList { at: DefaultListRenamed }
    LosesOwnBool { at: Own }
    LosesOwnNumber { at: OwnNumber }
    LosesInContainer { at: DefaultedContainer }
    LosesVariant { at: DefaultVariant }
    LosesInVariant { at: InsideVariant }
    LosesInList { at: Vec<OptionRenamed> }
    LosesInMap { at: BTreeMap<String, OptionRenamed> }
    LosesInOption { at: Option<(u8, Page<OptionRenamed>)> }
    LosesByHand { at: ByHand }
}

#[test]
fn a_value_that_is_lost_is_noticed_and_named() {
    for (said, lost) in [
        (gate::<LosesOption>(), "`at.a`"),
        (gate::<LosesDefault>(), "`at.a`"),
        (gate::<LosesList>(), "`at.names`"),
        (gate::<LosesOwnBool>(), "`at.a`"),
        (gate::<LosesOwnNumber>(), "`at.c`"),
        (gate::<LosesInContainer>(), "`at.firstName`"),
        (gate::<LosesVariant>(), "`at.c`"),
        (gate::<LosesInVariant>(), "`at.Named.n`"),
        (gate::<LosesInList>(), "`at[0].a`"),
        (gate::<LosesInMap>(), ".a`"),
        (gate::<LosesInOption>(), "`at[1].items[0].a`"),
        (gate::<LosesByHand>(), "`at.Name`"),
    ] {
        let said = said.expect_err(lost);
        assert!(said.contains(lost) && said.contains("contract_both_ways.rs:") && said.contains("alias"), "{said}");
    }
}

// --- What can, in all the forms that strangers give it. ---

type Note = Option<String>;

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
