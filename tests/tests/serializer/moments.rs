//! When it happened: `#[event(occurred_on)]`, in every form.

use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use melange::{Event, Format, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Stamped, WHEN, at, linked, object, round_trip};

#[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
#[event(topic = "times")]
struct ByChrono {
    #[event(occurred_on)]
    occurred_on: DateTime<Utc>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
#[event(topic = "times")]
struct ByTheSystem {
    #[event(occurred_on)]
    occurred_on: SystemTime,
}

/// A type of one's own that is a moment.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct When(DateTime<Utc>);

impl From<When> for Timestamp {
    fn from(when: When) -> Self {
        when.0.into()
    }
}

#[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
#[event(topic = "times")]
struct ByWhen {
    #[event(occurred_on)]
    occurred_on: When,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
#[event(topic = "times")]
struct PlacedAt {
    #[event(occurred_on)]
    placed_at: Timestamp,
}

#[derive(Debug, Serialize, Deserialize, Event)]
#[event(topic = "times")]
struct InMillis {
    #[event(occurred_on)]
    #[serde(with = "chrono::serde::ts_milliseconds")]
    occurred_on: DateTime<Utc>,
}

#[test]
fn a_field_marked_occurred_on_says_when_it_happened() {
    let when = at(WHEN);
    let stamped = Stamped { occurred_on: when, n: 1 };
    round_trip(Stamped { occurred_on: when, n: 1 }, None);
    round_trip(ByChrono { occurred_on: when.into() }, None);
    round_trip(ByTheSystem { occurred_on: when.into() }, None);
    round_trip(ByWhen { occurred_on: When(when.into()) }, None);
    round_trip(PlacedAt { placed_at: when }, None);
    for format in [Format::Melange, Format::CloudEvents] {
        let serializer = linked().format(format);
        for json in [
            serializer.serialize(&stamped).unwrap(),
            serializer.serialize(&ByChrono { occurred_on: when.into() }).unwrap(),
            serializer.serialize(&ByTheSystem { occurred_on: when.into() }).unwrap(),
            serializer.serialize(&PlacedAt { placed_at: when }).unwrap(),
        ] {
            assert_eq!(linked().deserialize(&json).unwrap().metadata().occurred_on, when, "{json}");
            let key = if format == Format::Melange { "occurred_on" } else { "time" };
            assert_eq!(object(&json)[key], WHEN, "{json}");
            // Twice the same key would be no JSON that everybody reads alike.
            assert_eq!(json.matches(&format!("\"{key}\":")).count(), 1, "{json}");
        }
    }
}

#[test]
fn an_events_own_occurred_on_is_written_where_all_others_have_it() {
    let json = linked().serialize(&Stamped { occurred_on: at(WHEN), n: 1 }).unwrap();
    let own = json.split_once("\"event_version\"").unwrap().1;
    assert_eq!(own, format!(r#":1,"occurred_on":"{WHEN}","topic":"times","n":1}}"#));
}

#[test]
fn what_is_finer_than_a_microsecond_is_cut_everywhere_alike() {
    let fine: DateTime<Utc> = "2026-11-23T18:37:17.733359999Z".parse().unwrap();
    let json = linked().serialize(&ByChrono { occurred_on: fine }).unwrap();
    let read = linked().deserialize(&json).unwrap();
    assert_eq!(read.metadata().occurred_on, at(WHEN));
    assert_eq!(read.downcast::<ByChrono>().unwrap().occurred_on, at(WHEN).to_chrono());
}

#[test]
fn an_occurred_on_that_is_no_text_in_json_is_refused_before_it_is_sent() {
    let error = linked().serialize(&InMillis { occurred_on: at(WHEN).into() }).unwrap_err().to_string();
    assert!(error.contains("InMillis") && error.contains("occurred_on") && error.contains("serde"), "{error}");
}

#[test]
fn an_events_own_moment_is_read_in_every_form_and_filled_in_where_it_is_missing() {
    for form in ["2026-11-23T18:37:17.733359", "2026-11-23 18:37:17.733359Z", "2026-11-23T19:37:17.733359000+01:00"] {
        for (name, when) in [("Stamped", at(WHEN)), ("ByTheSystem", at(WHEN)), ("ByChrono", at(WHEN))] {
            let json = format!(r#"{{"event_type_name": "{name}", "n": 1, "occurred_on": "{form}"}}"#);
            let read = linked().deserialize(&json).unwrap();
            assert_eq!(read.metadata().occurred_on, when, "{json}");
            let own = match name {
                "Stamped" => read.downcast::<Stamped>().unwrap().occurred_on,
                "ByChrono" => read.downcast::<ByChrono>().unwrap().occurred_on.into(),
                _ => read.downcast::<ByTheSystem>().unwrap().occurred_on.into(),
            };
            assert_eq!(own, when, "{json}");
        }
    }
    for missing in ["", r#", "occurred_on": null"#] {
        let before = Timestamp::now();
        let json = format!(r#"{{"event_type_name": "Stamped", "n": 1{missing}}}"#);
        let read = linked().deserialize(&json).unwrap();
        let when = read.metadata().occurred_on;
        assert!(before <= when && when <= Timestamp::now(), "{when}");
        assert_eq!(read.downcast::<Stamped>().unwrap().occurred_on, when);
    }
}

#[test]
fn a_moment_the_calendar_does_not_have_is_the_nearest_it_has() {
    let (far, long_ago) = (Duration::from_secs(1 << 60), Duration::from_secs(1 << 60));
    let late = Timestamp::from(SystemTime::UNIX_EPOCH.checked_add(far).unwrap());
    let early = Timestamp::from(SystemTime::UNIX_EPOCH.checked_sub(long_ago).unwrap());
    assert!(early < at("0001-01-01") && at("9999-12-31") < late);
}
