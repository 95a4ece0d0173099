//! Statements that let too many in: whoever may send to a queue can make its subscribers believe in events.

use serde_json::Value;

use super::statement::{Statement, texts};

/// Why `statement` lets too many in, if it does.
pub(super) fn why(statement: &Value) -> Option<String> {
    let statement = Statement(statement);
    if !statement.allows() {
        return None;
    }
    if statement.is_for_everyone() {
        if statement.does_everything() {
            return Some("lets everyone do everything with it (`sqs:*` for `*`)".to_owned());
        }
        let actions = statement.actions().join(", ");
        return (!is_scoped(statement)).then(|| {
            format!(
                "lets everyone in the world do {actions}: `Principal` is `*`, and no condition says for which source"
            )
        });
    }
    let any_topic = statement.is_for_sns() && statement.does("sqs:sendmessage") && !is_scoped(statement);
    any_topic.then(|| "lets the topics of every AWS account send to it: no condition says which".to_owned())
}

/// Whether a condition lets only certain accounts, sources or networks through. Those that hold where their key is absent
/// do not.
fn is_scoped(statement: Statement<'_>) -> bool {
    statement.conditions().any(|(operator, key, values)| {
        let operator = operator.rsplit(':').next().filter(|_| !operator.starts_with("ForAllValues:"));
        let positive = operator.is_some_and(|operator| {
            ["ArnEquals", "ArnLike", "StringEquals", "StringLike", "StringEqualsIgnoreCase", "IpAddress"]
                .contains(&operator)
        });
        let values = texts(Some(values));
        positive && !values.is_empty() && values.iter().all(|value| narrows(key, value))
    })
}

/// Whether `key` must be `value` for few only.
fn narrows(key: &str, value: &str) -> bool {
    match key.to_ascii_lowercase().as_str() {
        "aws:sourcearn" | "aws:principalarn" if !value.contains(['*', '?']) => true,
        "aws:sourcearn" | "aws:principalarn" => {
            let mut parts = value.splitn(6, ':').skip(4);
            match (parts.next(), parts.next()) {
                // A bucket's ARN has no account, and its name is unique in the world.
                (Some(""), Some(resource)) => !resource.starts_with(['*', '?']),
                (Some(account), Some(_)) => !account.contains(['*', '?']),
                _ => false,
            }
        }
        "aws:sourceaccount"
        | "aws:sourceowner"
        | "aws:principalaccount"
        | "aws:principalorgid"
        | "aws:sourceorgid"
        | "aws:principalorgpaths"
        | "aws:sourceorgpaths"
        | "aws:sourcevpc"
        | "aws:sourcevpce"
        | "aws:userid" => !value.starts_with(['*', '?']),
        "aws:sourceip" => !["0.0.0.0/0", "::/0"].contains(&value),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn statement(principal: Value, action: &str, condition: Value) -> Value {
        json!({ "Effect": "Allow", "Principal": principal, "Action": action, "Resource": "r", "Condition": condition })
    }

    #[test]
    fn what_is_open_to_the_world_is_found() {
        for (principal, action, condition) in [
            (json!("*"), "sqs:SendMessage", json!({})),
            (json!({ "AWS": ["1", "*"] }), "SQS:Receive*", json!({})),
            (json!("*"), "SQS:*", json!({ "ArnEquals": { "aws:SourceArn": "arn:aws:sns:eu-west-1:1:orders" } })),
            (json!("*"), "sqs:SendMessage", json!({ "Bool": { "aws:SecureTransport": "true" } })),
            (json!("*"), "sqs:SendMessage", json!({ "ArnLike": { "aws:SourceArn": "arn:aws:sns:*:*:orders" } })),
            (json!("*"), "sqs:SendMessage", json!({ "StringEqualsIfExists": { "aws:SourceAccount": "1" } })),
            (json!("*"), "sqs:SendMessage", json!({ "ForAllValues:StringEquals": { "aws:SourceAccount": "1" } })),
            (json!("*"), "sqs:SendMessage", json!({ "StringNotEquals": { "aws:SourceAccount": "1" } })),
            (json!("*"), "sqs:SendMessage", json!({ "IpAddress": { "aws:SourceIp": ["10.0.0.0/8", "0.0.0.0/0"] } })),
            (json!({ "Service": "sns.amazonaws.com" }), "sqs:SendMessage", json!({})),
        ] {
            let statement = statement(principal, action, condition);
            assert!(why(&statement).is_some(), "{statement}");
        }
        assert!(why(&json!({ "Effect": "Allow", "NotPrincipal": "x", "Action": "sqs:SendMessage" })).is_some());
    }

    #[test]
    fn what_is_for_few_is_not() {
        for (principal, action, condition) in [
            // As Python melange writes it.
            (
                json!("*"),
                "sqs:SendMessage",
                json!({ "ArnEquals": { "aws:SourceArn": "arn:aws:sns:eu-west-1:1:orders" } }),
            ),
            (json!("*"), "sqs:SendMessage", json!({ "ArnLike": { "aws:SourceArn": "arn:aws:sns:*:1:*" } })),
            (json!("*"), "sqs:SendMessage", json!({ "ArnLike": { "AWS:SourceArn": "arn:aws:s3:::bucket" } })),
            (json!("*"), "sqs:SendMessage", json!({ "StringEquals": { "aws:PrincipalOrgID": ["o-1"] } })),
            (json!({ "AWS": "arn:aws:iam::1:root" }), "sqs:*", json!({})),
            (json!({ "Service": "events.amazonaws.com" }), "sqs:SendMessage", json!({})),
            (
                json!({ "Service": "sns.amazonaws.com" }),
                "sqs:SendMessage",
                json!({ "StringEquals": { "aws:SourceAccount": "1" } }),
            ),
        ] {
            let statement = statement(principal, action, condition);
            assert_eq!(why(&statement), None, "{statement}");
        }
        let deny = json!({ "Effect": "Deny", "Principal": "*", "Action": "sqs:*" });
        assert_eq!(why(&deny), None);
    }
}
