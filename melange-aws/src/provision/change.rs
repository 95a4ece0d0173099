//! One thing to be done.

use std::collections::BTreeMap;

use aws_sdk_sqs::types::QueueAttributeName;
use serde::Serialize;

/// Something on AWS that is not as the subscribers need, and how to change it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    pub(super) kind: ChangeKind,
    pub(super) resource: String,
    pub(super) what: String,
    pub(super) values: Vec<Value>,
    pub(super) command: Option<String>,
    #[serde(skip)]
    pub(super) action: Action,
}

/// What kind of change it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ChangeKind {
    /// It is missing, and must be created.
    Create,
    /// It exists, and some of it must be changed.
    Update,
    /// Only a person can fix it.
    ByHand,
}

/// An attribute or tag, as it is and as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Value {
    pub(super) name: String,
    pub(super) now: Option<String>,
    pub(super) wanted: String,
}

/// What to call for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Action {
    /// Nothing: it is for a person.
    None,
    CreateTopic,
    SetTopic(&'static str, String),
    TagTopic(BTreeMap<String, String>),
    CreateQueue(Vec<(QueueAttributeName, String)>),
    SetQueue {
        url: String,
        attributes: Vec<(QueueAttributeName, String)>,
    },
    TagQueue {
        url: String,
        tags: BTreeMap<String, String>,
    },
    Subscribe,
    SetSubscription {
        arn: String,
        name: &'static str,
        value: String,
    },
}

impl Change {
    /// What kind of change it is.
    #[must_use]
    pub fn kind(&self) -> ChangeKind {
        self.kind
    }

    /// What it is about, as in `queue staging-billing`.
    #[must_use]
    pub fn resource(&self) -> &str {
        &self.resource
    }

    /// What is not as it should be, in one sentence.
    #[must_use]
    pub fn what(&self) -> &str {
        &self.what
    }

    /// The attributes and tags to set: each with its name, its current value, and the new one.
    pub fn values(&self) -> impl Iterator<Item = (&str, Option<&str>, &str)> {
        self.values.iter().map(|value| (value.name.as_str(), value.now.as_deref(), value.wanted.as_str()))
    }

    /// The AWS CLI command that does the same, for a POSIX shell; `None` if only a person can fix it.
    #[must_use]
    pub fn command(&self) -> Option<&str> {
        self.command.as_deref()
    }

    /// Whether what it writes was made from what was read: whoever wrote in between is overwritten.
    pub(super) fn merges(&self) -> bool {
        match &self.action {
            Action::SetQueue { attributes, .. } => {
                attributes.iter().any(|(name, _)| *name == QueueAttributeName::Policy)
            }
            Action::SetSubscription { name, .. } => *name == super::subscription::FILTER,
            _ => false,
        }
    }
}

/// A statement in a queue's policy that is too permissive. Only a person removes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub(super) resource: String,
    pub(super) what: String,
    pub(super) command: Option<String>,
}

impl Finding {
    /// What it is about, as in `queue staging-billing`.
    #[must_use]
    pub fn resource(&self) -> &str {
        &self.resource
    }

    /// What is wrong, in words.
    #[must_use]
    pub fn what(&self) -> &str {
        &self.what
    }

    /// The AWS CLI command that removes the statement; the topics may still send.
    #[must_use]
    pub fn command(&self) -> Option<&str> {
        self.command.as_deref()
    }
}
