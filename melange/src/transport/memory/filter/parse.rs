//! Reading a filter policy, and refusing what SNS would refuse.

use serde_json::{Map, Value};

use super::number::Range;
use super::rule::{Cidr, Rule, Rules, Scalar};
use super::wildcard::{Points, Wildcard};
use super::{All, Node, Scope};

/// Source of all three: the SNS developer guide, filter policy constraints.
const MOST_KEYS: usize = 5;
const MOST_COMBINATIONS: usize = 150;
const MOST_BYTES: usize = 256 * 1024;

/// Names of matchers. A list of objects under `$or` that uses one as a key is no `$or`.
/// Source: the SNS developer guide, AND/OR logic.
const RESERVED: [&str; 8] =
    ["anything-but", "cidr", "equals-ignore-case", "exists", "numeric", "prefix", "suffix", "wildcard"];

/// Reads the policy in `json`; the error says what is wrong with which key.
pub(super) fn policy(scope: Scope, json: &str) -> Result<All, String> {
    if json.len() > MOST_BYTES {
        return Err(format!("it has {} bytes, where {MOST_BYTES} are the most", json.len()));
    }
    let policy: Map<String, Value> =
        serde_json::from_str(json).map_err(|error| format!("it is not a JSON object ({})", kind(&error)))?;
    let mut size = Size { keys: 0, combinations: 1, points: Points::default() };
    let all = object(scope, &policy, &Place { path: "", depth: 1 }, &mut size)?;
    if size.keys > MOST_KEYS {
        return Err(format!("it has {} keys, where {MOST_KEYS} are the most", size.keys));
    }
    if size.combinations > MOST_COMBINATIONS {
        return Err(format!(
            "it has {} combinations of values, where {MOST_COMBINATIONS} are the most: the numbers of values of all keys \
             multiplied, each by its depth too",
            size.combinations
        ));
    }
    size.points.check()?;
    Ok(all)
}

/// Where the JSON went wrong, without quoting it.
fn kind(error: &serde_json::Error) -> String {
    format!("{:?} error at line {}, column {}", error.classify(), error.line(), error.column())
}

/// How large a policy is.
#[derive(Clone, Copy)]
struct Size {
    keys: usize,
    combinations: usize,
    points: Points,
}

/// Where in a policy.
struct Place<'a> {
    /// The keys that lead there, each with a dot behind it.
    path: &'a str,
    depth: usize,
}

fn object(scope: Scope, policy: &Map<String, Value>, place: &Place<'_>, size: &mut Size) -> Result<All, String> {
    let mut all = All::default();
    let Place { path, depth } = *place;
    for (key, value) in policy {
        let at = |why: String| format!("key `{path}{key}`: {why}");
        match value {
            Value::Array(branches) if key == "$or" && is_or(branches) => {
                all.either.push(either(scope, branches, place, size)?);
            }
            Value::Array(values) => {
                size.keys += 1;
                size.combinations = size.combinations.saturating_mul(values.len()).saturating_mul(depth);
                size.points.add(values);
                all.keys.push((key.clone(), Node::Rules(rules(values).map_err(at)?)));
            }
            Value::Object(_) if scope == Scope::Attributes => {
                return Err(at(
                    "attributes are not nested; list its values, or make it a policy on the body".to_owned()
                ));
            }
            Value::Object(nested) if nested.is_empty() => return Err(at("there is nothing in it".to_owned())),
            Value::Object(nested) => {
                let below = Place { path: &format!("{path}{key}."), depth: depth + 1 };
                let nested = object(scope, nested, &below, size)?;
                all.keys.push((key.clone(), Node::Nested(nested)));
            }
            _ => return Err(at("what it may be must be a list, even if it is only one value".to_owned())),
        }
    }
    Ok(all)
}

/// At least two objects, none of which has a matcher for a key.
fn is_or(branches: &[Value]) -> bool {
    let is_policy = |branch: &Value| {
        branch.as_object().is_some_and(|policy| policy.keys().all(|key| !RESERVED.contains(&key.as_str())))
    };
    branches.len() >= 2 && branches.iter().all(is_policy)
}

