//! The topics whose letters are taken. Anyone with an AWS account can have SNS sign what he likes, in a topic of his own:
//! without such a list a signature proves nothing.

/// Topics by their exact ARNs.
#[derive(Debug, Clone, Default)]
pub(super) struct Topics(Vec<Topic>);

/// A topic, and where SNS keeps the certificates that its letters are signed with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Topic {
    arn: String,
    pub(super) region: String,
    /// What the hosts of its partition end with.
    pub(super) suffix: &'static str,
}

impl Topics {
    pub(super) fn allow(&mut self, arn: &str) {
        match Topic::of(arn) {
            Some(topic) if !self.0.contains(&topic) => self.0.push(topic),
            Some(_) => {}
            None => tracing::error!(
                arn,
                "this is not the ARN of a topic, such as arn:aws:sns:eu-west-1:123456789012:orders: nothing is taken from it"
            ),
        }
    }

    pub(super) fn find(&self, arn: &str) -> Option<&Topic> {
        self.0.iter().find(|topic| topic.arn == arn)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn arns(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|topic| topic.arn.as_str())
    }
}

impl Topic {
    fn of(arn: &str) -> Option<Self> {
        let mut parts = arn.split(':');
        let [arn_, partition, service, region, account, name] = std::array::from_fn(|_| parts.next());
        let is_word = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
        let is_region = |text: &str| text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if parts.next().is_some() || arn_ != Some("arn") || service != Some("sns") {
            return None;
        }
        let suffix = suffix(partition?)?;
        let region = region.filter(|region| !region.is_empty() && is_region(region))?;
        account.filter(|account| !account.is_empty() && is_word(account))?;
        name.filter(|name| !name.is_empty() && is_word(name))?;
        Some(Self { arn: arn.to_owned(), region: region.to_owned(), suffix })
    }
}

/// Source: the AWS partitions metadata (`partitions.json` in botocore).
fn suffix(partition: &str) -> Option<&'static str> {
    Some(match partition {
        "aws" | "aws-us-gov" => "amazonaws.com",
        "aws-cn" => "amazonaws.com.cn",
        "aws-eusc" => "amazonaws.eu",
        "aws-iso" => "c2s.ic.gov",
        "aws-iso-b" => "sc2s.sgov.gov",
        "aws-iso-e" => "cloud.adc-e.uk",
        "aws-iso-f" => "csp.hci.ic.gov",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_very_topic_is_found() {
        let arn = "arn:aws:sns:eu-west-1:123456789012:orders";
        let mut topics = Topics::default();
        assert!(topics.is_empty() && topics.find(arn).is_none());
        topics.allow(arn);
        topics.allow(arn);
        assert_eq!(
            topics.find(arn).map(|topic| (topic.region.as_str(), topic.suffix)),
            Some(("eu-west-1", "amazonaws.com"))
        );
        for other in [
            "arn:aws:sns:eu-west-1:123456789012:order",
            "arn:aws:sns:eu-west-1:123456789012:orders2",
            "arn:aws:sns:eu-west-1:123456789012:Orders",
            "arn:aws:sns:eu-west-1:123456789012:orders\n",
            " arn:aws:sns:eu-west-1:123456789012:orders",
            "arn:aws:sns:eu-west-1:123456789013:orders",
            "arn:aws:sns:eu-west-2:123456789012:orders",
            "",
        ] {
            assert!(topics.find(other).is_none(), "{other}");
        }
    }

    #[test]
    fn what_is_no_topic_allows_nothing() {
        let mut topics = Topics::default();
        for none in [
            "",
            "orders",
            "*",
            "arn:aws:sns:*:*:*",
            "arn:aws:sns:eu-west-1:123456789012:",
            "arn:aws:sns::123456789012:orders",
            "arn:aws:sqs:eu-west-1:123456789012:orders",
            "arn:evil:sns:eu-west-1:123456789012:orders",
            "arn:aws:sns:eu-west-1.evil.com/x?:123456789012:orders",
            "arn:aws:sns:eu-west-1:123456789012:orders:b24e11a2-06bd-4e73-aa29-0ed2de3b41b5",
        ] {
            topics.allow(none);
            assert!(topics.is_empty(), "{none}");
        }
    }
}
