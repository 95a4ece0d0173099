//! What became of the entries of one request.

use std::collections::HashMap;

use melange::transport::{TransportError, TransportErrorKind as Kind};

use crate::client::Call;
use crate::error::{Answer, kind_of_code};

/// What became of one entry.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// AWS has it.
    Taken,
    /// AWS has it not, and says that it may have it if sent again.
    Again(TransportError),
    /// AWS does not take it, or did not say what became of it.
    Failed(TransportError),
}

/// What became of each entry of a request, in order; or why the request failed as a whole.
pub(crate) type Outcome = Result<Vec<Verdict>, TransportError>;

/// An entry that AWS did not take.
#[derive(Debug)]
pub(crate) struct Refusal<'a> {
    pub(crate) id: &'a str,
    pub(crate) code: &'a str,
    pub(crate) sender_fault: bool,
}

/// The id of the entry at this place.
pub(crate) fn id(at: usize) -> String {
    at.to_string()
}

/// What became of each of `count` entries. One that is in neither list failed, for all that is known.
pub(crate) fn verdicts<'a>(
    call: &Call,
    count: usize,
    successful: impl Iterator<Item = &'a str>,
    failed: impl Iterator<Item = Refusal<'a>>,
) -> Vec<Verdict> {
    let mut by_id: HashMap<&str, Verdict> = successful.map(|id| (id, Verdict::Taken)).collect();
    by_id.extend(failed.map(|refusal| (refusal.id, refused(call, &refusal))));
    let missing = || {
        let what = format!("{call}: AWS answered, but not for this message, so it may or may not have it");
        Verdict::Failed(TransportError::new(Kind::Unavailable, what))
    };
    (0..count).map(|at| by_id.remove(id(at).as_str()).unwrap_or_else(missing)).collect()
}

/// Source: the SNS and SQS API references, `BatchResultErrorEntry`: what is the sender's fault fails again.
fn refused(call: &Call, refusal: &Refusal<'_>) -> Verdict {
    let known = kind_of_code(refusal.code, call);
    let (kind, again) = match known {
        // Too many requests are the sender's fault, but they pass.
        Some(Kind::Throttled) => (Kind::Throttled, true),
        Some(kind @ (Kind::Denied | Kind::NotFound)) => (kind, false),
        _ if !refusal.sender_fault => (Kind::Unavailable, true),
        Some(kind) => (kind, false),
        None => (Kind::InvalidMessage, false),
    };
    // Not the entry's message, which may quote the event.
    let what = format!("{call}: {}", refusal.code);
    // It was answered for: whatever the reason, AWS has it not.
    let error = TransportError::new(kind, what).with_source(Answer::of_entry(refusal.code)).certain();
    if again { Verdict::Again(error) } else { Verdict::Failed(error) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal<'a>(id: &'a str, code: &'a str, sender_fault: bool) -> Refusal<'a> {
        Refusal { id, code, sender_fault }
    }

    #[test]
    fn every_entry_has_a_verdict_of_its_own() {
        let call = Call::new("sns:Publish", "topic orders").with_message();
        let failed = [
            refusal("1", "InternalError", false),
            refusal("2", "InvalidParameter", true),
            refusal("3", "Throttling", true),
            refusal("4", "NewCode", false),
            refusal("5", "NewCode", true),
            refusal("6", "AuthorizationError", true),
            refusal("7", "KMSAccessDenied", false),
            refusal("8", "InternalError", true),
            refusal("17", "InternalError", false),
        ];
        let verdicts = verdicts(&call, 10, ["0", "11"].into_iter(), failed.into_iter());
        let plain: Vec<_> = verdicts
            .iter()
            .map(|verdict| match verdict {
                Verdict::Taken => (None, false, false),
                Verdict::Again(error) => (Some(error.kind()), true, error.is_uncertain()),
                Verdict::Failed(error) => (Some(error.kind()), false, error.is_uncertain()),
            })
            .collect();
        let expected = [
            (None, false, false),
            (Some(Kind::Unavailable), true, false),
            (Some(Kind::InvalidMessage), false, false),
            (Some(Kind::Throttled), true, false),
            (Some(Kind::Unavailable), true, false),
            (Some(Kind::InvalidMessage), false, false),
            (Some(Kind::Denied), false, false),
            (Some(Kind::Denied), false, false),
            (Some(Kind::Unavailable), false, false),
            // Missing: nobody knows.
            (Some(Kind::Unavailable), false, true),
        ];
        assert_eq!(plain, expected);
    }

    #[test]
    fn one_that_is_in_both_lists_is_not_taken() {
        let call = Call::new("sns:Publish", "topic orders").with_message();
        let verdicts = verdicts(&call, 1, ["0"].into_iter(), [refusal("0", "InternalError", false)].into_iter());
        assert!(matches!(verdicts.as_slice(), [Verdict::Again(_)]));
    }
}
