//! Filter policies: which messages of a topic a subscription lets through.
//!
//! Sources: the SNS developer guide, subscription filter policies (string, numeric and key matching, AND/OR logic,
//! constraints). Where two of its pages differ, the narrower reading counts.

mod number;
mod parse;
mod rule;
mod wildcard;

use serde_json::Value;

use super::content::Content;
use super::outgoing::Outgoing;
use super::refused::{Refused, RefusedKind};
use crate::attributes::AttributeValue;
use crate::transport::Body;
use rule::{Rules, Scalar};

/// A subscription filter policy: which messages of a topic a subscription lets through.
///
/// Every key must match, and for each key one matching value is enough. Values are strings, numbers, `true`, `false`,
/// `null`, and matchers: `prefix`, `suffix`, `wildcard`, `equals-ignore-case`, `anything-but`, `numeric`, `exists` and
/// `cidr`; `$or` contains policies of which one must match. A policy that SNS would refuse is refused when it is
/// created, so that it can be tested on its own:
///
/// ```
/// use melange::AttributeValue;
/// use melange::transport::memory::{FilterPolicy, Outgoing};
///
/// let policy = FilterPolicy::attributes(r#"{"store": ["north", {"prefix": "south-"}], "total": [{"numeric": [">=", 100]}]}"#)?;
/// let order = |store: &str, total: &str| {
///     Outgoing::new("{}")
///         .attribute("store", AttributeValue::String(store.to_owned()))
///         .attribute("total", AttributeValue::Number(total.to_owned()))
/// };
/// assert!(policy.matches(&order("south-2", "100")));
/// assert!(!policy.matches(&order("south-2", "99.5")));
/// assert!(!policy.matches(&order("south", "100")));
///
/// let refused = FilterPolicy::attributes(r#"{"store": []}"#).unwrap_err();
/// assert!(refused.to_string().contains("store"));
/// # Ok::<(), melange::transport::memory::Refused>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct FilterPolicy {
    scope: Scope,
    all: All,
}

/// What a policy looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    Attributes,
    Body,
}

/// All of these must match.
#[derive(Debug, Clone, Default, PartialEq)]
struct All {
    keys: Vec<(String, Node)>,
    /// Of each of these, one.
    either: Vec<Vec<All>>,
}

/// What is asked of a key.
#[derive(Debug, Clone, PartialEq)]
enum Node {
    Rules(Rules),
    Nested(All),
}

impl FilterPolicy {
    /// A policy on message attributes, as JSON. Strings, `String.Array`s and numbers are compared; binary attributes
    /// are ignored. SNS wants `"` and `\` escaped twice here: `{"name": ["say \\\"hi\\\""]}` lets `say "hi"` through.
    ///
    /// # Errors
    /// If SNS would refuse it: the error names the key and what is wrong with it.
    pub fn attributes(json: &str) -> Result<Self, Refused> {
        Self::parse(Scope::Attributes, json)
    }

    /// A policy on the body, which must be a JSON object to pass. Keys may be nested; in a list, one matching element
    /// is enough.
    ///
    /// # Errors
    /// If SNS would refuse it: the error names the key and what is wrong with it.
    pub fn body(json: &str) -> Result<Self, Refused> {
        Self::parse(Scope::Body, json)
    }

    fn parse(scope: Scope, json: &str) -> Result<Self, Refused> {
        parse::policy(scope, json)
            .map(|all| Self { scope, all })
            .map_err(|why| Refused::new(RefusedKind::InvalidFilter, format!("the filter policy is refused: {why}")))
    }

    /// Whether it lets `message` through.
    #[must_use]
    pub fn matches(&self, message: &Outgoing) -> bool {
        self.lets(&message.content())
    }

    /// A policy that asks for nothing is none.
    pub(super) fn is_none(&self) -> bool {
        self.all == All::default()
    }

    pub(super) fn lets(&self, content: &Content) -> bool {
        if self.is_none() {
            return true;
        }
        match (self.scope, &content.body) {
            (Scope::Attributes, _) => self.all.lets_attributes(content),
            (Scope::Body, Body::Json(json)) => {
                matches!(serde_json::from_str(json), Ok(Value::Object(body)) if self.all.lets_object(&body))
            }
            (Scope::Body, Body::Typed(_)) => false,
        }
    }
}

impl All {
    fn lets_attributes(&self, content: &Content) -> bool {
        let key = |(name, node): &(String, Node)| match node {
            Node::Rules(rules) => {
                let values =
                    content.attributes.get(name).and_then(|value| scalars(content.data_type(name, value), value));
                match values {
                    // That something is not there counts only beside something that is.
                    None => rules.lets_absence() && !content.attributes.is_empty(),
                    Some(values) => rules.lets(&values),
                }
            }
            Node::Nested(_) => false,
        };
        self.keys.iter().all(key)
            && self.either.iter().all(|branches| branches.iter().any(|branch| branch.lets_attributes(content)))
    }

    fn lets_object(&self, object: &serde_json::Map<String, Value>) -> bool {
        let key = |(name, node): &(String, Node)| match (node, object.get(name)) {
            (Node::Rules(rules), value) => {
                let mut leaves = Vec::new();
                value.into_iter().for_each(|value| collect(value, &mut leaves));
                if leaves.is_empty() { rules.lets_absence() } else { rules.lets(&leaves) }
            }
            (Node::Nested(nested), Some(Value::Object(object))) => nested.lets_object(object),
            // Of a list, one element must match as a whole.
            (Node::Nested(nested), Some(Value::Array(elements))) => {
                elements.iter().any(|element| element.as_object().is_some_and(|object| nested.lets_object(object)))
            }
            // Nothing below is there, as some policies want it.
            (Node::Nested(nested), _) => nested.lets_object(&serde_json::Map::new()),
        };
        self.keys.iter().all(key)
            && self.either.iter().all(|branches| branches.iter().any(|branch| branch.lets_object(object)))
    }
}

/// What is compared of an attribute; `None` when nothing is.
fn scalars<'a>(data_type: &str, value: &'a AttributeValue) -> Option<Vec<Scalar<'a>>> {
    match value {
        AttributeValue::String(text) if data_type == "String.Array" => {
            let elements = serde_json::from_str::<Vec<Value>>(text).unwrap_or_default();
            Some(elements.iter().filter_map(Scalar::of).map(escaped).map(Scalar::into_owned).collect())
        }
        AttributeValue::String(text) => Some(vec![escaped(Scalar::Text(text.as_str().into()))]),
        AttributeValue::Number(text) => Some(vec![number::parse(text).map_or(Scalar::Large, Scalar::Number)]),
        AttributeValue::Binary(_) => None,
    }
}

/// As SNS compares a text of an attribute: with its quotes and backslashes escaped.
fn escaped(scalar: Scalar<'_>) -> Scalar<'_> {
    match scalar {
        Scalar::Text(text) if text.contains(['"', '\\']) => {
            Scalar::Text(text.replace('\\', r"\\").replace('"', "\\\"").into())
        }
        other => other,
    }
}

/// The leaves of `value`, lists flattened; an object is no leaf.
fn collect<'a>(value: &'a Value, leaves: &mut Vec<Scalar<'a>>) {
    match value {
        Value::Array(elements) => elements.iter().for_each(|element| collect(element, leaves)),
        other => leaves.extend(Scalar::of(other)),
    }
}

#[cfg(test)]
mod tests;
