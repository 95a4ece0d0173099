//! Filter policies on message attributes.
//!
//! Source: the SNS developer guide, subscription filter policies. Not here: `FilterPolicyScope=MessageBody` and `$or`,
//! which are refused.

use std::collections::HashSet;

use serde_json::{Map, Value};

use crate::content::Attribute;
use crate::refusal::Refusal;

/// Most keys, and most combinations of values. Source: the SNS developer guide, filter policy constraints.
const MOST_KEYS: usize = 5;
const MOST_COMBINATIONS: usize = 150;

/// A filter policy: every key must be content.
#[derive(Debug)]
pub(super) struct Filter(Vec<Key>);

#[derive(Debug)]
struct Key {
    name: String,
    /// Exact texts, which most filters consist of.
    texts: HashSet<String>,
    rules: Vec<Rule>,
}

#[derive(Debug)]
enum Rule {
    Exists(bool),
    Prefix(String),
    Suffix(String),
    IgnoreCase(String),
    Not(Vec<Rule>),
    Text(String),
    /// `>= 0`, `< 5`: all must hold.
    Numeric(Vec<(String, f64)>),
}

impl Filter {
    pub(super) fn parse(text: &str) -> Result<Self, Refusal> {
        let invalid = |why: &str| Refusal::parameter(format_args!("FilterPolicy: {why}"));
        let policy: Map<String, Value> = serde_json::from_str(text).map_err(|_| invalid("failed to parse JSON."))?;
        if policy.len() > MOST_KEYS {
            return Err(invalid("Filter policy can not have more than 5 keys"));
        }
        let mut keys = Vec::new();
        let mut combinations = 1_usize;
        for (name, values) in policy {
            if name == "$or" {
                return Err(invalid("`$or` is not supported by this stub"));
            }
            let Value::Array(values) = values else {
                return Err(invalid("\"Match value must be String, number, true, false, or null\""));
            };
            if values.is_empty() {
                return Err(invalid("Empty arrays are not allowed"));
            }
            combinations = combinations.saturating_mul(values.len());
            let mut key = Key { name, texts: HashSet::new(), rules: Vec::new() };
            for value in &values {
                match value {
                    Value::String(text) => {
                        key.texts.insert(text.clone());
                    }
                    other => key.rules.push(Rule::parse(other).ok_or_else(|| invalid("Unrecognized match type"))?),
                }
            }
            keys.push(key);
        }
        if combinations > MOST_COMBINATIONS {
            return Err(invalid("Filter policy is too complex"));
        }
        Ok(Self(keys))
    }

    pub(super) fn lets(&self, attributes: &[Attribute]) -> bool {
        self.0.iter().all(|key| {
            let attribute = attributes.iter().find(|attribute| attribute.name == key.name);
            match attribute {
                None => key.rules.iter().any(|rule| matches!(rule, Rule::Exists(false))),
                Some(attribute) => key.lets(attribute),
            }
        })
    }
}

impl Key {
    fn lets(&self, attribute: &Attribute) -> bool {
        let is_number = attribute.base() == "Number";
        // Of an array each element may be the one.
        let array = (attribute.data_type == "String.Array").then(|| attribute.text()).flatten();
        let array = array.and_then(|text| serde_json::from_str::<Vec<Value>>(text).ok());
        let values: Vec<(String, bool)> = match (array, attribute.text()) {
            (Some(values), _) => values.iter().map(element).collect(),
            (None, Some(text)) => vec![(text.to_owned(), is_number)],
            // Bytes can only be there or not.
            (None, None) => Vec::new(),
        };
        let exists = self.rules.iter().any(|rule| matches!(rule, Rule::Exists(true)));
        exists
            || values.iter().any(|(text, number)| {
                !number && self.texts.contains(text) || self.rules.iter().any(|rule| rule.lets(text, *number))
            })
    }
}

fn element(value: &Value) -> (String, bool) {
    match value {
        Value::String(text) => (text.clone(), false),
        other => (other.to_string(), other.is_number()),
    }
}

impl Rule {
    fn parse(value: &Value) -> Option<Self> {
        match value {
            Value::String(text) => Some(Self::Text(text.clone())),
            Value::Bool(_) | Value::Null => Some(Self::Text(value.to_string())),
            Value::Number(number) => Some(Self::Numeric(vec![("=".to_owned(), number.as_f64()?)])),
            Value::Object(rule) => {
                let (kind, value) = rule.iter().next().filter(|_| rule.len() == 1)?;
                match (kind.as_str(), value) {
                    ("exists", Value::Bool(exists)) => Some(Self::Exists(*exists)),
                    ("prefix", Value::String(text)) => Some(Self::Prefix(text.clone())),
                    ("suffix", Value::String(text)) => Some(Self::Suffix(text.clone())),
                    ("equals-ignore-case", Value::String(text)) => Some(Self::IgnoreCase(text.to_lowercase())),
                    ("anything-but", Value::Array(values)) => {
                        Some(Self::Not(values.iter().map(Self::parse).collect::<Option<_>>()?))
                    }
                    ("anything-but", value) => Some(Self::Not(vec![Self::parse(value)?])),
                    ("numeric", Value::Array(parts)) => {
                        let pair = |pair: &[Value]| match pair {
                            [Value::String(operator), Value::Number(number)] => {
                                let known = ["=", "<", "<=", ">", ">="].contains(&operator.as_str());
                                known.then(|| number.as_f64().map(|number| (operator.clone(), number))).flatten()
                            }
                            _ => None,
                        };
                        Some(Self::Numeric(parts.chunks(2).map(pair).collect::<Option<_>>()?))
                    }
                    _ => None,
                }
            }
            Value::Array(_) => None,
        }
    }

