//! The redrive allow policy: whose dead letters SQS itself may put into a queue.

use serde_json::{Value, json};

/// Most queues that it can name. Source: the SQS API reference, `SetQueueAttributes`, `RedriveAllowPolicy`.
const MOST_QUEUES: usize = 10;

/// The redrive allow policy of a new dead-letter queue: for its own queue alone.
pub(super) fn new(queue: &str) -> String {
    by_queue(&[queue])
}

/// What the redrive allow policy should be, if `present` keeps the dead letters of `queue` out. Where there is none, those of
/// every queue may come.
pub(super) fn change(present: Option<&str>, queue: &str) -> Option<String> {
    let present = present.and_then(|text| serde_json::from_str::<Value>(text).ok()).unwrap_or_default();
    let others: Vec<&str> = match present.get("redrivePermission").and_then(Value::as_str) {
        Some("denyAll") => Vec::new(),
        Some("byQueue") => {
            let sources = present.get("sourceQueueArns").and_then(Value::as_array);
            sources.into_iter().flatten().filter_map(Value::as_str).collect()
        }
        _ => return None,
    };
    if others.contains(&queue) {
        return None;
    }
    let all: Vec<&str> = others.into_iter().chain([queue]).collect();
    Some(if all.len() > MOST_QUEUES { json!({ "redrivePermission": "allowAll" }).to_string() } else { by_queue(&all) })
}

fn by_queue(queues: &[&str]) -> String {
    json!({ "redrivePermission": "byQueue", "sourceQueueArns": queues }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUEUE: &str = "arn:aws:sqs:us-east-1:1:billing";

    #[test]
    fn what_lets_its_queue_in_stays() {
        let fine = [None, Some(""), Some("{}"), Some(r#"{"redrivePermission":"allowAll"}"#), Some(&new(QUEUE))];
        for present in fine {
            assert_eq!(change(present, QUEUE), None, "{present:?}");
        }
    }

    #[test]
    fn what_keeps_it_out_is_changed_and_others_stay_in() {
        assert_eq!(change(Some(r#"{"redrivePermission":"denyAll"}"#), QUEUE), Some(new(QUEUE)));
        let changed = change(Some(&new("arn:aws:sqs:us-east-1:1:other")), QUEUE).unwrap();
        assert!(changed.contains(QUEUE) && changed.contains(":other"), "{changed}");
        let ten: Vec<String> = (0..10).map(|n| format!("arn:aws:sqs:us-east-1:1:q{n}")).collect();
        let ten: Vec<&str> = ten.iter().map(String::as_str).collect();
        assert!(change(Some(&by_queue(&ten)), QUEUE).unwrap().contains("allowAll"));
    }
}
