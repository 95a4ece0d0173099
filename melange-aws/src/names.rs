//! How the names of the annotations become names and ARNs of AWS: by convention, never by listing.

use std::collections::BTreeMap;

use melange::transport::{TransportError, TransportErrorKind};

const FIFO: &str = ".fifo";

/// What is said where there is no region.
pub(crate) const NO_REGION: &str =
    "no AWS region is known; set AWS_REGION (as `AWS_REGION=eu-west-1`), or `region` in the AWS profile";

/// Prefix, region, and the topics that live elsewhere.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    pub(crate) prefix: String,
    pub(crate) region: Option<String>,
    /// ARNs of topics in other accounts or regions, by the name the annotations use.
    pub(crate) elsewhere: BTreeMap<String, String>,
}

impl Names {
    /// The topic's name in the account.
    pub(crate) fn topic(&self, topic: &str) -> String {
        match self.elsewhere.get(topic) {
            Some(arn) => last_part(arn).to_owned(),
            None => format!("{}{topic}", self.prefix),
        }
    }

    /// The queue's name in the account.
    pub(crate) fn queue(&self, queue: &str) -> String {
        format!("{}{queue}", self.prefix)
    }

    /// Whether the topic was given by its ARN, so that it is not ours to make.
    pub(crate) fn is_elsewhere(&self, topic: &str) -> bool {
        self.elsewhere.contains_key(topic)
    }

    /// The topic's ARN, if it lives in `account` or was given.
    pub(crate) fn topic_arn(&self, topic: &str, account: &str) -> Result<String, TransportError> {
        match self.elsewhere.get(topic) {
            Some(arn) => Ok(arn.clone()),
            None => self.arn("sns", account, &self.topic(topic)),
        }
    }

    /// The ARN of the queue that AWS calls `name`.
    pub(crate) fn queue_arn(&self, name: &str, account: &str) -> Result<String, TransportError> {
        self.arn("sqs", account, name)
    }

    fn arn(&self, service: &str, account: &str, name: &str) -> Result<String, TransportError> {
        let region = self.region()?;
        Ok(format!("arn:{}:{service}:{region}:{account}:{name}", partition(region)))
    }

    /// The region, which no ARN is without.
    pub(crate) fn region(&self) -> Result<&str, TransportError> {
        self.region.as_deref().ok_or_else(|| TransportError::new(TransportErrorKind::Configuration, NO_REGION))
    }

    /// The name the annotations use for the topic with this ARN.
    pub(crate) fn topic_of(&self, arn: &str) -> Option<String> {
        if let Some((topic, _)) = self.elsewhere.iter().find(|(_, known)| *known == arn) {
            return Some(topic.clone());
        }
        let name = last_part(arn);
        let name = name.strip_prefix(self.prefix.as_str()).unwrap_or(name);
        (!name.is_empty()).then(|| name.to_owned())
    }
}

/// The dead-letter queue of the queue that AWS calls `queue`: of the same kind, as SQS demands.
pub(crate) fn dead_letter_queue(queue: &str) -> String {
    match queue.strip_suffix(FIFO) {
        Some(base) => format!("{base}-dlq{FIFO}"),
        None => format!("{queue}-dlq"),
    }
}

/// Whether a topic or queue of this name keeps order.
pub(crate) fn is_fifo(name: &str) -> bool {
    name.ends_with(FIFO)
}

/// The name without the ending of those that keep order.
pub(crate) fn base(name: &str) -> &str {
    name.strip_suffix(FIFO).unwrap_or(name)
}

/// The account in an ARN.
pub(crate) fn account_of(arn: &str) -> Option<&str> {
    arn.split(':').nth(4).filter(|account| !account.is_empty())
}

/// The region in an ARN.
pub(crate) fn region_of(arn: &str) -> Option<&str> {
    arn.split(':').nth(3).filter(|region| !region.is_empty())
}

fn last_part(arn: &str) -> &str {
    arn.rsplit(':').next().unwrap_or(arn)
}

/// Source: the AWS partitions metadata (`partitions.json` in botocore).
pub(crate) fn partition(region: &str) -> &'static str {
    const BY_PREFIX: [(&str, &str); 7] = [
        ("cn-", "aws-cn"),
        ("us-gov-", "aws-us-gov"),
        ("eusc-", "aws-eusc"),
        ("us-iso-", "aws-iso"),
        ("us-isob-", "aws-iso-b"),
        ("eu-isoe-", "aws-iso-e"),
        ("us-isof-", "aws-iso-f"),
    ];
    let known = BY_PREFIX.iter().find(|(prefix, _)| region.starts_with(prefix));
    known.map_or("aws", |(_, partition)| partition)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(prefix: &str, region: &str) -> Names {
        Names { prefix: prefix.to_owned(), region: Some(region.to_owned()), elsewhere: BTreeMap::new() }
    }

    #[test]
    fn an_arn_has_the_partition_of_its_region() {
        let arn = |region: &str| names("", region).topic_arn("orders", "123456789012").unwrap();
        assert_eq!(arn("eu-west-1"), "arn:aws:sns:eu-west-1:123456789012:orders");
        assert_eq!(arn("cn-north-1"), "arn:aws-cn:sns:cn-north-1:123456789012:orders");
        assert_eq!(arn("us-gov-west-1"), "arn:aws-us-gov:sns:us-gov-west-1:123456789012:orders");
        assert_eq!(arn("eusc-de-east-1"), "arn:aws-eusc:sns:eusc-de-east-1:123456789012:orders");
        assert_eq!(arn("us-isob-east-1"), "arn:aws-iso-b:sns:us-isob-east-1:123456789012:orders");
    }

    #[test]
    fn a_prefix_is_put_on_and_taken_off() {
        let names = names("staging-", "us-east-1");
        let arn = names.topic_arn("orders", "1").unwrap();
        assert_eq!(arn, "arn:aws:sns:us-east-1:1:staging-orders");
        assert_eq!(names.topic_of(&arn).as_deref(), Some("orders"));
        assert_eq!(names.topic_of("arn:aws:sns:us-east-1:2:other").as_deref(), Some("other"));
        assert_eq!(names.queue("billing"), "staging-billing");
    }

    #[test]
    fn a_topic_elsewhere_keeps_its_own_name() {
        let arn = "arn:aws:sns:eu-west-1:999:their-topic";
        let mut names = names("staging-", "us-east-1");
        names.elsewhere.insert("orders".to_owned(), arn.to_owned());
        assert_eq!(names.topic_arn("orders", "1").unwrap(), arn);
        assert_eq!(names.topic_of(arn).as_deref(), Some("orders"));
        assert_eq!(names.topic("orders"), "their-topic");
    }

    #[test]
    fn a_dead_letter_queue_is_of_the_kind_of_its_queue() {
        assert_eq!(dead_letter_queue("billing"), "billing-dlq");
        assert_eq!(dead_letter_queue("billing.fifo"), "billing-dlq.fifo");
    }

    #[test]
    fn without_a_region_the_fix_is_named() {
        let error = Names::default().topic_arn("orders", "1").unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::Configuration);
        assert!(error.to_string().contains("AWS_REGION"));
    }
}
