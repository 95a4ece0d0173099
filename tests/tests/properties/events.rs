//! Events come back as they were.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use proptest::collection::btree_map;
use proptest::prelude::*;
use serde_json::Value;

use crate::{Everything, Open, cases, everything, linked, moment, one_of, own_key, round_trips, text, value};

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
