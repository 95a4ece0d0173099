//! One statement of a policy: whom it lets do what.

use serde_json::{Map, Value};

use super::pattern::matches;
use crate::names::{account_of, region_of};
use crate::regions::is_opt_in;

/// SNS, as policies name it.
const SNS: &str = "sns.amazonaws.com";

/// A statement, read without expecting it to be well made.
#[derive(Clone, Copy)]
pub(super) struct Statement<'a>(pub(super) &'a Value);

impl<'a> Statement<'a> {
    pub(super) fn name(self) -> Option<&'a str> {
        self.0.get("Sid").and_then(Value::as_str).filter(|sid| !sid.is_empty())
    }

    pub(super) fn allows(self) -> bool {
        texts(self.0.get("Effect")).contains(&"Allow")
    }

    /// Whether it lets SNS send from `topic` to `queue`, as far as can be told. Conditions that are not known are taken as
    /// not met.
    pub(super) fn permits(self, queue: &str, topic: &str) -> bool {
        let principal = self.is_for_everyone() || self.services().iter().any(|name| speaks_for(name, topic, queue));
        let met = self.conditions().all(|(operator, key, values)| {
            ["ArnEquals", "ArnLike", "StringEquals", "StringLike"].contains(&operator) && is_met(key, values, topic)
        });
        self.allows() && principal && self.does("sqs:sendmessage") && self.is_about(queue) && met
    }

    /// Whether it is not for certain accounts or services, but for whoever asks.
    pub(super) fn is_for_everyone(self) -> bool {
        if self.0.get("NotPrincipal").is_some() {
            return true;
        }
        match self.0.get("Principal") {
            Some(Value::Object(by_kind)) => {
                texts(by_kind.get("AWS")).contains(&"*") || texts(by_kind.get("*")).contains(&"*")
            }
            other => texts(other).contains(&"*"),
        }
    }

    /// Whether it is for SNS, on behalf of any topic.
    pub(super) fn is_for_sns(self) -> bool {
        self.services().iter().any(|name| *name == "*" || is_sns(name))
    }

    /// Whether it is about `action`, in small letters.
    pub(super) fn does(self, action: &str) -> bool {
        let listed = |key: &str| {
            texts(self.0.get(key)).into_iter().any(|pattern| matches(&pattern.to_ascii_lowercase(), action))
        };
        if self.0.get("NotAction").is_some() { !listed("NotAction") } else { listed("Action") }
    }

    /// The names of its actions.
    pub(super) fn actions(self) -> Vec<&'a str> {
        texts(self.0.get("Action"))
    }

    /// Whether it is about everything that can be done with a queue.
    pub(super) fn does_everything(self) -> bool {
        let all = |action: &&str| ["*", "sqs:*"].contains(&action.to_ascii_lowercase().as_str());
        self.0.get("NotAction").is_some() || self.actions().iter().any(all)
    }

    /// The ARNs it lets send, where it says them.
    pub(super) fn sources(self) -> Vec<&'a str> {
        let of_source = |key: &str| key.eq_ignore_ascii_case("aws:SourceArn");
        self.conditions().filter(|(_, key, _)| of_source(key)).flat_map(|(_, _, values)| texts(Some(values))).collect()
    }

    /// Operator, key and values of each condition.
    pub(super) fn conditions(self) -> impl Iterator<Item = (&'a str, &'a str, &'a Value)> {
        let all = self.0.get("Condition").and_then(Value::as_object);
        let keys = |keys: &'a Value| keys.as_object().into_iter().flat_map(Map::iter);
        all.into_iter().flat_map(Map::iter).flat_map(move |(operator, of)| {
            keys(of).map(move |(key, values)| (operator.as_str(), key.as_str(), values))
        })
    }

    fn services(self) -> Vec<&'a str> {
        texts(self.0.get("Principal").and_then(|by_kind| by_kind.get("Service")))
    }

    fn is_about(self, queue: &str) -> bool {
        let listed = |key: &str| texts(self.0.get(key)).into_iter().any(|pattern| matches(pattern, queue));
        if self.0.get("NotResource").is_some() { !listed("NotResource") } else { listed("Resource") }
    }
}

fn is_met(key: &str, values: &Value, topic: &str) -> bool {
    match key.to_ascii_lowercase().as_str() {
        "aws:sourcearn" => texts(Some(values)).iter().any(|pattern| matches(pattern, topic)),
        "aws:sourceaccount" | "aws:sourceowner" => {
            account_of(topic).is_some_and(|account| texts(Some(values)).contains(&account))
        }
        _ => false,
    }
}

/// The services that a statement must name, so that these topics may send to `queue`.
pub(super) fn services<'a>(topics: impl Iterator<Item = &'a str>, queue: &str) -> Vec<String> {
    let own = topics.filter_map(|topic| own_name(topic, queue));
    let mut all: Vec<String> = own.chain([SNS.to_owned()]).collect();
    all.sort();
    all.dedup();
    all
}

/// The name under which SNS delivers from `topic`, where it is not the usual one.
fn own_name(topic: &str, queue: &str) -> Option<String> {
    let region = region_of(topic).filter(|region| region_of(queue) != Some(region))?;
    is_opt_in(region).then(|| format!("sns.{region}.amazonaws.com"))
}

fn speaks_for(service: &str, topic: &str, queue: &str) -> bool {
    match own_name(topic, queue) {
        Some(own) => service == "*" || service == own,
        None => service == "*" || is_sns(service),
    }
}

fn is_sns(service: &str) -> bool {
    service.starts_with("sns.") && service.contains("amazonaws.com")
}

/// One text or several: policies allow both everywhere.
pub(super) fn texts(value: Option<&Value>) -> Vec<&str> {
    match value {
        Some(Value::String(one)) => vec![one.as_str()],
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUEUE: &str = "arn:aws:sqs:us-east-1:1:billing";

    #[test]
    fn sns_has_a_name_of_its_own_in_regions_to_opt_into() {
        let services = |topic: &str| services([topic].into_iter(), QUEUE);
        assert_eq!(services("arn:aws:sns:us-east-1:1:orders"), [SNS]);
        assert_eq!(services("arn:aws:sns:eu-west-1:1:orders"), [SNS]);
        assert_eq!(services("arn:aws:sns:me-south-1:1:orders"), [SNS, "sns.me-south-1.amazonaws.com"]);
    }

    #[test]
    fn the_usual_name_does_not_speak_for_them() {
        let statement = |service: &str| {
            serde_json::json!({
                "Effect": "Allow",
                "Principal": { "Service": service },
                "Action": "sqs:SendMessage",
                "Resource": QUEUE,
            })
        };
        let permits = |service: &str, topic: &str| Statement(&statement(service)).permits(QUEUE, topic);
        assert!(permits(SNS, "arn:aws:sns:eu-west-1:1:orders"));
        assert!(!permits(SNS, "arn:aws:sns:me-south-1:1:orders"));
        assert!(permits("sns.me-south-1.amazonaws.com", "arn:aws:sns:me-south-1:1:orders"));
    }
}
