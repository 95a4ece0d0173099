//! Whether a queue's policy lets SNS send to it: as far as policies for SNS go.
//!
//! A statement with a condition that is not known here does not allow anything, and does not deny either.

use serde_json::Value;

use crate::refusal::Refusal;

/// A queue's policy.
#[derive(Debug)]
pub(super) struct Policy {
    statements: Vec<Value>,
}

impl Policy {
    pub(super) fn parse(text: &str) -> Result<Self, Refusal> {
        let refuse = || Refusal::new("InvalidAttributeValue", "Invalid value for the parameter Policy.");
        let policy: Value = serde_json::from_str(text).map_err(|_| refuse())?;
        let statements = match policy.get("Statement") {
            Some(Value::Array(statements)) => statements.clone(),
            Some(one @ Value::Object(_)) => vec![one.clone()],
            _ => return Err(refuse()),
        };
        let complete =
            |s: &Value| s.get("Effect").is_some() && s.get("Principal").is_some() && s.get("Action").is_some();
        // Source: the SQS developer guide, policy quotas.
        if text.len() > 8_192 || statements.len() > 20 || !statements.iter().all(complete) {
            return Err(refuse());
        }
        Ok(Self { statements })
    }

    /// Whether SNS may send to `queue` what was published to `topic`. SNS comes over TLS.
    pub(super) fn lets(&self, queue: &str, topic: &str) -> bool {
        let about = |effect: &'static str| {
            self.statements.iter().filter(move |statement| {
                statement.get("Effect").and_then(Value::as_str) == Some(effect)
                    && is_sns(statement.get("Principal"))
                    && any(statement.get("Action"), |action| matches(&action.to_ascii_lowercase(), "sqs:sendmessage"))
                    && any(statement.get("Resource"), |resource| matches(resource, queue))
            })
        };
        let holds = |statement: &Value| {
            let Some(Value::Object(conditions)) = statement.get("Condition") else { return true };
            conditions.iter().all(|(operator, keys)| holds(operator, keys, topic))
        };
        about("Allow").any(holds) && !about("Deny").any(holds)
    }
}

fn holds(operator: &str, keys: &Value, topic: &str) -> bool {
    let Value::Object(keys) = keys else { return false };
    let account = topic.split(':').nth(4).unwrap_or_default();
    keys.iter().all(|(key, wanted)| {
        let is = match key.to_ascii_lowercase().as_str() {
            "aws:sourcearn" => topic,
            "aws:sourceaccount" => account,
            "aws:securetransport" => "true",
            _ => return false,
        };
        match operator {
            "ArnEquals" | "ArnLike" | "StringLike" => any(Some(wanted), |wanted| matches(wanted, is)),
            "StringEquals" | "Bool" => any(Some(wanted), |wanted| wanted == is),
            _ => false,
        }
    })
}

fn is_sns(principal: Option<&Value>) -> bool {
    match principal {
        Some(Value::String(all)) => all == "*",
        Some(Value::Object(kinds)) => {
            any(kinds.get("Service"), |service| {
                service == "sns.amazonaws.com" || service.starts_with("sns.") && service.ends_with(".amazonaws.com")
            }) || any(kinds.get("AWS"), |account| account == "*")
        }
        _ => false,
    }
}

/// One text, or a list of which one is enough.
fn any(value: Option<&Value>, is: impl Fn(&str) -> bool) -> bool {
    match value {
        Some(Value::String(text)) => is(text),
        Some(Value::Array(values)) => values.iter().filter_map(Value::as_str).any(is),
        Some(Value::Bool(truth)) => is(if *truth { "true" } else { "false" }),
        _ => false,
    }
}

/// `*` stands for anything, `?` for one character.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.as_bytes().first() {
        None => text.is_empty(),
        Some(b'*') => {
            let rest = &pattern[1..];
            text.char_indices().map(|(at, _)| at).chain([text.len()]).any(|at| matches(rest, &text[at..]))
        }
        Some(b'?') => text.chars().next().is_some_and(|c| matches(&pattern[1..], &text[c.len_utf8()..])),
        Some(_) => {
            let (Some(wanted), Some(is)) = (pattern.chars().next(), text.chars().next()) else { return false };
            wanted == is && matches(&pattern[wanted.len_utf8()..], &text[is.len_utf8()..])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUEUE: &str = "arn:aws:sqs:us-east-1:000000000000:billing";
    const TOPIC: &str = "arn:aws:sns:us-east-1:000000000000:orders";

    fn lets(statements: &str) -> bool {
        Policy::parse(&format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#)).unwrap().lets(QUEUE, TOPIC)
    }

    fn allow(principal: &str, action: &str, resource: &str, condition: &str) -> String {
        format!(
            r#"{{"Effect":"Allow","Principal":{principal},"Action":{action},"Resource":{resource},"Condition":{condition}}}"#
        )
    }

    #[test]
    fn what_aws_asks_for_is_let_through() {
        let sns = r#"{"Service":"sns.amazonaws.com"}"#;
        let send = r#""sqs:SendMessage""#;
        let queue = format!("{QUEUE:?}");
        let from = |arn: &str| format!(r#"{{"ArnEquals":{{"aws:SourceArn":{arn}}}}}"#);
        let topic = format!("{TOPIC:?}");
        assert!(lets(&allow(sns, send, &queue, &from(&topic))));
        assert!(lets(&allow(sns, send, &queue, &from(&format!(r#"["arn:other",{topic}]"#)))));
        assert!(lets(&allow("\"*\"", "\"SQS:*\"", "\"*\"", &from(r#""arn:aws:sns:*:0*:ord?rs""#))));
        assert!(!lets(&allow(sns, send, &queue, &from(r#""arn:aws:sns:us-east-1:000000000000:other""#))));
        assert!(!lets(&allow(sns, "\"sqs:ReceiveMessage\"", &queue, "{}")));
        assert!(!lets(&allow(sns, send, "\"arn:aws:sqs:us-east-1:000000000000:other\"", "{}")));
        assert!(!lets(&allow(r#"{"Service":"s3.amazonaws.com"}"#, send, &queue, "{}")));
        assert!(!lets(&allow(sns, send, &queue, r#"{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}"#)));
    }

    #[test]
    fn a_denial_of_plain_http_does_not_keep_sns_out_and_one_of_everything_does() {
        let allow = allow("\"*\"", "\"sqs:SendMessage\"", "\"*\"", "{}");
        let deny = |condition: &str| {
            format!(
                r#"{allow},{{"Effect":"Deny","Principal":"*","Action":"sqs:*","Resource":"*","Condition":{condition}}}"#
            )
        };
        assert!(lets(&deny(r#"{"Bool":{"aws:SecureTransport":"false"}}"#)));
        assert!(!lets(&deny("{}")));
        assert!(!lets(""));
    }
}