/// The combinations of the branches are added up.
fn either(scope: Scope, branches: &[Value], place: &Place<'_>, size: &mut Size) -> Result<Vec<All>, String> {
    let mut read = Vec::with_capacity(branches.len());
    let mut combinations = 0_usize;
    for (number, branch) in branches.iter().filter_map(Value::as_object).enumerate() {
        let path = format!("{}$or[{number}]", place.path);
        if branch.is_empty() {
            return Err(format!("key `{path}`: a branch is empty"));
        }
        let mut own = *size;
        read.push(object(scope, branch, &Place { path: &format!("{path}."), ..*place }, &mut own)?);
        (size.keys, size.points) = (own.keys, own.points);
        combinations = combinations.saturating_add(own.combinations);
    }
    size.combinations = combinations;
    Ok(read)
}

fn rules(values: &[Value]) -> Result<Rules, String> {
    if values.is_empty() {
        return Err("a list of no values lets nothing through, and is refused".to_owned());
    }
    values.iter().map(rule).collect::<Result<_, _>>().map(Rules)
}

fn rule(value: &Value) -> Result<Rule, String> {
    let matcher = match value {
        Value::Object(matcher) => matcher,
        Value::Array(_) => {
            return Err("a value is a text, a number, true, false, null or a matcher, and no list".to_owned());
        }
        other => return literal(other).map(Rule::Is),
    };
    let (1, Some((name, value))) = (matcher.len(), matcher.iter().next()) else {
        return Err("a matcher has one name".to_owned());
    };
    let text = || match value.as_str() {
        Some("") => Err(format!("`{name}` needs a text that is not empty")),
        Some(text) => Ok(text.to_owned()),
        None => Err(format!("`{name}` needs a text")),
    };
    match name.as_str() {
        "prefix" => text().map(Rule::Prefix),
        "suffix" => text().map(Rule::Suffix),
        "wildcard" => text().and_then(Wildcard::parse).map(Rule::Wildcard),
        "equals-ignore-case" => text().map(|text| Rule::IgnoreCase(text.to_lowercase())),
        "cidr" => Cidr::parse(&text()?).map(Rule::Cidr),
        "exists" => value.as_bool().map(Rule::Exists).ok_or_else(|| "`exists` needs true or false".to_owned()),
        "numeric" => {
            Range::parse(value.as_array().ok_or("`numeric` needs a list, as in [\">\", 0]")?).map(Rule::Numeric)
        }
        "anything-but" => anything_but(value),
        other => Err(format!("`{other}` is no matcher; there are {}", RESERVED.join(", "))),
    }
}

fn literal(value: &Value) -> Result<Scalar<'static>, String> {
    match Scalar::of(value) {
        Some(Scalar::Large) => Err("numbers in a filter policy are within a billion of zero".to_owned()),
        Some(scalar) => Ok(scalar.into_owned()),
        None => Err("a value is a text, a number, true, false or null".to_owned()),
    }
}

/// A value, a list of values of one kind, a prefix, a suffix or a wildcard.
fn anything_but(value: &Value) -> Result<Rule, String> {
    let text_or_number = |value: &Value| match value {
        Value::String(_) | Value::Number(_) => literal(value),
        _ => Err("`anything-but` takes texts or numbers, a `prefix`, a `suffix` or a `wildcard`".to_owned()),
    };
    match value {
        Value::Array(values) if values.is_empty() => Err("`anything-but` of nothing is refused".to_owned()),
        Value::Array(values) => {
            if values.iter().any(Value::is_string) && values.iter().any(Value::is_number) {
                return Err("`anything-but` takes texts or numbers, and no mixture".to_owned());
            }
            values.iter().map(text_or_number).collect::<Result<_, _>>().map(Rule::AnythingBut)
        }
        Value::Object(_) => match rule(value)? {
            Rule::Prefix(prefix) => Ok(Rule::NoPrefix(prefix)),
            Rule::Suffix(suffix) => Ok(Rule::NoSuffix(suffix)),
            Rule::Wildcard(wildcard) => Ok(Rule::NoWildcard(wildcard)),
            _ => Err("inside `anything-but` only `prefix`, `suffix` and `wildcard` are matchers".to_owned()),
        },
        one => text_or_number(one).map(|one| Rule::AnythingBut(vec![one])),
    }
}
