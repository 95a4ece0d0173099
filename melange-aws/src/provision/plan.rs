//! [`Plan`]: what differs between AWS and what the subscribers need.

use std::collections::BTreeMap;
use std::fmt;

use serde::ser::{Serialize, SerializeStruct as _, Serializer};

use super::change::{Change, ChangeKind, Finding, Value};
use super::diff;

/// What differs between AWS and what the subscribers need. Made by [`AwsQueue::plan`](crate::AwsQueue::plan), which
/// only reads; [`Provision::Verify`](crate::Provision::Verify) reports it, and
/// [`Provision::Create`](crate::Provision::Create) carries it out.
///
/// `{plan}` shows it to people; `{plan:#}` with the commands of the AWS CLI that do the same:
///
/// ```text
/// + topic staging-refunds
/// ~ queue staging-billing: its visibility timeout is 10 s, and its subscribers need 30 s
///       VisibilityTimeout: 10 -> 30
///   left alone: queue staging-billing has statement "theirs" in its policy
/// 1 to create, 1 to change, 5 unchanged
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    pub(super) changes: Vec<Change>,
    pub(super) findings: Vec<Finding>,
    pub(super) notes: Vec<String>,
    pub(super) left: Vec<String>,
    pub(super) unchanged: Vec<String>,
}

impl Plan {
    /// Whether there is nothing to change.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// The number of changes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.changes.len()
    }

    /// The changes, in an order in which they can be made.
    pub fn changes(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter()
    }

    /// The statements in the queues' policies that are too permissive.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter()
    }

    /// What is left as it is, or could not be read, and may be of interest.
    pub fn notes(&self) -> impl Iterator<Item = &str> {
        self.notes.iter().map(String::as_str)
    }

    /// What belongs to others, or goes beyond what is needed, and stays: statements in the queues' policies, names in
    /// filter policies that another version may listen to, a `maxReceiveCount` above what the subscribers need.
    pub fn left_alone(&self) -> impl Iterator<Item = &str> {
        self.left.iter().map(String::as_str)
    }

    /// How many topics, queues and subscriptions are as they should be.
    #[must_use]
    pub fn unchanged(&self) -> usize {
        self.unchanged.len()
    }

    /// Whether [`Provision::Verify`](crate::Provision::Verify) would refuse to start: something must change, or is too
    /// permissive.
    #[must_use]
    pub fn has_drift(&self) -> bool {
        !self.changes.is_empty() || !self.findings.is_empty()
    }

    /// The exit code for a program that only plans, as with `terraform plan -detailed-exitcode`: 0 if everything is as
    /// needed, 2 if not. 1 is left for errors.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        if self.has_drift() { 2 } else { 0 }
    }

    /// Both, with what they have in common once.
    pub(crate) fn and(mut self, other: Self) -> Self {
        fn add<T: PartialEq>(all: &mut Vec<T>, more: Vec<T>) {
            for one in more {
                if !all.contains(&one) {
                    all.push(one);
                }
            }
        }
        add(&mut self.changes, other.changes);
        add(&mut self.findings, other.findings);
        add(&mut self.notes, other.notes);
        add(&mut self.left, other.left);
        add(&mut self.unchanged, other.unchanged);
        self
    }

    fn count(&self, kind: ChangeKind) -> usize {
        self.changes.iter().filter(|change| change.kind == kind).count()
    }
}

impl Serialize for Plan {
    /// For programs: the changes, the findings and the rest as lists, and a summary that counts them.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let summary: BTreeMap<&str, usize> = [
            ("create", self.count(ChangeKind::Create)),
            ("update", self.count(ChangeKind::Update)),
            ("by_hand", self.count(ChangeKind::ByHand)),
            ("findings", self.findings.len()),
            ("unchanged", self.unchanged.len()),
        ]
        .into();
        let mut plan = serializer.serialize_struct("Plan", 7)?;
        plan.serialize_field("drift", &self.has_drift())?;
        plan.serialize_field("summary", &summary)?;
        plan.serialize_field("changes", &self.changes)?;
        plan.serialize_field("findings", &self.findings)?;
        plan.serialize_field("notes", &self.notes)?;
        plan.serialize_field("left_alone", &self.left)?;
        plan.serialize_field("unchanged", &self.unchanged)?;
        plan.end()
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let commands = f.alternate();
        for change in &self.changes {
            writeln!(f, "{change}")?;
            command(f, change.command.as_deref().filter(|_| commands))?;
        }
        for finding in &self.findings {
            writeln!(f, "! {}", finding.what)?;
            command(f, finding.command.as_deref().filter(|_| commands))?;
        }
        for note in &self.notes {
            writeln!(f, "  {note}")?;
        }
        for left in &self.left {
            writeln!(f, "  left alone: {left}")?;
        }
        write!(f, "{} to create, {} to change", self.count(ChangeKind::Create), self.count(ChangeKind::Update))?;
        match self.count(ChangeKind::ByHand) {
            0 => {}
            by_hand => write!(f, ", {by_hand} to mend by hand")?,
        }
        if !self.findings.is_empty() {
            write!(f, ", {} to be warned of", self.findings.len())?;
        }
        write!(f, ", {} unchanged", self.unchanged.len())
    }
}

