//! The redrive policy: where SQS itself puts what was received too often.

use serde_json::{Value, json};

use super::wanted::Consumed;

/// What the redrive policy should be and why, if `present` is not good enough. More receives than wanted are good enough:
/// another service on the queue may want them.
pub(super) fn change(present: Option<&str>, wanted: &Consumed) -> Option<(String, String)> {
    let present = present.and_then(|text| serde_json::from_str::<Value>(text).ok()).unwrap_or_default();
    let target = present.get("deadLetterTargetArn").and_then(Value::as_str);
    let receives = count(&present);
    let needed = u64::from(wanted.max_receives);
    let enough = receives.filter(|count| *count >= needed);
    let why = match (target, enough) {
        (None, _) => "it has no dead-letter queue".to_owned(),
        (Some(arn), _) if arn != wanted.dlq_arn => format!("its dead-letter queue is {arn}, and not {}", wanted.dlq),
        (Some(_), None) => format!(
            "it gives a message up after {} receives, and its subscribers need {needed}",
            receives.map_or_else(|| "unknown".to_owned(), |count| count.to_string())
        ),
        (Some(_), Some(_)) => return None,
    };
    Some((policy(&wanted.dlq_arn, enough.unwrap_or(needed)), why))
}

/// After how many receives `present` gives a message up.
pub(super) fn receives(present: Option<&str>) -> Option<u64> {
    count(&serde_json::from_str(present?).ok()?)
}

/// AWS answers with a number, and takes text as well.
fn count(policy: &Value) -> Option<u64> {
    let count = policy.get("maxReceiveCount")?;
    count.as_u64().or_else(|| count.as_str().and_then(|text| text.parse().ok()))
}

/// The redrive policy of a new queue.
pub(super) fn new(wanted: &Consumed) -> String {
    policy(&wanted.dlq_arn, wanted.max_receives.into())
}

fn policy(dlq_arn: &str, receives: u64) -> String {
    json!({ "deadLetterTargetArn": dlq_arn, "maxReceiveCount": receives }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted() -> Consumed {
        Consumed {
            visibility: 30,
            retention: None,
            dlq: "billing-dlq".to_owned(),
            dlq_arn: "arn:aws:sqs:us-east-1:1:billing-dlq".to_owned(),
            max_receives: 10,
        }
    }

    #[test]
    fn what_is_good_enough_stays() {
        let wanted = wanted();
        assert_eq!(change(Some(&new(&wanted)), &wanted), None);
        let more = r#"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:1:billing-dlq","maxReceiveCount":"25"}"#;
        assert_eq!(change(Some(more), &wanted), None);
    }

    #[test]
    fn what_is_not_is_changed() {
        let wanted = wanted();
        for bad in [
            None,
            Some(""),
            Some("{}"),
            Some(r#"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:1:billing-dlq","maxReceiveCount":3}"#),
            Some(r#"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:1:billing-dlq"}"#),
        ] {
            assert_eq!(change(bad, &wanted).map(|(policy, _)| policy), Some(new(&wanted)), "{bad:?}");
        }
        let other = r#"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:1:other","maxReceiveCount":25}"#;
        let (policy, why) = change(Some(other), &wanted).unwrap();
        assert!(policy.contains("billing-dlq") && policy.contains("25") && why.contains(":other"), "{policy} {why}");
    }
}
