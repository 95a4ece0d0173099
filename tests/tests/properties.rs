//! What holds for all events, bodies, moments and orders of publishing, not only for those somebody thought of.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, NaiveDate, TimeDelta};
use melange::transport::{Body, Inbound};
use melange::{
    AsynchronousEventBus, AttributeValue, Attributes, DeserializeError, Event, EventDescriptor, EventId,
    EventSerializer, Format, Location, Route, Timestamp,
};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::Index;
use serde::{Deserialize, Serialize};
use serde_json::Value;

fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

// --- Events. ---

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(topic = "all")]
struct Everything {
    #[event(key)]
    text: String,
    whole: i64,
    natural: u64,
    vast: i128,
    real: f64,
    short: f32,
    yes: bool,
    letter: char,
    perhaps: Option<String>,
    several: Vec<Option<i32>>,
    named: BTreeMap<String, Vec<u8>>,
    one_of: OneOf,
    unit: (),
    pair: (u8, String),
    /// Names that wrappers and other formats have.
    id: u32,
    r#type: String,
    data: Option<u8>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(topic = "all")]
enum OneOf {
    Unit,
    New(String),
    Tuple(i8, f64),
    Struct { inner: Option<Box<OneOf>> },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(topic = "all")]
struct Open {
    #[event(occurred_on)]
    occurred_on: Timestamp,
    #[event(topic)]
    topic: String,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

/// All of Unicode, and often what JSON and brokers treat apart.
fn text() -> impl Strategy<Value = String> {
    let awkward = prop_oneof![
        Just('"'),
        Just('\\'),
        Just('\0'),
        Just('\u{1f}'),
        Just('\u{7f}'),
        Just('\u{fffe}'),
        Just('\u{ffff}'),
        Just('\u{2028}'),
        Just('\u{10ffff}'),
        Just('é'),
        Just('😀'),
        any::<char>(),
    ];
    prop_oneof![any::<String>(), vec(awkward, 0..12).prop_map(String::from_iter), Just(String::new())]
}

fn real() -> impl Strategy<Value = f64> {
    any::<f64>().prop_filter("JSON has no others", |real| real.is_finite())
}

fn one_of() -> impl Strategy<Value = OneOf> {
    let leaf = prop_oneof![
        Just(OneOf::Unit),
        text().prop_map(OneOf::New),
        (any::<i8>(), real()).prop_map(|(a, b)| OneOf::Tuple(a, b)),
        Just(OneOf::Struct { inner: None }),
    ];
    leaf.prop_recursive(8, 16, 1, |inner| inner.prop_map(|inner| OneOf::Struct { inner: Some(Box::new(inner)) }))
}

fn everything() -> impl Strategy<Value = Everything> {
    let numbers = (
        any::<i64>(),
        any::<u64>(),
        any::<i128>(),
        real(),
        any::<f32>().prop_filter("JSON has no others", |short| short.is_finite()),
    );
    let others = (any::<bool>(), any::<char>(), any::<u8>(), any::<u32>(), any::<Option<u8>>());
    let deep = (vec(any::<Option<i32>>(), 0..5), btree_map(text(), vec(any::<u8>(), 0..4), 0..4), one_of());
    let texts = (text(), proptest::option::of(text()), text(), text());
    (numbers, others, deep, texts).prop_map(|(numbers, others, deep, texts)| Everything {
        text: texts.0,
        whole: numbers.0,
        natural: numbers.1,
        vast: numbers.2,
        real: numbers.3,
        short: numbers.4,
        yes: others.0,
        letter: others.1,
        perhaps: texts.1,
        several: deep.0,
        named: deep.1,
        one_of: deep.2,
        unit: (),
        pair: (others.2, texts.2),
        id: others.3,
        r#type: texts.3,
        data: others.4,
    })
}

/// What an object of somebody's JSON may hold.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        real().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            btree_map(text(), inner, 0..4).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// A key that the envelope does not have.
fn own_key() -> impl Strategy<Value = String> {
    text().prop_filter("the envelope's", |key| {
        !["event_type_name", "event_id", "event_version", "occurred_on", "topic"].contains(&key.as_str())
    })
}

/// Any moment whose year has four digits.
fn moment() -> impl Strategy<Value = Timestamp> {
    (-62_135_596_800_000_000_i64..=253_402_300_799_999_999)
        .prop_map(|micros| Timestamp::from(DateTime::from_timestamp_micros(micros).unwrap()))
}

fn linked() -> EventSerializer {
    EventSerializer::linked().unwrap()
}

fn round_trips<E: Event + PartialEq + std::fmt::Debug>(event: &E) -> Result<(), TestCaseError> {
    for format in [Format::Melange, Format::CloudEvents] {
        let json = linked().format(format).serialize(event).unwrap();
        let read = linked().deserialize(&json).unwrap();
        prop_assert_eq!(read.name(), E::DESCRIPTOR.name());
        prop_assert_eq!(&read.downcast::<E>().unwrap(), event);
        // Characters that SQS refuses: `SendMessage` in its API reference.
        let refused = |c: char| matches!(c, '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}');
        prop_assert!(!json.contains(refused), "a character that no queue takes");
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn every_event_comes_back_as_it_was(event in everything()) {
        round_trips(&event)?;
    }

    #[test]
    fn every_variant_comes_back_as_it_was(event in one_of()) {
        round_trips(&event)?;
    }

    #[test]
    fn what_is_flattened_comes_back_as_it_was(
        occurred_on in moment(),
        topic in text(),
        rest in btree_map(own_key(), value(), 0..5),
    ) {
        let event = Open { occurred_on, topic, rest };
        round_trips(&event)?;
        let json = linked().serialize(&event).unwrap();
        prop_assert_eq!(linked().deserialize(&json).unwrap().metadata().occurred_on, occurred_on);
    }

    #[test]
    fn the_order_of_keys_and_what_nobody_knows_do_not_matter(
        event in everything(),
        extra in btree_map(own_key().prop_filter("the event's", |key| !FIELDS.contains(&key.as_str())), value(), 0..5),
        order in any::<u64>(),
        escaped in any::<bool>(),
    ) {
        let json = linked().serialize(&event).unwrap();
        let written: BTreeMap<String, Value> = serde_json::from_str(&json).unwrap();
        let mut entries: Vec<(String, String)> =
            written.iter().chain(&extra).map(|(key, value)| (quoted(key, escaped), value.to_string())).collect();
        shuffle(&mut entries, order);
        // Through `Value`, an `i128` would be bent into a float: its text is taken as it was written.
        for (key, value) in &mut entries {
            if *key == quoted("vast", escaped) {
                *value = event.vast.to_string();
            }
        }
        let entries: Vec<String> = entries.into_iter().map(|(key, value)| format!("{key}:\n {value}")).collect();
        let read = linked().deserialize(&format!("{{ {} }}", entries.join(" , "))).unwrap();
        prop_assert_eq!(read.metadata().event_id.to_string(), written["event_id"].as_str().unwrap());
        prop_assert_eq!(read.metadata().occurred_on.to_string(), written["occurred_on"].as_str().unwrap());
        prop_assert_eq!(read.downcast::<Everything>().unwrap(), event);
    }
}

const FIELDS: [&str; 17] = [
    "text", "whole", "natural", "vast", "real", "short", "yes", "letter", "perhaps", "several", "named", "one_of",
    "unit", "pair", "id", "type", "data",
];

/// A JSON string, with every character escaped if so wanted.
fn quoted(text: &str, escaped: bool) -> String {
    if !escaped {
        return serde_json::to_string(text).unwrap();
    }
    let mut quoted = String::from("\"");
    text.encode_utf16().for_each(|unit| write!(quoted, "\\u{unit:04x}").unwrap());
    quoted.push('"');
    quoted
}

fn shuffle<T>(items: &mut [T], mut seed: u64) {
    for at in (1..items.len()).rev() {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        items.swap(at, (seed >> 33) as usize % (at + 1));
    }
}

// --- Whatever comes. ---

const SECRET: &str = "Zx9s3cretqW";

/// Text of any kind, JSON of any kind, and bodies that were events before somebody got at them.
fn anything() -> impl Strategy<Value = String> {
    let secret = || Just(SECRET.to_owned());
    let leaf = prop_oneof![secret(), text(), "[0-9eE.+-]{0,12}", "(null|true|\\{\\}|\\[\\]|\"\")"];
    let name = prop_oneof![Just("Everything"), Just("OneOf"), Just("Open"), Just("Elsewhere"), Just("")];
    let named = (name, leaf.clone(), leaf.clone(), leaf.clone()).prop_map(|(name, a, b, c)| {
        let quote = |text: &str| if text == SECRET { format!("\"{text}\"") } else { text.to_owned() };
        let (a, b, c) = (quote(&a), quote(&b), quote(&c));
        format!(
            r#"{{"event_type_name": "{name}", "event_version": {a}, "occurred_on": {b}, "text": {c}, "data": {a}, "{SECRET}": 1}}"#
        )
    });
    let object = btree_map(prop_oneof![secret(), own_key()], value(), 0..5).prop_map(|mut map| {
        map.insert(SECRET.to_owned(), Value::from(SECRET));
        serde_json::to_string(&map).unwrap()
    });
    let event = (everything(), any::<bool>()).prop_map(|(mut event, cloud)| {
        event.text = SECRET.to_owned();
        event.named.insert(SECRET.to_owned(), vec![1]);
        event.one_of = OneOf::New(SECRET.to_owned());
        let format = if cloud { Format::CloudEvents } else { Format::Melange };
        linked().format(format).serialize(&event).unwrap()
    });
    let whole = prop_oneof![text().prop_map(|text| format!("{SECRET}{text}{SECRET}")), named, object, event];
    (whole, vec((any::<Index>(), any::<Index>(), "(\"|\\{|\\}|\\[|\\]|,|:|0|null|Zx9s3cretqW|\\\\u00|é)?"), 0..3))
        .prop_map(|(mut whole, edits)| {
            for (at, length, put) in edits {
                let places: Vec<usize> = whole.char_indices().map(|(place, _)| place).chain([whole.len()]).collect();
                let from = at.index(places.len());
                let to = (from + length.index(8)).min(places.len() - 1);
                whole.replace_range(places[from]..places[to], &put);
            }
            whole
        })
}

fn shown(value: &impl std::fmt::Debug) -> String {
    format!("{value:?}")
}

/// The name is what an error repeats, and nothing else.
fn says_nothing(error: &DeserializeError) -> Result<(), TestCaseError> {
    let name = error.event_name().unwrap_or_default();
    for text in [error.to_string(), format!("{error:?}")] {
        let rest = if name.is_empty() { text } else { text.replace(name, "") };
        prop_assert!(!rest.contains(SECRET), "{}", rest);
        prop_assert!(rest.len() < 600, "{} bytes", rest.len());
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(1_000))]

    #[test]
    fn whatever_comes_is_read_or_refused_without_a_word_of_it(
        body in anything(),
        manifest in proptest::option::of(prop_oneof![Just("Everything".to_owned()), Just("json".to_owned()), text()]),
        serializer in proptest::option::of(prop_oneof![Just("1".to_owned()), Just("2".to_owned()), text()]),
    ) {
        match linked().deserialize(&body) {
            Ok(event) => {
                let id = event.metadata().event_id.to_string();
                prop_assert!(!shown(&event).replace(&id, "").contains(SECRET), "the event is not to be seen");
            }
            Err(error) => says_nothing(&error)?,
        }
        let mut inbound = Inbound::new(Body::Json(body.into()));
        let mut attributes = Attributes::new();
        for (name, value) in [("manifest", manifest), ("serializer_id", serializer)] {
            if let Some(value) = value {
                attributes.set(name, AttributeValue::String(value));
            }
        }
        inbound.attributes = attributes;
        prop_assert!(!shown(&inbound).contains(SECRET), "the body is not to be seen");
        if let Err(error) = linked().deserialize_message(&inbound) {
            says_nothing(&error)?;
        }
    }

    #[test]
    fn bytes_that_are_text_by_accident_are_no_trouble_either(bytes in vec(any::<u8>(), 0..200)) {
        let body = String::from_utf8_lossy(&bytes);
        prop_assert!(linked().deserialize(&body).is_err());
    }

    // --- Ids and moments. ---

    #[test]
    fn ids_keep_their_spelling(text in prop_oneof![text(), "[0-9a-fA-F-]{36}", Just(EventId::new().to_string())]) {
        let id = EventId::from_text(&text);
        prop_assert_eq!(id.to_string(), text.clone());
        prop_assert_eq!(EventId::from_text(&text), id);
    }

    #[test]
    fn a_moment_is_what_it_is_written_as(at in moment()) {
        let written = at.to_string();
        prop_assert_eq!(written.len(), "2026-11-23T18:37:17.733359+00:00".len());
        prop_assert_eq!(written.parse::<Timestamp>(), Ok(at));
        prop_assert_eq!(serde_json::from_str::<Timestamp>(&serde_json::to_string(&at).unwrap()).unwrap(), at);
        prop_assert_eq!(Timestamp::from(at.to_chrono()), at);
        prop_assert_eq!(Timestamp::from(std::time::SystemTime::from(at)), at);
    }

    #[test]
    fn a_moment_outside_of_four_digits_too(millis in any::<i64>()) {
        if let Some(at) = Timestamp::from_unix_millis(millis) {
            prop_assert_eq!(at.unix_millis(), millis);
            prop_assert_eq!(at.to_string().parse::<Timestamp>(), Ok(at));
        }
    }

    #[test]
    fn moments_sort_as_they_are_written(one in moment(), other in moment()) {
        prop_assert_eq!(one.cmp(&other), one.to_string().cmp(&other.to_string()));
    }

    #[test]
    fn every_form_of_python_is_the_moment_it_means(
        at in moment(),
        digits in 0_usize..=12,
        beyond in "[0-9]{6}",
        separator in "[T ]",
        zone in prop_oneof![Just(None), Just(Some(None)), (-1_439..=1_439_i64).prop_map(|minutes| Some(Some(minutes)))],
        colon in any::<bool>(),
    ) {
        let minutes = zone.flatten().unwrap_or(0);
        let Some(local) = at.to_chrono().naive_utc().checked_add_signed(TimeDelta::minutes(minutes)) else {
            return Ok(());
        };
        prop_assume!((1..=9_999).contains(&chrono::Datelike::year(&local)));
        let fraction = format!("{}{beyond}", local.format("%6f"));
        let mut text = local.format(&format!("%Y-%m-%d{separator}%H:%M:%S")).to_string();
        if digits > 0 {
            write!(text, ".{}", &fraction[..digits]).unwrap();
        }
        match zone {
            None => {}
            Some(None) => text.push('Z'),
            Some(Some(minutes)) => {
                let (sign, size) = (if minutes < 0 { '-' } else { '+' }, minutes.abs());
                write!(text, "{sign}{:02}{}{:02}", size / 60, if colon { ":" } else { "" }, size % 60).unwrap();
            }
        }
        // What was not written is zero, what is beyond a microsecond is cut.
        let kept = 10_i64.pow(6 - u32::try_from(digits.min(6)).unwrap());
        let micros = at.to_chrono().timestamp_micros();
        let expected = DateTime::from_timestamp_micros(micros.div_euclid(kept) * kept).unwrap();
        prop_assert_eq!(text.parse::<Timestamp>(), Ok(Timestamp::from(expected)), "{}", text);
    }

    #[test]
    fn a_date_alone_is_its_midnight(days in 1..=3_652_059_i32) {
        let date = NaiveDate::from_num_days_from_ce_opt(days).unwrap();
        let midnight = Timestamp::from(date.and_hms_opt(0, 0, 0).unwrap().and_utc());
        prop_assert_eq!(date.to_string().parse::<Timestamp>(), Ok(midnight));
    }

    #[test]
    fn whatever_is_no_moment_is_refused(text in prop_oneof![text(), "[0-9TZ:. +-]{0,40}", "[+-]?[0-9]{4,7}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[+-][0-9]{2}:[0-9]{2}"]) {
        if let Ok(at) = text.parse::<Timestamp>() {
            prop_assert_eq!(at.to_string().parse::<Timestamp>(), Ok(at), "{}", text);
        }
    }
}

// --- The order of a key. ---

/// An event in a lane, or in none.
struct Step {
    lane: Option<u8>,
    number: u32,
    /// Where the handler pauses, and whether it fails or panics at last.
    pauses: u8,
    end: u8,
}

impl Event for Step {
    const DESCRIPTOR: &'static EventDescriptor =
        &EventDescriptor::new::<Self>("Step", "Step", Location::new("properties", file!(), line!())).with_key();

