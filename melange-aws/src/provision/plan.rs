//! [`Plan`]: what differs between AWS and what the subscribers need.

use std::fmt;

use super::change::{Change, ChangeKind, Finding, Value};
use super::diff;

/// What differs between AWS and what the subscribers need. Made by [`AwsQueue::plan`](crate::AwsQueue::plan), which only
/// reads; [`Provision::Verify`](crate::Provision::Verify) reports it, and [`Provision::Create`](crate::Provision::Create)
/// carries it out.
///
/// `{plan}` shows it to people; `{plan:#}` with the commands of the AWS CLI that do the same:
///
/// ```text
/// + topic staging-refunds
/// ~ queue staging-billing: its visibility time-out is 10 s, and its subscribers need 30 s
///       VisibilityTimeout: 10 -> 30
/// 1 to create, 1 to change, 5 unchanged
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    pub(super) changes: Vec<Change>,
    pub(super) findings: Vec<Finding>,
    pub(super) notes: Vec<String>,
    pub(super) unchanged: usize,
}

impl Plan {
    /// Whether nothing is to be changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// How much is to be changed.
    #[must_use]
    pub fn len(&self) -> usize {
        self.changes.len()
    }

    /// What is to be changed, in an order in which it can be.
    pub fn changes(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter()
    }

    /// What in the queues' policies lets too many in.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter()
    }

    /// What is left as it is or could not be looked at, and someone may want to know.
    pub fn notes(&self) -> impl Iterator<Item = &str> {
        self.notes.iter().map(String::as_str)
    }

    /// How many topics, queues and subscriptions are as they should be.
    #[must_use]
    pub fn unchanged(&self) -> usize {
        self.unchanged
    }

    fn count(&self, kind: ChangeKind) -> usize {
        self.changes.iter().filter(|change| change.kind == kind).count()
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
        write!(f, "{} to create, {} to change", self.count(ChangeKind::Create), self.count(ChangeKind::Update))?;
        match self.count(ChangeKind::ByHand) {
            0 => {}
            by_hand => write!(f, ", {by_hand} to mend by hand")?,
        }
        if !self.findings.is_empty() {
            write!(f, ", {} to be warned of", self.findings.len())?;
        }
        write!(f, ", {} unchanged", self.unchanged)
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
            unchanged: 7,
        };
        assert_eq!(
            plan.to_string(),
            "+ topic orders\n\
             ~ queue billing: too short\n      VisibilityTimeout: 10 -> 30\n\
             ~ the subscription lets too few pass\n      FilterPolicy:\n        + \"B\"\n\
             ~ queue billing: no tag\n      tag team: (none) -> billing\n\
             ! topic x does not exist; ask its owner\n\
             ! queue billing is open\n  \
             not allowed to look\n\
             1 to create, 3 to change, 1 to mend by hand, 1 to be warned of, 7 unchanged"
        );
        assert!(format!("{plan:#}").contains("+ topic orders\n      aws sns something\n"));
        assert_eq!(Plan::default().to_string(), "0 to create, 0 to change, 0 unchanged");
    }
}
