//! Filter policies: which events may come through a subscription.

mod pattern;

use std::collections::BTreeSet;

use melange::attributes::EVENT_TYPE;
use serde_json::{Map, Value, json};

use pattern::may_pass;

/// Most values in a filter policy by one attribute. Source: the SNS developer guide, filter policy constraints.
const MOST_VALUES: usize = 150;
/// Most names in a filter policy of ours, which also lets messages without a name through.
pub(crate) const MOST_NAMES: usize = MOST_VALUES - 1;
/// No filter policy, as SNS takes it.
pub(super) const NONE: &str = "{}";

/// What should come through.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wish<'a> {
    /// The names that must pass; `None` for everything.
    pub(super) names: Option<&'a BTreeSet<String>>,
    /// Whether others must not.
    pub(super) exact: bool,
}

/// What there is to say of a filter policy.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Fine,
    /// Set it to `value`; `what` says why, as in "has a filter policy that ...".
    Set {
        value: String,
        what: String,
    },
    /// It is left as it is, for a reason that someone may want to know.
    Left(String),
}

/// Judges `present`. Without being asked to it is never made narrower: the names that it lists may be those of another
/// version of the service, which runs at the same time.
pub(super) fn judge(present: Option<&str>, wish: Wish<'_>) -> Verdict {
    let policy = parse(present);
    let (values, names) = match (policy.get(EVENT_TYPE), policy.len(), wish.names) {
        (_, 0, None) => return Verdict::Fine,
        (_, 0, Some(names)) => return unfiltered(names, wish.exact),
        (Some(Value::Array(_)), 1, None) => {
            return set(NONE.to_owned(), "has a filter policy, and none is wanted".to_owned());
        }
        (Some(Value::Array(values)), 1, Some(names)) => (values, names),
        (_, _, names) => return Verdict::Left(foreign(&policy, names)),
    };
    if wish.exact { exact(values, names) } else { widened(values, names) }
}

/// The names that `present` lists, as far as it is one of ours.
pub(super) fn listed(present: Option<&str>) -> BTreeSet<String> {
    let policy = parse(present);
    match policy.get(EVENT_TYPE) {
        Some(Value::Array(values)) if policy.len() == 1 => {
            values.iter().filter_map(Value::as_str).map(str::to_owned).collect()
        }
        _ => BTreeSet::new(),
    }
}

/// These names, and messages that carry no name beside their body: Python melange before 4 and from 7.1 writes such. On a
/// topic where everyone names their events it lets nothing more through.
pub(crate) fn of(names: &BTreeSet<String>) -> String {
    policy(names.iter().cloned().map(Value::String).chain([nameless()]).collect())
}

fn unfiltered(names: &BTreeSet<String>, exact: bool) -> Verdict {
    let what = "has no filter policy, so that all events of the topic come through";
    if exact { set(of(names), what.to_owned()) } else { Verdict::Left(format!("{what}; `.exact_filter()` makes one")) }
}

fn exact(values: &[Value], names: &BTreeSet<String>) -> Verdict {
    let wanted: Vec<Value> = names.iter().cloned().map(Value::String).chain([nameless()]).collect();
    let needless: Vec<String> = values.iter().filter(|value| !wanted.contains(value)).map(shown).collect();
    if !needless.is_empty() {
        let lets = needless.join(", ");
        return set(of(names), format!("has a filter policy that lets {lets} pass, to which nobody here listens"));
    }
    widened(values, names)
}

fn widened(values: &[Value], names: &BTreeSet<String>) -> Verdict {
    let mut lacking: Vec<Value> = names
        .iter()
        .filter(|name| !values.iter().any(|value| may_pass(value, name)))
        .cloned()
        .map(Value::String)
        .collect();
    let mut shut_out: Vec<String> = lacking.iter().map(shown).collect();
    let only_names = values.iter().all(|value| value.is_string() || *value == nameless());
    if !values.contains(&nameless()) {
        // A pattern is not ours, and as long as our names pass it stays as it is.
        if only_names {
            shut_out.push(format!("messages without an `{EVENT_TYPE}`"));
        }
        lacking.push(nameless());
    }
    if shut_out.is_empty() {
        return Verdict::Fine;
    }
    // Names first and in order, so that everyone who merges writes the same.
    let (mut all, others): (Vec<Value>, Vec<Value>) = values.iter().cloned().chain(lacking).partition(Value::is_string);
    all.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
    all.dedup();
    all.extend(others);
    let value = if all.len() > MOST_VALUES { NONE.to_owned() } else { policy(all) };
    set(value, format!("has a filter policy that does not let {} pass", shut_out.join(", ")))
}

fn foreign(policy: &Map<String, Value>, names: Option<&BTreeSet<String>>) -> String {
    let keys: Vec<String> = policy.keys().map(|key| format!("`{key}`")).collect();
    let what = match names {
        Some(_) => "whether it lets the events listened to pass cannot be told",
        None => "`.unfiltered()` does not take it away",
    };
    format!("has a filter policy of someone else's, by {}, and is left as it is; {what}", keys.join(" and "))
}

fn set(value: String, what: String) -> Verdict {
    Verdict::Set { value, what }
}

fn parse(policy: Option<&str>) -> Map<String, Value> {
    policy.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

fn policy(values: Vec<Value>) -> String {
    json!({ EVENT_TYPE: values }).to_string()
}

fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn nameless() -> Value {
    json!({ "exists": false })
}

#[cfg(test)]
mod tests;
