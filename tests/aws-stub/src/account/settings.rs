//! A queue's attributes, as they are set.
//!
//! Source: the SQS API reference, `CreateQueue` and `SetQueueAttributes`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::policy::Policy;
use crate::refusal::Refusal;

/// Attributes that are numbers: the range, and what they are when not set.
const NUMBERS: [(&str, u64, u64, u64); 6] = [
    ("VisibilityTimeout", 0, 43_200, 30),
    ("DelaySeconds", 0, 900, 0),
    ("MessageRetentionPeriod", 60, 1_209_600, 345_600),
    ("ReceiveMessageWaitTimeSeconds", 0, 20, 0),
    ("MaximumMessageSize", 1_024, 1_048_576, 1_048_576),
    ("KmsDataKeyReusePeriodSeconds", 60, 86_400, 300),
];

/// All others that can be set.
const OTHERS: [&str; 8] = [
    "Policy",
    "RedrivePolicy",
    "RedriveAllowPolicy",
    "ContentBasedDeduplication",
    "DeduplicationScope",
    "FifoThroughputLimit",
    "KmsMasterKeyId",
    "SqsManagedSseEnabled",
];

/// Where messages go that were received too often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Redrive {
    pub(crate) target: Arc<str>,
    pub(crate) max_receives: u32,
}

/// A queue's attributes, as they are set.
#[derive(Debug)]
pub(crate) struct Settings {
    texts: BTreeMap<String, String>,
    /// In the order of `NUMBERS`: these are asked for at every message.
    numbers: [u64; NUMBERS.len()],
    pub(super) redrive: Option<Redrive>,
    pub(super) policy: Option<Policy>,
}

impl Default for Settings {
    fn default() -> Self {
        let numbers = NUMBERS.map(|(.., default)| default);
        Self { texts: BTreeMap::new(), numbers, redrive: None, policy: None }
    }
}

impl Settings {
    /// All of `wanted` or nothing.
    pub(super) fn set(&mut self, wanted: &BTreeMap<String, String>, fifo: bool) -> Result<(), Refusal> {
        let mut new = Self { texts: self.texts.clone(), ..Self::default() };
        for (name, value) in wanted {
            check(name, value, fifo)?;
            // What is set to nothing is as if it had never been.
            if value.is_empty() {
                new.texts.remove(name);
            } else {
                new.texts.insert(name.clone(), value.clone());
            }
        }
        // One kind of encryption at a time.
        if wanted.get("SqsManagedSseEnabled").is_some_and(|enabled| enabled == "true") {
            new.texts.remove("KmsMasterKeyId");
        }
        for (number, (name, ..)) in new.numbers.iter_mut().zip(NUMBERS) {
            *number = new.texts.get(name).and_then(|text| text.parse().ok()).unwrap_or(*number);
        }
        new.redrive = new.texts.get("RedrivePolicy").map(|text| redrive(text)).transpose()?;
        new.policy = new.texts.get("Policy").map(|text| Policy::parse(text)).transpose()?;
        *self = new;
        Ok(())
    }

    pub(super) fn is_as(&self, wanted: &BTreeMap<String, String>) -> bool {
        wanted.iter().all(|(name, value)| {
            name == "FifoQueue" || self.text(name).as_deref().unwrap_or_default() == value.as_str()
        })
    }

    /// The attribute, or what it is when it is not set.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        if let Some(text) = self.texts.get(name) {
            return Some(text.clone());
        }
        let number = NUMBERS.iter().find(|(known, ..)| *known == name && *known != "KmsDataKeyReusePeriodSeconds");
        number.map(|(.., default)| default.to_string()).or_else(|| match name {
            "SqsManagedSseEnabled" => Some((!self.texts.contains_key("KmsMasterKeyId")).to_string()),
            _ => None,
        })
    }

    fn is(&self, name: &str, value: &str) -> bool {
        self.texts.get(name).is_some_and(|text| text == value)
    }

    pub(crate) fn visibility(&self) -> Duration {
        Duration::from_secs(self.numbers[0])
    }

    pub(crate) fn delay(&self) -> Duration {
        Duration::from_secs(self.numbers[1])
    }

    pub(crate) fn retention(&self) -> Duration {
        Duration::from_secs(self.numbers[2])
    }

    pub(crate) fn wait(&self) -> Duration {
        Duration::from_secs(self.numbers[3])
    }

    pub(crate) fn max_bytes(&self) -> usize {
        usize::try_from(self.numbers[4]).unwrap_or(usize::MAX)
    }

    pub(crate) fn content_based_deduplication(&self) -> bool {
        self.is("ContentBasedDeduplication", "true")
    }

    pub(crate) fn deduplicates_by_group(&self) -> bool {
        self.is("DeduplicationScope", "messageGroup")
    }

    /// Its key is one of AWS's own, which SNS may not use.
    pub(crate) fn locks_sns_out(&self) -> bool {
        self.is("KmsMasterKeyId", "alias/aws/sqs")
    }

    pub(super) fn names() -> impl Iterator<Item = &'static str> {
        NUMBERS.iter().map(|(name, ..)| *name).chain(OTHERS)
    }
}

fn check(name: &str, value: &str, fifo: bool) -> Result<(), Refusal> {
    let invalid = || Refusal::new("InvalidAttributeValue", format!("Invalid value for the parameter {name}."));
    let unknown = || Refusal::new("InvalidAttributeName", format!("Unknown Attribute {name}."));
    if let Some((_, least, most, _)) = NUMBERS.iter().find(|(known, ..)| *known == name) {
        let number: u64 = value.parse().map_err(|_| invalid())?;
        return if (*least..=*most).contains(&number) { Ok(()) } else { Err(invalid()) };
    }
    if !OTHERS.contains(&name) {
        return Err(unknown());
    }
    let legal: &[&str] = match name {
        "ContentBasedDeduplication" | "DeduplicationScope" | "FifoThroughputLimit" if !fifo => return Err(unknown()),
        "ContentBasedDeduplication" | "SqsManagedSseEnabled" => &["true", "false"],
        "DeduplicationScope" => &["messageGroup", "queue"],
        "FifoThroughputLimit" => &["perQueue", "perMessageGroupId"],
        _ => return Ok(()),
    };
    if legal.contains(&value) { Ok(()) } else { Err(invalid()) }
}

fn redrive(text: &str) -> Result<Redrive, Refusal> {
    let refuse = |reason: &str| Refusal::value("RedrivePolicy", text, reason);
    let policy: Value = serde_json::from_str(text).map_err(|_| refuse("Redrive policy is not a valid JSON map."))?;
    let target = policy.get("deadLetterTargetArn").and_then(Value::as_str);
    let target =
        target.ok_or_else(|| refuse("Redrive policy does not contain mandatory attribute: deadLetterTargetArn."))?;
    let count = policy.get("maxReceiveCount");
    let count = count.and_then(|count| count.as_u64().or_else(|| count.as_str()?.parse().ok()));
    let max_receives = count
        .filter(|count| (1..=1000).contains(count))
        .and_then(|count| u32::try_from(count).ok())
        .ok_or_else(|| refuse("Invalid value for maxReceiveCount: must be between 1 and 1000."))?;
    Ok(Redrive { target: target.into(), max_receives })
}