impl fmt::Display for Change {
    /// The change, and the lines of its values that differ.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            ChangeKind::Create => write!(f, "+ {}", self.resource),
            ChangeKind::Update => write!(f, "~ {}", self.what),
            ChangeKind::ByHand => write!(f, "! {}", self.what),
        }?;
        // What is new is new in all its parts.
        let values = self.values.iter().filter(|_| self.kind != ChangeKind::Create);
        values.into_iter().try_for_each(|value| write!(f, "{value}"))
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let now = self.now.as_deref().unwrap_or_default();
        if ![now, &self.wanted].iter().any(|text| text.starts_with(['{', '['])) {
            let now = if now.is_empty() { "(none)" } else { now };
            let wanted = if self.wanted.is_empty() { "(none)" } else { &self.wanted };
            return write!(f, "\n      {}: {now} -> {wanted}", self.name);
        }
        write!(f, "\n      {}:", self.name)?;
        diff::lines(now, &self.wanted).iter().try_for_each(|(sign, line)| write!(f, "\n        {sign} {line}"))
    }
}

fn command(f: &mut fmt::Formatter<'_>, command: Option<&str>) -> fmt::Result {
    command.map_or(Ok(()), |command| writeln!(f, "      {command}"))
}

#[cfg(test)]
mod tests {
    use super::super::change::Action;
    use super::*;

    fn change(kind: ChangeKind, what: &str, values: &[(&str, Option<&str>, &str)]) -> Change {
        let value = |(name, now, wanted): &(&str, Option<&str>, &str)| Value {
            name: (*name).to_owned(),
            now: now.map(str::to_owned),
            wanted: (*wanted).to_owned(),
        };
        Change {
            kind,
            resource: "topic orders".to_owned(),
            what: what.to_owned(),
            values: values.iter().map(value).collect(),
            command: (kind != ChangeKind::ByHand).then(|| "aws sns something".to_owned()),
            action: Action::None,
        }
    }

    #[test]
    fn it_reads_as_a_diff() {
        let plan = Plan {
            changes: vec![
                change(ChangeKind::Create, "topic orders does not exist", &[("FifoTopic", None, "true")]),
                change(ChangeKind::Update, "queue billing: too short", &[("VisibilityTimeout", Some("10"), "30")]),
                change(
                    ChangeKind::Update,
                    "the subscription lets too few pass",
                    &[("FilterPolicy", Some(r#"{"event_type":["A"]}"#), r#"{"event_type":["A","B"]}"#)],
                ),
                change(ChangeKind::Update, "queue billing: no tag", &[("tag team", None, "billing")]),
                change(ChangeKind::ByHand, "topic x does not exist; ask its owner", &[]),
            ],
            findings: vec![Finding {
                resource: String::new(),
                what: "queue billing is open".to_owned(),
                command: None,
            }],
            notes: vec!["not allowed to look".to_owned()],
            left: vec!["queue billing has statement \"theirs\" in its policy".to_owned()],
            unchanged: vec![String::new(); 7],
        };
        assert_eq!(
            plan.to_string(),
            "+ topic orders\n\
             ~ queue billing: too short\n      VisibilityTimeout: 10 -> 30\n\
             ~ the subscription lets too few pass\n      FilterPolicy:\n        + \"B\"\n\
             ~ queue billing: no tag\n      tag team: (none) -> billing\n\
             ! topic x does not exist; ask its owner\n\
             ! queue billing is open\n  \
             not allowed to look\n  \
             left alone: queue billing has statement \"theirs\" in its policy\n\
             1 to create, 3 to change, 1 to mend by hand, 1 to be warned of, 7 unchanged"
        );
        assert!(format!("{plan:#}").contains("+ topic orders\n      aws sns something\n"));
        assert_eq!(Plan::default().to_string(), "0 to create, 0 to change, 0 unchanged");
    }
}
