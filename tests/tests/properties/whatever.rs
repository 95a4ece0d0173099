//! Whatever comes is read or refused: no panic, and nothing repeated that may be secret.

use std::fmt::Write as _;

use chrono::{DateTime, NaiveDate, TimeDelta};
use melange::transport::{Body, Inbound};
use melange::{AttributeValue, Attributes, DeserializeError, EventId, Format, Timestamp};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value;

use crate::{OneOf, cases, everything, linked, moment, own_key, text, value};

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
