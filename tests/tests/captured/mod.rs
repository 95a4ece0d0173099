//! Messages that others sent, as `tests/wire/` has them: data, not to be edited to make a test pass. `matrix.json` is what
//! eight versions of Python melange were asked to read, `captured.json` what they sent.
#![allow(dead_code, reason = "every test binary uses some of it")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use melange::{AttributeValue, Attributes, Consumed, Event, Fate, Metadata};
use serde::{Deserialize, Serialize};

/// A message in a queue, and what is to become of it.
#[derive(Debug, Deserialize)]
pub(crate) struct Case {
    pub(crate) label: String,
    /// The message in SQS, with its attributes.
    pub(crate) body: String,
    pub(crate) beside: BTreeMap<String, Attribute>,
    /// The same out of its wrapper: what a transport hands to the core.
    pub(crate) content: String,
    pub(crate) attributes: BTreeMap<String, Attribute>,
    pub(crate) fate: String,
    /// Words of the reason, if it is a dead letter.
    pub(crate) reason: Option<String>,
    pub(crate) event: Option<Seen>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Attribute {
    pub(crate) r#type: String,
    pub(crate) value: String,
}

/// What a subscriber is to see, or has seen.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Seen {
    pub(crate) event_type_name: String,
    pub(crate) product_id: Option<u64>,
    pub(crate) name: Option<String>,
    pub(crate) data: Option<String>,
    pub(crate) occurred_on: Option<String>,
}

pub(crate) fn matrix() -> Vec<Case> {
    let cases: Vec<Case> = serde_json::from_str(include_str!("../../wire/matrix.json")).unwrap();
    assert_eq!(cases.len(), 24);
    cases
}

pub(crate) fn captured() -> Vec<Case> {
    let cases: Vec<Case> = serde_json::from_str(include_str!("../../wire/captured.json")).unwrap();
    assert_eq!(cases.len(), 37);
    cases
}

pub(crate) fn attributes(of: &BTreeMap<String, Attribute>) -> Attributes {
    let value = |attribute: &Attribute| match attribute.r#type.as_str() {
        "Number" => AttributeValue::Number(attribute.value.clone()),
        _ => AttributeValue::String(attribute.value.clone()),
    };
    of.iter().map(|(name, attribute)| (name.clone(), value(attribute))).collect()
}

/// What the Python services of the captured messages sent.
#[derive(Debug, Serialize, Deserialize, Event)]
#[event(topic = "t")]
pub(crate) struct ProductAdded {
    pub(crate) product_id: u64,
    pub(crate) name: Option<String>,
}

#[derive(Debug, Serialize, Deserialize, Event)]
#[event(topic = "t")]
pub(crate) struct ExampleEvent {
    pub(crate) data: String,
}

/// What subscribers have seen, in order.
#[derive(Clone, Default)]
pub(crate) struct Notes(Arc<Mutex<Vec<(Seen, Metadata)>>>);

impl Notes {
    pub(crate) fn take(&self) -> Vec<(Seen, Metadata)> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    pub(crate) fn product(&self, event: &ProductAdded, meta: Metadata) {
        let seen = Seen {
            event_type_name: meta.event_type_name.to_string(),
            product_id: Some(event.product_id),
            name: event.name.clone(),
            data: None,
            occurred_on: Some(meta.occurred_on.to_string()),
        };
        self.0.lock().unwrap().push((seen, meta));
    }

    pub(crate) fn example(&self, event: &ExampleEvent, meta: Metadata) {
        let seen = Seen {
            event_type_name: meta.event_type_name.to_string(),
            product_id: None,
            name: None,
            data: Some(event.data.clone()),
            occurred_on: Some(meta.occurred_on.to_string()),
        };
        self.0.lock().unwrap().push((seen, meta));
    }
}

/// That a message of this case was handled as it is to be: `seen` is what subscribers saw of it, `reason` what its dead
/// letter says.
#[track_caller]
pub(crate) fn check(case: &Case, consumed: &Consumed, seen: &[(Seen, Metadata)], reason: Option<&str>) {
    let label = &case.label;
    let processed = consumed.message().unwrap_or_else(|| panic!("{label}: nothing came"));
    let fate = match processed.fate {
        Fate::Handled => "handled",
        Fate::Ignored => "unknown",
        Fate::DeadLettered => "dead-letter",
        ref other => panic!("{label}: {other:?}"),
    };
    assert_eq!(fate, case.fate, "{label}: {reason:?}");
    assert!(processed.failures.is_empty(), "{label}: {:?}", processed.failures);
    match (&case.event, seen) {
        (None, []) => {}
        (Some(expected), [(seen, _)]) => {
            let mut seen = seen.clone();
            if expected.occurred_on.is_none() {
                seen.occurred_on = None; // None was sent: what stands for it is not the case's affair.
            }
            assert_eq!(&seen, expected, "{label}");
        }
        (expected, seen) => panic!("{label}: {seen:?} instead of {expected:?}"),
    }
    match (&case.reason, reason) {
        (None, None) => {}
        (Some(words), Some(reason)) => assert!(reason.contains(words.as_str()), "{label}: {reason}"),
        (expected, reason) => panic!("{label}: {reason:?} instead of {expected:?}"),
    }
}
