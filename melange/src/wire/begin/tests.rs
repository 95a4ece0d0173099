use std::collections::BTreeMap;

use fastrand::Rng;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::begin;
use crate::attributes::{AttributeValue, Attributes, EVENT_TYPE, MANIFEST};
use crate::codec::{Codec, Layout};
use crate::event::{Event, EventDescriptor, Upcast};
use crate::registry::versions::read_as;
use crate::registry::{Readers, Reading};
use crate::wire::{Incoming, read};
use crate::{Location, Timestamp};

const fn described<E: Event + Serialize + serde::de::DeserializeOwned>(
    own: &'static [&'static str],
    open: bool,
) -> EventDescriptor {
    let codec = Codec::json::<E>(Layout::Flat { own, open });
    EventDescriptor::new::<E>("A", "A", Location::new("", "", 0)).with_topic("t").with_codec(codec)
}

#[derive(Serialize, Deserialize)]
struct Simple {
    a: u32,
    b: Option<String>,
}

impl Event for Simple {
    const DESCRIPTOR: &'static EventDescriptor = &described::<Self>(&[], false);
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Strict {
    a: u32,
    b: Option<String>,
    c: Option<Value>,
}

impl Event for Strict {
    const DESCRIPTOR: &'static EventDescriptor = &described::<Self>(&[], false);
}

#[derive(Serialize, Deserialize)]
struct Open {
    occurred_on: Timestamp,
    topic: String,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

impl Event for Open {
    const DESCRIPTOR: &'static EventDescriptor = &described::<Self>(&["occurred_on", "topic"], true);
}

#[derive(Serialize, Deserialize)]
struct Named {
    topic: Option<String>,
    occurred_on: std::time::SystemTime,
}

impl Event for Named {
    const DESCRIPTOR: &'static EventDescriptor = &described::<Self>(&["topic", "occurred_on"], false);
}

#[derive(Serialize, Deserialize)]
struct Under(u32);

impl Event for Under {
    const DESCRIPTOR: &'static EventDescriptor = &EventDescriptor::new::<Self>("A", "A", Location::new("", "", 0))
        .with_topic("t")
        .with_codec(Codec::json::<Self>(Layout::Data));
}

#[derive(Serialize, Deserialize)]
struct Newer {
    a: Option<u32>,
    b: String,
}

impl Event for Newer {
    const DESCRIPTOR: &'static EventDescriptor =
        &described::<Self>(&[], false).with_version(2).with_upcasts(const { &[Upcast::of::<Simple, Self>()] });
}

impl From<Simple> for Newer {
    fn from(old: Simple) -> Self {
        Self { a: Some(old.a), b: "of old".to_owned() }
    }
}

/// Keys, and values for each: the first is as it should be.
const ENTRIES: [(&str, &[&str]); 15] = [
    ("event_type_name", &[r#""A""#, r#""B""#, "null", r#""\u0041""#, r#""""#, "5"]),
    (
        "event_id",
        &[
            r#""019ac4f6-3c5a-7d10-9f6e-0b9a4a3c2d11""#,
            r#""019AC4F6-3C5A-7D10-9F6E-0B9A4A3C2D11""#,
            r#""019ac4f63c5a7d109f6e0b9a4a3c2d11""#,
            r#""1""#,
            r#""""#,
            "7",
            "null",
        ],
    ),
    ("event_version", &["1", "2", r#""1""#, "2.0", "-1", "01", "null", "3"]),
    (
        "occurred_on",
        &[
            r#""2026-11-23T18:37:17.733359+00:00""#,
            r#""2017-09-03T10:11:38Z""#,
            r#""2017-09-03""#,
            r#""2026-11-23T18:37:60.733359+00:00""#,
            r#"{"secs_since_epoch":1,"nanos_since_epoch":0}"#,
            r#""x""#,
            "5",
            "null",
        ],
    ),
    ("topic", &[r#""t""#, r#""u""#, r#""\u0074""#, r#""""#, "[1]", "null"]),
    ("data", &["7", r#"{"a":1}"#, "null"]),
    ("a", &["1", r#""1""#, "-1"]),
    ("b", &[r#""b""#, r#""\n\u00e9""#, "null", "1"]),
    ("c", &[r#"{"event_type_name":"A","event_id":"2"}"#, "[[]]", r#""\ud800""#]),
    ("\\u0074opic", &[r#""t""#]),
    ("specversion", &[r#""1.0""#]),
    ("type", &[r#""A""#, "1"]),
    ("id", &[r#""3""#]),
    ("time", &[r#""2017-09-03T10:11:38Z""#, "1"]),
    ("eventversion", &["1", "2"]),
];

fn body(random: &mut Rng) -> String {
    let mut keys: Vec<usize> =
        (0..ENTRIES.len()).filter(|key| random.u8(..100) < if *key < 8 { 80 } else { 15 }).collect();
    match random.u8(..4) {
        0 => {}
        1 => keys.reverse(),
        _ => random.shuffle(&mut keys),
    }
    if random.u8(..10) == 0 {
        keys.push(random.usize(..ENTRIES.len()));
    }
    let odd = random.u8(..3) * 12;
    let spaces = ["", "", " ", "\n "];
    let mut entry = |key: usize| {
        let (key, values) = ENTRIES[key];
        let value = if random.u8(..100) < odd { values[random.usize(..values.len())] } else { values[0] };
        let mut space = || spaces[random.usize(..spaces.len())];
        format!("{}\"{key}\"{}:{}{value}{}", space(), space(), space(), space())
    };
    let entries: Vec<String> = keys.into_iter().map(&mut entry).collect();
    let mut body = format!("{{{}}}", entries.join(","));
    match random.u8(..30) {
        0 => body.push_str(" 1"),
        1 => body.truncate(random.usize(..body.len())),
        2 => body.insert(random.usize(..body.len()), ','),
        _ => {}
    }
    body
}

fn attributes(random: &mut Rng) -> Attributes {
    let names = [(EVENT_TYPE, "A"), (MANIFEST, "A"), (EVENT_TYPE, "B"), (MANIFEST, "json")];
    let given = names.into_iter().filter(|_| random.u8(..4) == 0);
    given.map(|(name, value)| (name, AttributeValue::String(value.to_owned()))).collect()
}

/// Everything that is read of it. `None` if it cannot be.
fn all_of(incoming: &Incoming<'_>, readers: &Readers) -> Option<String> {
    let Reading::Into(types) = readers.find(&incoming.header.name, incoming.header.version) else { return None };
    let mut all = String::new();
    for event_type in types.iter() {
        let (event, header) = read_as(event_type, incoming, Timestamp::from_unix_millis(1)?).ok()?;
        let mut json = Vec::new();
        event_type.codec()?.encode(event.as_ref(), &mut json).ok()?;
        all.push_str(&format!("{event_type} {header:?} {}\n", String::from_utf8(json).ok()?));
    }
    Some(all)
}

/// Whether it is read in one walk: if so, as it is read with care.
fn is_walked(body: &str, attributes: &Attributes, readers: &Readers) -> bool {
    let carefully = read(body, attributes);
    let Some(incoming) = begin(body, attributes, |name| readers.know(name)) else { return false };
    if let Some(all) = all_of(&incoming, readers) {
        let carefully = carefully.unwrap_or_else(|why| panic!("{body} {attributes:?}: {why}, but {all}"));
        assert_eq!(Some(all), all_of(&carefully, readers), "{body} {attributes:?}");
        return true;
    }
    if incoming.says_its_name() && !readers.know(&incoming.header.name) {
        // Then it is not read further; nor could it be.
        let is_nobodys = carefully.is_err() || carefully.is_ok_and(|carefully| !readers.know(&carefully.header.name));
        assert!(is_nobodys, "{body} {attributes:?}");
    }
    false
}

/// How many of so many bodies are read in one walk.
fn walked(events: &[&'static EventDescriptor], seed: u64) -> usize {
    let (mut random, readers) = (Rng::with_seed(seed), Readers::of(events.iter().copied()));
    (0..6_000).filter(|_| is_walked(&body(&mut random), &attributes(&mut random), &readers)).count()
}

#[test]
fn what_is_read_in_one_walk_is_read_as_with_care() {
    for (events, least) in [
        (&[Simple::DESCRIPTOR] as &[_], 200),
        (&[Strict::DESCRIPTOR], 20),
        (&[Open::DESCRIPTOR], 200),
        (&[Named::DESCRIPTOR], 200),
        (&[Under::DESCRIPTOR], 200),
        (&[Newer::DESCRIPTOR], 200),
        (&[Simple::DESCRIPTOR, Newer::DESCRIPTOR], 200),
    ] {
        let walked = walked(events, 7);
        assert!(walked > least, "{events:?}: {walked}");
    }
}

#[test]
fn so_is_what_melange_writes_with_any_sign_of_it_changed_left_out_or_put_in() {
    const WRITTEN: &str = r#"{"event_type_name":"A","event_id":"019ac4f6-3c5a-7d10-9f6e-0b9a4a3c2d11","event_version":1,"occurred_on":"2026-11-23T18:37:17.733359+00:00","topic":"t","a":1,"b":"b"}"#;
    let signs = [
        "", "\"", "\\", "\\u0041", "{", "}", ",", ":", " ", "-", "+", ".", "0", "1", "9", "A", "t", "\n", "\0",
        "\u{e9}",
    ];
    for event in [Simple::DESCRIPTOR, Open::DESCRIPTOR, Named::DESCRIPTOR] {
        let readers = Readers::of([event]);
        let is_walked = |body: &str| is_walked(body, &Attributes::new(), &readers);
        assert!(is_walked(WRITTEN), "{event:?}");
        let mut walked = 0;
        for (at, _) in WRITTEN.char_indices() {
            let (before, after) = WRITTEN.split_at(at);
            assert!(!is_walked(before), "{before}");
            for sign in signs {
                walked += usize::from(is_walked(&format!("{before}{sign}{}", &after[1..])));
                walked += usize::from(is_walked(&format!("{before}{sign}{after}")));
            }
        }
        assert!(walked > 500, "{event:?}: {walked}");
    }
}
