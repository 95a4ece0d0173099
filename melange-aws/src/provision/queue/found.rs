//! A queue that is there, and how it differs from what it should be.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_sqs::types::QueueAttributeName as Name;

use super::settings::by_group;
use crate::provision::wanted::{Queue, Role};
use crate::provision::{allow, encryption, policy, redrive};

/// A queue that is there.
#[derive(Debug)]
pub(in crate::provision) struct Found {
    pub(super) url: String,
    pub(super) attributes: HashMap<Name, String>,
}

impl Found {
    pub(in crate::provision) fn arn(&self) -> Option<&str> {
        self.attribute(&Name::QueueArn)
    }

    pub(super) fn attribute(&self, name: &Name) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }

    fn number(&self, name: &Name) -> Option<u64> {
        self.attribute(name).and_then(|text| text.parse().ok())
    }

    /// What is to be set together, each with the reason. `known` are topics that were in its policy a moment ago.
    pub(super) fn differences(&self, wanted: &Queue, known: &BTreeSet<String>) -> Vec<Difference> {
        let mut all = Vec::new();
        if let Role::Consumed(consumed) = &wanted.role {
            let is = self.number(&Name::VisibilityTimeout);
            // Longer is good enough: a Lambda function on the queue needs it.
            if let Some(is) = is.filter(|seconds| *seconds < consumed.visibility) {
                let needed = consumed.visibility;
                all.push(Difference::one(
                    Name::VisibilityTimeout,
                    needed,
                    format!("its visibility timeout is {is} s, and its subscribers need {needed} s"),
                ));
            }
            let keeps = self.number(&Name::MessageRetentionPeriod);
            if let (Some(keeps), Some(asked)) = (keeps, consumed.retention)
                && keeps != asked
            {
                let why = format!("it keeps a message for {keeps} s, and {asked} s are wanted");
                all.push(Difference::one(Name::MessageRetentionPeriod, asked, why));
            }
            if let Some((value, why)) = redrive::change(self.attribute(&Name::RedrivePolicy), consumed) {
                all.push(Difference::one(Name::RedrivePolicy, value, why));
            }
        }
        if let Role::DeadLetters { of } = &wanted.role
            && let Some(value) = allow::change(self.attribute(&Name::RedriveAllowPolicy), of)
        {
            let why = format!("its redrive allow policy keeps the dead letters of {of} out");
            all.push(Difference::one(Name::RedriveAllowPolicy, value, why));
        }
        let fed = !wanted.senders.is_empty();
        let key = encryption::change(self.attribute(&Name::KmsMasterKeyId), wanted.kms_key.as_deref(), fed);
        if let Some((attributes, why)) = key {
            all.push(Difference { attributes, why: format!("it {why}") });
        }
        if wanted.by_group && by_group().iter().any(|(name, value)| self.attribute(name) != Some(value)) {
            let why = "it counts and compares over all its message groups, and not within each".to_owned();
            all.push(Difference { attributes: by_group(), why });
        }
        if let Some(lacking) = self.lacking(wanted, known)
            && let Ok(merged) = policy::merged(self.attribute(&Name::Policy), &wanted.arn, &lacking)
        {
            let topics: Vec<&str> = lacking.iter().map(String::as_str).collect();
            let why = format!("its policy does not let SNS send to it from {}", topics.join(", "));
            all.push(Difference::one(Name::Policy, merged, why));
        }
        all
    }

    /// The topics that cannot send to it.
    fn lacking(&self, wanted: &Queue, known: &BTreeSet<String>) -> Option<BTreeSet<String>> {
        if wanted.senders.is_empty() {
            return None;
        }
        let needed = wanted.senders.union(known).cloned().collect();
        let lacking = policy::lacking(self.attribute(&Name::Policy), &wanted.arn, &needed);
        (!lacking.is_empty()).then_some(lacking)
    }

    /// What about it goes beyond what is needed, or is someone else's, and stays as it is.
    pub(super) fn left(&self, wanted: &Queue) -> Vec<String> {
        let mut left = policy::foreign(self.attribute(&Name::Policy));
        let others: Vec<String> =
            policy::ours(self.attribute(&Name::Policy)).difference(&wanted.senders).cloned().collect();
        if !others.is_empty() {
            left.push(format!("lets SNS send from {} too, as another version may need", others.join(", ")));
        }
        if let Role::Consumed(consumed) = &wanted.role {
            let is = self.number(&Name::VisibilityTimeout);
            if let Some(is) = is.filter(|seconds| *seconds > consumed.visibility) {
                left.push(format!(
                    "has a visibility timeout of {is} s, more than the {} s needed",
                    consumed.visibility
                ));
            }
            let receives = redrive::receives(self.attribute(&Name::RedrivePolicy));
            if let Some(receives) = receives.filter(|receives| *receives > u64::from(consumed.max_receives)) {
                let needed = consumed.max_receives;
                left.push(format!("gives a message up after {receives} receives, more than the {needed} needed"));
            }
        }
        left
    }

    /// Why its policy cannot be made to let all topics send.
    pub(super) fn too_much(&self, wanted: &Queue, known: &BTreeSet<String>) -> Option<String> {
        policy::merged(self.attribute(&Name::Policy), &wanted.arn, &self.lacking(wanted, known)?).err()
    }
}

/// Attributes that are to be set together.
pub(super) struct Difference {
    pub(super) attributes: Vec<(Name, String)>,
    pub(super) why: String,
}

impl Difference {
    fn one(name: Name, value: impl ToString, why: String) -> Self {
        Self { attributes: vec![(name, value.to_string())], why }
    }
}

#[cfg(test)]
#[path = "found_tests.rs"]
mod tests;
