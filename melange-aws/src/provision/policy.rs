//! The policy of a queue: which topics may send to it. One statement is ours; those of others stay as they are.

use std::collections::BTreeSet;

use melange::transport::{TransportError, TransportErrorKind};
use serde_json::{Map, Value, json};

/// The name of our statement.
const SID: &str = "MelangeSns";
/// Longest policy, and most statements in it. Source: the SQS developer guide, policy quotas.
const MOST_BYTES: usize = 8_192;
const MOST_STATEMENTS: usize = 20;

/// Those of `topics` that `policy` does not let send to `queue`.
pub(super) fn lacking(policy: Option<&str>, queue: &str, topics: &BTreeSet<String>) -> BTreeSet<String> {
    let document = parse(policy);
    let statements = statements(&document);
    let permitted = |topic: &String| statements.iter().any(|statement| permits(statement, queue, topic));
    topics.iter().filter(|topic| !permitted(topic)).cloned().collect()
}

/// `policy`, with a statement of ours that lets `topics` send to `queue`, beside those it let already.
pub(super) fn merged(policy: Option<&str>, queue: &str, topics: &BTreeSet<String>) -> Result<String, TransportError> {
    let mut document = parse(policy);
    let mut all = statements(&document);
    let mut sources = topics.clone();
    all.retain(|statement| {
        let ours = statement.get("Sid").and_then(Value::as_str) == Some(SID);
        if ours {
            sources.extend(source_arns(statement).into_iter().map(str::to_owned));
        }
        !ours
    });
    all.push(json!({
        "Sid": SID,
        "Effect": "Allow",
        "Principal": { "Service": "sns.amazonaws.com" },
        "Action": "sqs:SendMessage",
        "Resource": queue,
        "Condition": { "ArnEquals": { "aws:SourceArn": sources } },
    }));
    if all.len() > MOST_STATEMENTS {
        return Err(too_much(queue, format!("{} statements, and SQS takes {MOST_STATEMENTS}", all.len())));
    }
    document.entry("Version").or_insert_with(|| "2012-10-17".into());
    document.insert("Statement".to_owned(), all.into());
    let text = Value::Object(document).to_string();
    if text.len() > MOST_BYTES {
        return Err(too_much(queue, format!("{} bytes, and SQS takes {MOST_BYTES}", text.len())));
    }
    Ok(text)
}

fn too_much(queue: &str, what: String) -> TransportError {
    let what = format!(
        "the policy of {queue} would have {what}; take out what is no longer needed, or feed the queue from fewer topics"
    );
    TransportError::new(TransportErrorKind::Configuration, what)
}

fn parse(policy: Option<&str>) -> Map<String, Value> {
    policy.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

fn statements(document: &Map<String, Value>) -> Vec<Value> {
    match document.get("Statement") {
        Some(Value::Array(statements)) => statements.clone(),
        Some(one @ Value::Object(_)) => vec![one.clone()],
        _ => Vec::new(),
    }
}

/// Whether `statement` lets SNS send from `topic` to `queue`, as far as can be told. Conditions that are not known are
/// taken as not met.
fn permits(statement: &Value, queue: &str, topic: &str) -> bool {
    let has = |key: &str, fits: &dyn Fn(&str) -> bool| texts(statement.get(key)).into_iter().any(fits);
    let principal = match statement.get("Principal") {
        Some(Value::Object(by_kind)) => {
            texts(by_kind.get("Service")).iter().any(|service| is_sns(service))
                || texts(by_kind.get("AWS")).contains(&"*")
        }
        other => texts(other).contains(&"*"),
    };
    let send = |action: &str| matches(&action.to_ascii_lowercase(), "sqs:sendmessage");
    let conditions = statement.get("Condition").and_then(Value::as_object).is_none_or(|all| {
        all.iter().all(|(operator, keys)| {
            let known = ["ArnEquals", "ArnLike", "StringEquals", "StringLike"].contains(&operator.as_str());
            known && keys.as_object().is_some_and(|keys| keys.iter().all(|(key, values)| condition(key, values, topic)))
        })
    });
    has("Effect", &|effect| effect == "Allow")
        && principal
        && has("Action", &send)
        && has("Resource", &|resource| matches(resource, queue))
        && conditions
}

fn condition(key: &str, values: &Value, topic: &str) -> bool {
    match key.to_ascii_lowercase().as_str() {
        "aws:sourcearn" => texts(Some(values)).iter().any(|pattern| matches(pattern, topic)),
        "aws:sourceaccount" | "aws:sourceowner" => {
            crate::names::account_of(topic).is_some_and(|account| texts(Some(values)).contains(&account))
        }
        _ => false,
    }
}

fn is_sns(service: &str) -> bool {
    service == "*" || service.starts_with("sns.") && service.contains("amazonaws.com")
}

fn source_arns(statement: &Value) -> Vec<&str> {
    let arns =
        statement.get("Condition").and_then(|all| all.get("ArnEquals")).and_then(|keys| keys.get("aws:SourceArn"));
    texts(arns)
}

/// One text or several: policies allow both everywhere.
fn texts(value: Option<&Value>) -> Vec<&str> {
    match value {
        Some(Value::String(one)) => vec![one.as_str()],
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// Whether `text` fits `pattern`, in which `*` stands for any text and `?` for any character.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(c) if *c == b'?' || Some(c) == text.get(t) => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, taken)) => {
                    p = at + 1;
                    t = taken + 1;
                    star = Some((at, taken + 1));
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(p).all(|c| *c == b'*')
}

#[cfg(test)]
#[path = "policy_tests.rs"]
mod tests;