    fn lets(&self, text: &str, is_number: bool) -> bool {
        match self {
            Self::Exists(exists) => *exists,
            Self::Text(wanted) => !is_number && wanted == text,
            Self::Prefix(prefix) => !is_number && text.starts_with(prefix.as_str()),
            Self::Suffix(suffix) => !is_number && text.ends_with(suffix.as_str()),
            Self::IgnoreCase(wanted) => !is_number && text.to_lowercase() == *wanted,
            Self::Not(rules) => !rules.iter().any(|rule| rule.lets(text, is_number)),
            Self::Numeric(parts) => {
                let Some(number) = text.parse::<f64>().ok().filter(|_| is_number) else { return false };
                parts.iter().all(|(operator, bound)| match operator.as_str() {
                    "<" => number < *bound,
                    "<=" => number <= *bound,
                    ">" => number > *bound,
                    ">=" => number >= *bound,
                    // Five decimals count.
                    _ => (number - bound).abs() < 0.000_005,
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::Value as Content;

    fn attribute(data_type: &str, value: &str) -> Attribute {
        Attribute { name: "a".to_owned(), data_type: data_type.to_owned(), value: Content::Text(value.to_owned()) }
    }

    fn lets(filter: &str, attributes: &[Attribute]) -> bool {
        Filter::parse(filter).unwrap().lets(attributes)
    }

    #[test]
    fn names_and_their_absence() {
        let filter = r#"{"a": ["OrderPlaced", "OrderPaid", {"exists": false}]}"#;
        assert!(lets(filter, &[attribute("String", "OrderPaid")]));
        assert!(lets(filter, &[]));
        assert!(!lets(filter, &[attribute("String", "orderpaid")]));
        assert!(!lets(r#"{"a": ["x"]}"#, &[]));
        assert!(lets(r#"{"a": [{"exists": true}]}"#, &[attribute("String", "x")]));
        assert!(!lets(r#"{"a": [{"exists": true}]}"#, &[]));
        assert!(lets("{}", &[]));
        assert!(!lets(r#"{"a": ["x"], "b": ["y"]}"#, &[attribute("String", "x")]), "every key must be content");
    }

    #[test]
    fn a_text_is_no_number_and_a_number_no_text() {
        assert!(!lets(r#"{"a": [7]}"#, &[attribute("String", "7")]));
        assert!(lets(r#"{"a": [7]}"#, &[attribute("Number", "7.0")]));
        assert!(!lets(r#"{"a": ["7"]}"#, &[attribute("Number", "7")]));
        let between = r#"{"a": [{"numeric": [">=", 0, "<", 5]}]}"#;
        assert!(lets(between, &[attribute("Number", "0")]));
        assert!(!lets(between, &[attribute("Number", "5")]));
    }

    #[test]
    fn the_other_matchers() {
        let x = |value: &str| [attribute("String", value)];
        assert!(lets(r#"{"a": [{"prefix": "Order"}]}"#, &x("OrderPlaced")));
        assert!(lets(r#"{"a": [{"suffix": "Placed"}]}"#, &x("OrderPlaced")));
        assert!(lets(r#"{"a": [{"equals-ignore-case": "ORDER"}]}"#, &x("order")));
        assert!(lets(r#"{"a": [{"anything-but": ["x"]}]}"#, &x("y")));
        assert!(!lets(r#"{"a": [{"anything-but": [{"prefix": "x"}]}]}"#, &x("xy")));
        assert!(lets(r#"{"a": ["two"]}"#, &[attribute("String.Array", r#"["one", "two"]"#)]));
    }

    #[test]
    fn what_sns_would_refuse_is_refused() {
        let names = |n: usize| serde_json::to_string(&(0..n).map(|i| i.to_string()).collect::<Vec<_>>()).unwrap();
        Filter::parse(&format!(r#"{{"a": {}}}"#, names(150))).unwrap();
        for bad in [
            format!(r#"{{"a": {}}}"#, names(151)),
            r#"{"a": "x"}"#.to_owned(),
            r#"{"a": []}"#.to_owned(),
            r#"{"a": [{"sounds-like": "x"}]}"#.to_owned(),
            r#"{"a":[1],"b":[1],"c":[1],"d":[1],"e":[1],"f":[1]}"#.to_owned(),
            "nonsense".to_owned(),
        ] {
            assert_eq!(Filter::parse(&bad).unwrap_err().code, "InvalidParameter", "{bad}");
        }
    }
}
