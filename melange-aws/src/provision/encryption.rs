//! With which key a queue is encrypted.

use aws_sdk_sqs::types::QueueAttributeName as Name;

/// The key of AWS's own, which SNS cannot use: its policy cannot be changed. Source: the SQS developer guide, key
/// management.
const OF_AWS: &str = "alias/aws/sqs";

/// The attributes of a queue that is encrypted with `key`. There is one kind of encryption at a time.
pub(super) fn with(key: &str) -> Vec<(Name, String)> {
    vec![(Name::KmsMasterKeyId, key.to_owned()), (Name::SqsManagedSseEnabled, "false".to_owned())]
}

/// What is to be set and why, if the queue, which is encrypted with `present`, should not be.
pub(super) fn change(present: Option<&str>, wanted: Option<&str>, fed: bool) -> Option<(Vec<(Name, String)>, String)> {
    let present = present.filter(|key| !key.is_empty());
    if let Some(wanted) = wanted {
        if present.is_some_and(|present| is_same(present, wanted)) {
            return None;
        }
        let is = present.map_or_else(|| "by SQS itself or not at all".to_owned(), |key| format!("with {key}"));
        return Some((with(wanted), format!("is encrypted {is}, and {wanted} is wanted")));
    }
    (fed && present == Some(OF_AWS)).then(|| {
        let by_sqs = vec![(Name::KmsMasterKeyId, String::new()), (Name::SqsManagedSseEnabled, "true".to_owned())];
        (by_sqs, format!("is encrypted with {OF_AWS}, a key that SNS cannot use"))
    })
}

/// A key has an id, an ARN, and aliases, which may be ARNs too. An id and an alias cannot be compared without asking KMS.
fn is_same(present: &str, wanted: &str) -> bool {
    fn short(key: &str) -> &str {
        let name = key.strip_prefix("arn:").and_then(|arn| arn.rsplit(':').next()).unwrap_or(key);
        name.strip_prefix("key/").unwrap_or(name)
    }
    short(present) == short(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_the_same_in_all_its_spellings() {
        for (a, b) in [
            ("alias/orders", "alias/orders"),
            ("alias/orders", "arn:aws:kms:eu-west-1:1:alias/orders"),
            ("1234-5678", "arn:aws:kms:eu-west-1:1:key/1234-5678"),
        ] {
            assert_eq!(change(Some(a), Some(b), true), None, "{a} {b}");
            assert_eq!(change(Some(b), Some(a), true), None, "{a} {b}");
        }
    }

    #[test]
    fn another_key_is_a_change_and_only_what_sns_cannot_use_is_unasked() {
        for present in [None, Some(""), Some("alias/other"), Some(OF_AWS)] {
            let (attributes, _) = change(present, Some("alias/orders"), false).unwrap();
            assert_eq!(attributes, with("alias/orders"));
        }
        assert_eq!(change(Some("alias/other"), None, true), None);
        assert_eq!(change(Some(OF_AWS), None, false), None);
        let (attributes, why) = change(Some(OF_AWS), None, true).unwrap();
        assert!(attributes.contains(&(Name::SqsManagedSseEnabled, "true".to_owned())));
        assert!(why.contains("SNS cannot use"), "{why}");
    }
}
