//! Topics and subscriptions.
//!
//! Source: the SNS API reference, `CreateTopic`, `SetTopicAttributes`, `Subscribe`, `SetSubscriptionAttributes`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::deduplication::Deduplication;
use super::filter::Filter;
use crate::refusal::Refusal;

/// Bytes that a topic takes unless it was told otherwise.
const MAX_BYTES: usize = 262_144;

/// What can be set of a topic.
const OF_TOPICS: [&str; 11] = [
    "DisplayName",
    "Policy",
    "DeliveryPolicy",
    "KmsMasterKeyId",
    "TracingConfig",
    "SignatureVersion",
    "ContentBasedDeduplication",
    "FifoThroughputScope",
    "MaximumMessageSize",
    "ArchivePolicy",
    "DataProtectionPolicy",
];

/// A topic.
#[derive(Debug)]
pub(crate) struct Topic {
    pub(crate) arn: Arc<str>,
    pub(crate) fifo: bool,
    pub(crate) tags: BTreeMap<String, String>,
    /// ARNs, in the order they were made.
    pub(crate) subscriptions: Vec<Arc<str>>,
    pub(super) deduplication: Deduplication,
    pub(crate) attributes: BTreeMap<String, String>,
}

impl Topic {
    pub(super) fn new(arn: Arc<str>) -> Self {
        let fifo = arn.ends_with(".fifo");
        Self {
            arn,
            fifo,
            tags: BTreeMap::new(),
            subscriptions: Vec::new(),
            deduplication: Deduplication::default(),
            attributes: BTreeMap::new(),
        }
    }

    pub(super) fn set(&mut self, name: &str, value: &str) -> Result<(), Refusal> {
        let invalid = || Refusal::parameter(format_args!("Attributes Reason: {name}: invalid value"));
        let of_fifo = ["ContentBasedDeduplication", "FifoThroughputScope", "ArchivePolicy"].contains(&name);
        if !OF_TOPICS.contains(&name) || of_fifo && !self.fifo {
            return Err(Refusal::parameter(format_args!("AttributeName: {name}")));
        }
        let legal = match name {
            "ContentBasedDeduplication" => ["true", "false"].contains(&value),
            "FifoThroughputScope" => ["Topic", "MessageGroup"].contains(&value),
            "MaximumMessageSize" => value.parse().is_ok_and(|bytes| (1_024..=1_048_576_usize).contains(&bytes)),
            "Policy" => serde_json::from_str::<serde_json::Value>(value).is_ok_and(|policy| policy.is_object()),
            _ => true,
        };
        if !legal {
            return Err(invalid());
        }
        self.attributes.insert(name.to_owned(), value.to_owned());
        Ok(())
    }

    /// For a message, and for all messages of a batch together.
    pub(crate) fn max_bytes(&self) -> usize {
        self.attributes.get("MaximumMessageSize").and_then(|bytes| bytes.parse().ok()).unwrap_or(MAX_BYTES)
    }

    fn is(&self, name: &str, value: &str) -> bool {
        self.attributes.get(name).is_some_and(|text| text == value)
    }

    pub(crate) fn content_based_deduplication(&self) -> bool {
        self.is("ContentBasedDeduplication", "true")
    }

    pub(crate) fn deduplicates_by_group(&self) -> bool {
        self.is("FifoThroughputScope", "MessageGroup")
    }
}

/// A subscription of a queue to a topic.
#[derive(Debug)]
pub(crate) struct Subscription {
    pub(crate) arn: Arc<str>,
    pub(crate) topic: Arc<str>,
    /// The queue's ARN.
    pub(crate) endpoint: Arc<str>,
    pub(crate) raw: bool,
    pub(super) filter: Option<Filter>,
    /// Where goes what cannot be delivered.
    pub(super) dead_letters: Option<Arc<str>>,
    /// As they were set.
    pub(crate) attributes: BTreeMap<String, String>,
}

impl Subscription {
    pub(super) fn new(arn: Arc<str>, topic: Arc<str>, endpoint: Arc<str>) -> Self {
        let attributes = BTreeMap::new();
        Self { arn, topic, endpoint, raw: false, filter: None, dead_letters: None, attributes }
    }

    pub(super) fn set(&mut self, name: &str, value: &str) -> Result<(), Refusal> {
        match name {
            "RawMessageDelivery" => {
                self.raw = match value.to_ascii_lowercase().as_str() {
                    "true" => true,
                    "false" => false,
                    _ => return Err(Refusal::parameter("Attributes Reason: RawMessageDelivery: Invalid value")),
                };
            }
            // Set to nothing, or to an empty policy, it is gone.
            "FilterPolicy" if value.is_empty() || value == "{}" => {
                self.filter = None;
                self.attributes.remove(name);
                return Ok(());
            }
            "FilterPolicy" => self.filter = Some(Filter::parse(value)?),
            "FilterPolicyScope" if value == "MessageAttributes" => {}
            "FilterPolicyScope" => {
                return Err(Refusal::parameter("FilterPolicyScope: only MessageAttributes is supported by this stub"));
            }
            "RedrivePolicy" if value.is_empty() => {
                self.dead_letters = None;
                self.attributes.remove(name);
                return Ok(());
            }
            "RedrivePolicy" => {
                let policy: serde_json::Value = serde_json::from_str(value).unwrap_or_default();
                let target = policy.get("deadLetterTargetArn").and_then(serde_json::Value::as_str);
                let target = target.ok_or_else(|| Refusal::parameter("RedrivePolicy: failed to parse JSON."))?;
                self.dead_letters = Some(target.into());
            }
            "DeliveryPolicy" | "SubscriptionRoleArn" | "ReplayPolicy" => {}
            _ => return Err(Refusal::parameter("AttributeName")),
        }
        self.attributes.insert(name.to_owned(), value.to_owned());
        Ok(())
    }

    /// Whether the attributes of a second Subscribe say the same; those it does not name are not compared.
    pub(super) fn is_as(&self, wanted: &BTreeMap<String, String>) -> bool {
        wanted.iter().all(|(name, value)| match name.as_str() {
            "RawMessageDelivery" => value.eq_ignore_ascii_case("true") == self.raw,
            _ => self.attributes.get(name).map_or("", String::as_str) == value,
        })
    }
}
