//! IAM policies with what each role needs, and no more.

mod calls;
mod document;
mod key;

use std::fmt;

use serde_json::{Map, Value};

use super::cloudformation::pretty;
use crate::provision::Model;

/// A role that needs permissions. A program that does several things needs the policies of several roles: a service
/// that starts with [`Provision::Verify`](crate::Provision::Verify), consumes and publishes is a verifier, a consumer
/// and a publisher.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Role {
    /// Publishes the events.
    Publisher,
    /// Receives and settles messages, and sends what is given up to the dead-letter queues.
    Consumer,
    /// Reads topics, queues and subscriptions: [`Provision::Verify`](crate::Provision::Verify), and plans.
    Verifier,
    /// Also creates and fixes them: [`Provision::Create`](crate::Provision::Create), and `apply`.
    Provisioner,
    /// Lists, redrives and deletes dead letters.
    RedriveOperator,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Publisher, Self::Consumer, Self::Verifier, Self::Provisioner, Self::RedriveOperator];

    /// Its name in names: `publisher`, `consumer`, `verifier`, `provisioner`, `redrive-operator`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Publisher => "publisher",
            Self::Consumer => "consumer",
            Self::Verifier => "verifier",
            Self::Provisioner => "provisioner",
            Self::RedriveOperator => "redrive-operator",
        }
    }

    /// What it may do, in words.
    pub(super) fn what(self) -> &'static str {
        match self {
            Self::Publisher => "Publishes events.",
            Self::Consumer => "Receives and settles messages.",
            Self::Verifier => "Looks at topics, queues and subscriptions.",
            Self::Provisioner => "Makes and mends topics, queues and subscriptions.",
            Self::RedriveOperator => "Looks at dead letters, puts them back or drops them.",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The policy for a role. `{policy}` is its document, as IAM takes it; if that is too long for one managed policy,
/// several documents, by name.
#[derive(Debug, Clone)]
pub struct Policy {
    role: Role,
    parts: Vec<Part>,
}

/// A document of a policy.
#[derive(Debug, Clone)]
pub(super) struct Part {
    /// As it is called beside others, without the prefix.
    pub(super) short: String,
    /// Its name in the account.
    pub(super) name: String,
    pub(super) document: Value,
    key: Option<key::Key>,
}

impl Part {
    /// What follows account and region in the ARN `text`, if it is that of a key in whatever account and region this
    /// is.
    pub(super) fn key(&self, text: &str) -> Option<&str> {
        self.key.as_ref()?.relative(text)
    }
}

impl Policy {
    pub(super) fn of(role: Role, model: &Model, prefix: &str, own: &str) -> Self {
        let documents = document::of(role, model);
        let several = documents.len() > 1;
        let key = key::of(model);
        let part = |(at, document): (usize, Value)| {
            let number = if several { format!("-{}", at + 1) } else { String::new() };
            // Names of policies have no dots.
            let short = format!("{}-{role}{number}", own.replace('.', "-")).trim_start_matches('-').to_owned();
            Part { name: format!("{prefix}{short}"), short, document, key: key.clone() }
        };
        Self { role, parts: documents.into_iter().enumerate().map(part).collect() }
    }

    /// Whose it is.
    #[must_use]
    pub fn role(&self) -> Role {
        self.role
    }

    /// The documents, as IAM takes them, each with the name it has in Terraform and CloudFormation: one, unless it
    /// would exceed the 6,144 characters of a managed policy; none, if the role has nothing to do. Attach all of them.
    pub fn documents(&self) -> impl Iterator<Item = (&str, String)> {
        self.parts.iter().map(|part| (part.name.as_str(), pretty(&part.document)))
    }

    /// The IAM actions it allows, in order.
    #[must_use]
    pub fn actions(&self) -> Vec<&'static str> {
        document::actions(self.role, &self.parts)
    }

    pub(super) fn parts(&self) -> impl Iterator<Item = &Part> {
        self.parts.iter()
    }

    /// Whether it names a key in whatever account and region this is.
    pub(super) fn has_keys(&self) -> bool {
        self.parts.iter().any(|part| part.key.as_ref().is_some_and(key::Key::is_relative))
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.parts.as_slice() {
            [one] => f.write_str(&pretty(&one.document)),
            several => f.write_str(&by_name(several.iter())),
        }
    }
}

/// All documents of `policies` in one, by name.
pub(super) fn together(policies: &[Policy]) -> String {
    by_name(policies.iter().flat_map(|policy| &policy.parts))
}

fn by_name<'a>(parts: impl Iterator<Item = &'a Part>) -> String {
    let all: Map<String, Value> = parts.map(|part| (part.name.clone(), part.document.clone())).collect();
    pretty(&Value::Object(all))
}
