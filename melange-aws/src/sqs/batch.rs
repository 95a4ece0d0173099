//! Calls on several messages, which can fail for some and not for others.

use aws_sdk_sqs::types::BatchResultErrorEntry;
use melange::transport::{TransportError, TransportErrorKind};

use crate::client::Call;
use crate::error::{Answer, again, kind_of_code};

/// Most entries in one call. Source: the SQS API reference.
pub(super) const MOST: usize = 10;

/// What each of `count` entries was answered; one that is in neither list failed, for all that is known.
pub(super) fn answers<'a>(
    call: &Call,
    count: usize,
    successful: impl Iterator<Item = &'a str>,
    failed: &[BatchResultErrorEntry],
) -> Vec<Result<(), TransportError>> {
    let mut answers: Vec<Option<Result<(), TransportError>>> = (0..count).map(|_| None).collect();
    let mut put = |id: &str, answer| {
        if let Some(place) = id.parse::<usize>().ok().and_then(|at| answers.get_mut(at)) {
            *place = Some(answer);
        }
    };
    successful.for_each(|id| put(id, Ok(())));
    failed.iter().for_each(|entry| put(entry.id(), Err(refused(call, entry))));
    let missing = || {
        let what = format!("{call}: SQS did not answer for this message");
        Err(TransportError::new(TransportErrorKind::Unavailable, what))
    };
    answers.into_iter().map(|answer| answer.unwrap_or_else(missing)).collect()
}

/// The same failure for every entry of a call that failed as a whole.
pub(super) fn all_failed(count: usize, error: TransportError) -> Vec<Result<(), TransportError>> {
    (0..count).map(|_| Err(again(&error))).collect()
}

/// The id of the entry at this place.
pub(super) fn id(at: usize) -> String {
    at.to_string()
}

fn refused(call: &Call, entry: &BatchResultErrorEntry) -> TransportError {
    let code = entry.code();
    let kind = kind_of_code(code, call).unwrap_or(if entry.sender_fault() {
        TransportErrorKind::Configuration
    } else {
        TransportErrorKind::Unavailable
    });
    let what = match kind {
        TransportErrorKind::LeaseLost => format!("{call}: {code}; the message is no longer in hand"),
        _ => format!("{call}: {code}"),
    };
    // Not the entry's message, which quotes the receipt.
    TransportError::new(kind, what).with_source(Answer::of_entry(code))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(id: &str, code: &str, sender_fault: bool) -> BatchResultErrorEntry {
        BatchResultErrorEntry::builder()
            .id(id)
            .code(code)
            .sender_fault(sender_fault)
            .message("The input receipt handle \"secret\" is not valid")
            .build()
            .unwrap()
    }

    #[test]
    fn every_entry_is_answered_for() {
        let call = Call::new("sqs:DeleteMessage", "queue billing").with_receipts();
        let failed = [
            failed("1", "ReceiptHandleIsInvalid", true),
            failed("2", "AWS.SimpleQueueService.MessageNotInflight", true),
            failed("3", "InternalError", false),
            failed("4", "NewCode", false),
            failed("5", "RequestThrottled", true),
            failed("6", "InvalidParameterValue", true),
        ];
        let answers = answers(&call, 8, ["0"].into_iter(), &failed);
        let kinds: Vec<_> = answers.iter().map(|answer| answer.as_ref().err().map(TransportError::kind)).collect();
        use TransportErrorKind::{LeaseLost, Throttled, Unavailable};
        let expected = [
            None,
            Some(LeaseLost),
            Some(LeaseLost),
            Some(Unavailable),
            Some(Unavailable),
            Some(Throttled),
            Some(LeaseLost),
            Some(Unavailable),
        ];
        assert_eq!(kinds, expected);
        assert!(!format!("{answers:?}").contains("secret"));
    }

    #[test]
    fn a_call_that_failed_failed_for_all() {
        let error = TransportError::new(TransportErrorKind::Throttled, "x").with_source(Answer::of_entry("Y"));
        let answers = all_failed(3, error);
        assert_eq!(answers.len(), 3);
        assert!(answers.iter().all(|answer| {
            let error = answer.as_ref().unwrap_err();
            error.kind() == TransportErrorKind::Throttled && std::error::Error::source(error).is_some()
        }));
    }
}
