//! The policy of a queue: which topics may send to it. One statement is ours; those of others stay as they are.

mod open;
mod pattern;
mod statement;

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use statement::{Statement, services};

/// The name of our statement.
const SID: &str = "MelangeSns";
/// Longest policy, and most statements in it. Source: the SQS developer guide, policy quotas.
const MOST_BYTES: usize = 8_192;
const MOST_STATEMENTS: usize = 20;

/// Those of `topics` that `policy` does not let send to `queue`. What lets everyone in does not count: it is to go, and
/// then they would be shut out.
pub(super) fn lacking(policy: Option<&str>, queue: &str, topics: &BTreeSet<String>) -> BTreeSet<String> {
    let document = parse(policy);
    let statements = statements(&document);
    let closed: Vec<_> = statements.iter().filter(|statement| open::why(statement).is_none()).collect();
    let permitted = |topic: &String| closed.iter().any(|statement| Statement(statement).permits(queue, topic));
    topics.iter().filter(|topic| !permitted(topic)).cloned().collect()
}

/// The topics in our statement, whoever put them there.
pub(super) fn ours(policy: Option<&str>) -> BTreeSet<String> {
    let document = parse(policy);
    let statements = statements(&document);
    let ours = statements.iter().map(Statement).filter(|statement| statement.name() == Some(SID));
    ours.flat_map(Statement::sources).map(str::to_owned).collect()
}

/// `policy`, with a statement of ours that lets `topics` send to `queue`, beside those it let already.
///
/// # Errors
/// In words, if SQS would refuse it.
pub(crate) fn merged(policy: Option<&str>, queue: &str, topics: &BTreeSet<String>) -> Result<String, String> {
    let mut document = parse(policy);
    let mut all = statements(&document);
    all.retain(|statement| Statement(statement).name() != Some(SID));
    let sources: BTreeSet<String> = ours(policy).union(topics).cloned().collect();
    let mut by = services(sources.iter().map(String::as_str), queue);
    let by = if by.len() == 1 { by.pop().into() } else { Value::from(by) };
    all.push(json!({
        "Sid": SID,
        "Effect": "Allow",
        "Principal": { "Service": by },
        "Action": "sqs:SendMessage",
        "Resource": queue,
        "Condition": { "ArnEquals": { "aws:SourceArn": sources } },
    }));
    if all.len() > MOST_STATEMENTS {
        return Err(format!(
            "its policy would have {} statements, and SQS takes {MOST_STATEMENTS}; \
             put some of those that are there into one, or take out what is no longer needed",
            all.len()
        ));
    }
    let text = written(&mut document, all);
    if text.len() > MOST_BYTES {
        return Err(format!(
            "its policy would have {} bytes, and SQS takes {MOST_BYTES}; it would let {} topics send. Take out what is \
             no longer needed, or give some subscribers a queue of their own: `#[subscriber(queue = \"...\")]`",
            text.len(),
            sources.len()
        ));
    }
    Ok(text)
}

/// The policy of a queue that only `topics` may send to.
///
/// # Errors
/// In words, if SQS would refuse it.
pub(crate) fn policy_for(queue: &str, topics: &BTreeSet<String>) -> Result<String, String> {
    merged(None, queue, topics)
}

/// Each statement of `policy` that lets too many in, by its name or place, with why.
pub(super) fn too_open(policy: Option<&str>) -> Vec<(String, String)> {
    let document = parse(policy);
    let named = |(at, statement): (usize, &Value)| {
        let why = open::why(statement)?;
        Some((called(at, statement), why))
    };
    statements(&document).iter().enumerate().filter_map(named).collect()
}

/// The statements of `policy` that are not ours, in words. Those that let too many in are said elsewhere.
pub(super) fn foreign(policy: Option<&str>) -> Vec<String> {
    let document = parse(policy);
    let statements = statements(&document);
    let theirs = statements
        .iter()
        .enumerate()
        .filter(|(_, statement)| Statement(statement).name() != Some(SID) && open::why(statement).is_none());
    theirs.map(|(at, statement)| format!("has statement {} in its policy", called(at, statement))).collect()
}

/// A statement, by its name or place.
fn called(at: usize, statement: &Value) -> String {
    Statement(statement).name().map_or_else(|| format!("number {}", at + 1), |sid| format!("{sid:?}"))
}

/// `policy` without what lets too many in, which lets `topics` send all the same; empty for none.
pub(super) fn closed(policy: Option<&str>, queue: &str, topics: &BTreeSet<String>) -> Result<String, String> {
    let mut document = parse(policy);
    let mut all = statements(&document);
    all.retain(|statement| open::why(statement).is_none());
    let none_left = all.is_empty();
    let text = written(&mut document, all);
    let lacking = lacking(Some(&text), queue, topics);
    if !lacking.is_empty() {
        return merged(Some(&text), queue, &lacking);
    }
    Ok(if none_left { String::new() } else { text })
}

fn written(document: &mut Map<String, Value>, statements: Vec<Value>) -> String {
    document.entry("Version").or_insert_with(|| "2012-10-17".into());
    document.insert("Statement".to_owned(), statements.into());
    Value::Object(std::mem::take(document)).to_string()
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

#[cfg(test)]
mod tests;
