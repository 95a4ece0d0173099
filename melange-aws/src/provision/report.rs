//! What is not as it should be, as an error.

use std::fmt::Write as _;

use melange::transport::{TransportError, TransportErrorKind};

use super::change::{Change, ChangeKind, Finding};
use super::plan::Plan;

/// Everything that is not as it should be, each with the command that mends it.
pub(super) fn of(plan: &Plan, denied: &[TransportError]) -> Result<(), TransportError> {
    let mut what = String::new();
    let mut kind = None;
    if !denied.is_empty() {
        kind = Some(TransportErrorKind::Denied);
        what = not_allowed(denied);
    }
    if !plan.changes.is_empty() {
        let missing = plan.changes.iter().all(|change| change.kind == ChangeKind::Create || is_absent(change));
        kind = kind.or(Some(if missing { TransportErrorKind::NotFound } else { TransportErrorKind::Drifted }));
        paragraph(&mut what, &wrong(&plan.changes));
        for change in &plan.changes {
            item(&mut what, &change.what, change.command.as_deref());
        }
    }
    if !plan.findings.is_empty() {
        kind = kind.or(Some(TransportErrorKind::Drifted));
        paragraph(&mut what, &open(&plan.findings));
    }
    kind.map_or(Ok(()), |kind| Err(TransportError::new(kind, what)))
}

/// Calls that are not allowed, each with the permission it needs.
pub(super) fn not_allowed(denied: &[TransportError]) -> String {
    let mut what = format!(
        "{} not allowed, so that not all of the queues and topics can be looked at:",
        if denied.len() == 1 { "one call is" } else { "some calls are" }
    );
    // The same call on several queues by name only differs in its request id.
    for error in denied {
        item(&mut what, &error.to_string(), None);
    }
    what
}

/// What only a person can mend.
pub(super) fn by_hand(what: &str, changes: &[&Change]) -> TransportError {
    let kind = if changes.iter().all(|change| is_absent(change)) {
        TransportErrorKind::NotFound
    } else {
        TransportErrorKind::Configuration
    };
    let mut what = what.to_owned();
    changes.iter().for_each(|change| item(&mut what, &change.what, None));
    TransportError::new(kind, what)
}

/// What was set, and is not as it was set.
pub(super) fn undone(changes: &[Change]) -> TransportError {
    let mut what =
        "set again and again, and still not as it should be: does another program keep setting it otherwise?"
            .to_owned();
    changes.iter().for_each(|change| item(&mut what, &change.what, change.command.as_deref()));
    TransportError::new(TransportErrorKind::Drifted, what)
}

fn wrong(changes: &[Change]) -> String {
    let things = match changes.len() {
        1 => "one thing on AWS is".to_owned(),
        many => format!("{many} things on AWS are"),
    };
    let way_out = if changes.iter().all(|change| change.kind == ChangeKind::ByHand) {
        ", which only a person can mend:"
    } else {
        "; start once with `Provision::Create`, or run:"
    };
    format!("{things} not as the subscribers need{way_out}")
}

fn open(findings: &[Finding]) -> String {
    let mut what =
        "whoever may send to a queue can forge events; take out what lets too many in (`Provision::Create` leaves it and \
         warns), or run:"
            .to_owned();
    findings.iter().for_each(|finding| item(&mut what, &finding.what, finding.command.as_deref()));
    what
}

/// Someone else's, and not there.
fn is_absent(change: &Change) -> bool {
    change.kind == ChangeKind::ByHand && change.what.contains("does not exist")
}

fn paragraph(text: &mut String, more: &str) {
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(more);
}

fn item(text: &mut String, what: &str, command: Option<&str>) {
    // Writing to a String cannot fail.
    let _ = write!(text, "\n  - {what}");
    if let Some(command) = command {
        let _ = write!(text, "\n      {command}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provision::change::Action;

    fn missing(topic: &str) -> Change {
        let command = format!("aws sns create-topic --name {topic}");
        let what = format!("topic {topic} does not exist");
        Change::create(format!("topic {topic}"), what, Vec::new(), command, Action::CreateTopic)
    }

    fn error(changes: Vec<Change>, findings: Vec<Finding>, denied: &[TransportError]) -> TransportError {
        of(&Plan { changes, findings, ..Plan::default() }, denied).unwrap_err()
    }

    #[test]
    fn everything_is_in_one_error() {
        let denied = [TransportError::new(TransportErrorKind::Denied, "sns:GetTopicAttributes on topic users: no")];
        let finding = Finding {
            resource: "queue billing".to_owned(),
            what: "statement \"all\" lets everyone in".to_owned(),
            command: Some("aws sqs set-queue-attributes".to_owned()),
        };
        let error = error(vec![missing("a"), missing("b")], vec![finding], &denied);
        assert_eq!(error.kind(), TransportErrorKind::Denied);
        assert_eq!(
            error.to_string(),
            "one call is not allowed, so that not all of the queues and topics can be looked at:\n  \
             - sns:GetTopicAttributes on topic users: no\n\
             2 things on AWS are not as the subscribers need; start once with `Provision::Create`, or run:\n  \
             - topic a does not exist\n      aws sns create-topic --name a\n  \
             - topic b does not exist\n      aws sns create-topic --name b\n\
             whoever may send to a queue can forge events; take out what lets too many in (`Provision::Create` leaves it \
             and warns), or run:\n  \
             - statement \"all\" lets everyone in\n      aws sqs set-queue-attributes"
        );
    }

    #[test]
    fn what_only_a_person_can_mend_has_no_false_way_out() {
        let absent = Change::by_hand("topic x".to_owned(), "topic x does not exist; ask its owner".to_owned());
        let error = error(vec![absent], Vec::new(), &[]);
        assert_eq!(error.kind(), TransportErrorKind::NotFound);
        assert!(error.to_string().contains("only a person can mend") && !error.to_string().contains("Create"));
    }

    #[test]
    fn the_kind_says_whether_something_is_missing_or_differs() {
        assert_eq!(error(vec![missing("a")], Vec::new(), &[]).kind(), TransportErrorKind::NotFound);
        let drifted = Change { kind: ChangeKind::Update, ..missing("a") };
        assert_eq!(error(vec![missing("a"), drifted], Vec::new(), &[]).kind(), TransportErrorKind::Drifted);
        assert!(of(&Plan::default(), &[]).is_ok());
    }
}
