//! What can be asked of queues, topics and subscriptions beyond what the subscribers need.

use std::collections::BTreeMap;
use std::time::Duration;

use melange::{Problem, ProblemKind};

/// Seconds that a queue may keep a message. Source: the SQS API reference, `SetQueueAttributes`.
const RETENTION: std::ops::RangeInclusive<u64> = 60..=1_209_600;
/// Most tags of a queue or topic, and the longest. Source: the SQS and SNS developer guides, quotas of tags.
const TAGS: usize = 50;
const TAG_KEY: usize = 128;
const TAG_VALUE: usize = 256;

/// What was asked for. Only that is looked at.
#[derive(Debug, Clone, Default)]
pub(crate) struct Options {
    /// Filter policies let nothing pass but what is listened to here.
    pub(crate) exact_filter: bool,
    /// FIFO queues and topics keep order and find duplicates within a group only.
    pub(crate) high_throughput: bool,
    /// What SNS cannot deliver goes to the dead-letter queue.
    pub(crate) keep_undelivered: bool,
    pub(crate) kms_key: Option<String>,
    pub(crate) retention: Option<Duration>,
    pub(crate) max_receives: Option<u32>,
    pub(crate) tags: BTreeMap<String, String>,
    /// Topics that are listened to sign by SHA-256.
    pub(crate) sha256: bool,
}

impl Options {
    /// What AWS would refuse.
    pub(crate) fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut refuse = |what: String, fix: &str| problems.push(Problem::new(ProblemKind::IllegalOption, what, fix));
        if let Some(key) = &self.kms_key {
            if key.trim().is_empty() {
                let fix = "name a key, or leave it out for the encryption that SQS does itself";
                refuse("`.kms_key(..)` is empty".to_owned(), fix);
            } else if key.ends_with("alias/aws/sqs") {
                let what = "`.kms_key(\"alias/aws/sqs\")` is a key that SNS cannot use, so nothing would arrive";
                refuse(
                    what.to_owned(),
                    "give a key of your own, or leave it out for the encryption that SQS does itself",
                );
            }
        }
        if let Some(retention) = self.retention.filter(|retention| !RETENTION.contains(&retention.as_secs())) {
            refuse(format!("`.retention(..)` is {} s", retention.as_secs()), "SQS allows 60 s to 14 days");
        }
        if let Some(receives) = self.max_receives.filter(|receives| !(1..=1000).contains(receives)) {
            refuse(format!("`.max_receives({receives})` is refused by SQS"), "give a number between 1 and 1,000");
        }
        if self.tags.len() > TAGS {
            refuse(format!("there are {} tags, where AWS allows {TAGS}", self.tags.len()), "leave some out");
        }
        for (key, value) in &self.tags {
            let reserved = key.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("aws:"));
            if key.is_empty() || reserved || key.chars().count() > TAG_KEY || value.chars().count() > TAG_VALUE {
                let what = format!(
                    "tag {key:?} is not one that AWS takes: its key must not be empty or begin with `aws:`, and have at most \
                     {TAG_KEY} characters, its value at most {TAG_VALUE}"
                );
                refuse(what, "change the tag, or leave it out");
            }
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(options: &Options) -> String {
        options.problems().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_aws_takes_passes() {
        let options = Options {
            kms_key: Some("alias/orders".to_owned()),
            retention: Some(Duration::from_secs(1_209_600)),
            max_receives: Some(1000),
            tags: [("team".to_owned(), String::new())].into(),
            ..Options::default()
        };
        assert_eq!(problems(&options), "");
        assert_eq!(problems(&Options::default()), "");
    }

    #[test]
    fn what_aws_refuses_is_said() {
        let key = |key: &str| problems(&Options { kms_key: Some(key.to_owned()), ..Options::default() });
        assert!(key("alias/aws/sqs").contains("SNS cannot use"));
        assert!(key("arn:aws:kms:eu-west-1:1:alias/aws/sqs").contains("SNS cannot use"));
        assert!(key(" ").contains("empty"));
        let retention =
            |seconds| problems(&Options { retention: Some(Duration::from_secs(seconds)), ..Options::default() });
        assert!(retention(59).contains("14 days") && retention(1_209_601).contains("1209601 s"));
        assert!(problems(&Options { max_receives: Some(0), ..Options::default() }).contains("max_receives(0)"));
        let tag = |key: &str, value: String| {
            problems(&Options { tags: [(key.to_owned(), value)].into(), ..Options::default() })
        };
        assert!(tag("AWS:x", String::new()).contains("aws:"));
        assert!(tag("", String::new()).contains("empty"));
        assert!(tag("k", "v".repeat(257)).contains("256"));
        let many = (0..51).map(|i| (format!("k{i}"), String::new())).collect();
        assert!(problems(&Options { tags: many, ..Options::default() }).contains("51 tags"));
    }
}