    fn route(&self) -> Route<'_> {
        let mut route = Route::default();
        route.key = self.lane.map(|lane| Cow::Owned(lane.to_string()));
        route
    }
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn a_lane_keeps_its_order_whatever_its_handlers_do(
        steps in vec((proptest::option::weighted(0.8, 0_u8..5), 0_u8..4, 0_u8..8), 1..120),
        workers in 1_usize..9,
        capacity in 1_usize..20,
        publishers in 1_usize..4,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let seen = Arc::<Mutex<Vec<(Option<u8>, u32)>>>::default();
        let running = Arc::<Mutex<HashMap<u8, u32>>>::default();
        let overlaps = Arc::new(AtomicU32::new(0));
        let total = steps.len();
        let (drained, metrics) = runtime.block_on(async {
            let (notes, lanes, doubles) = (Arc::clone(&seen), Arc::clone(&running), Arc::clone(&overlaps));
            let bus = AsynchronousEventBus::builder()
                .workers(workers)
                .capacity(capacity)
                .subscribe(move |step: Arc<Step>| {
                    let (notes, lanes, doubles) = (Arc::clone(&notes), Arc::clone(&lanes), Arc::clone(&doubles));
                    async move {
                        if let Some(lane) = step.lane {
                            let before = std::mem::replace(lanes.lock().unwrap().entry(lane).or_default(), 1);
                            doubles.fetch_add(before, Ordering::Relaxed);
                        }
                        for _ in 0..step.pauses {
                            tokio::time::sleep(Duration::from_millis(u64::from(step.number % 7))).await;
                        }
                        notes.lock().unwrap().push((step.lane, step.number));
                        if let Some(lane) = step.lane {
                            lanes.lock().unwrap().insert(lane, 0);
                        }
                        match step.end {
                            0 => Err("it fails"),
                            1 => std::panic::resume_unwind(Box::new("quietly")),
                            _ => Ok(()),
                        }
                    }
                })
                .build()
                .unwrap();
            // Each publisher has lanes of its own, so that their order is that of one publisher.
            let mut parts: Vec<Vec<Step>> = (0..publishers).map(|_| Vec::new()).collect();
            for (number, (lane, pauses, end)) in (0..).zip(steps) {
                parts[usize::from(lane.unwrap_or(0)) % publishers].push(Step { lane, number, pauses, end });
            }
            let tasks: Vec<_> = parts
                .into_iter()
                .map(|part| {
                    let bus = bus.clone();
                    tokio::spawn(async move {
                        for step in part {
                            bus.publish(step).await.unwrap();
                        }
                    })
                })
                .collect();
            for task in tasks {
                task.await.unwrap();
            }
            (bus.shutdown(Duration::from_secs(3_600)).await, bus.metrics())
        });
        prop_assert_eq!((drained.dropped, drained.still_running, metrics.delivered), (0, 0, total as u64));
        prop_assert_eq!(overlaps.load(Ordering::Relaxed), 0, "two of one lane at once");
        let seen = seen.lock().unwrap();
        prop_assert_eq!(seen.len(), total);
        for lane in 0..5 {
            let numbers: Vec<u32> = seen.iter().filter(|(of, _)| *of == Some(lane)).map(|(_, number)| *number).collect();
            prop_assert!(numbers.is_sorted(), "lane {}: {:?}", lane, numbers);
        }
    }
}
