//! How a run failed, and what to do with its event.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use super::{SubscriberError, SubscriberErrorKind};
use crate::outcome::{Failure, Outcome, Then};
use crate::subscriber::SubscriberDescriptor;

/// A failed run: the error to report, and what to do with the event.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) error: SubscriberError,
    pub(crate) then: Then,
}

pub(crate) fn failed(descriptor: &SubscriberDescriptor, failure: Failure) -> Failed {
    let kind = if failure.is_reject() { SubscriberErrorKind::Rejected } else { SubscriberErrorKind::Failed };
    let then = failure.then();
    Failed { error: SubscriberError::new(descriptor, kind, failure.into_reason()), then }
}

pub(crate) fn panicked(descriptor: &SubscriberDescriptor) -> Failed {
    // Without the panic's message, which may quote the event; the panic hook has printed it already.
    let error = SubscriberError::new(descriptor, SubscriberErrorKind::Panicked, "the subscriber panicked");
    Failed { error, then: Then::Retry { after: None } }
}

pub(super) fn timed_out(descriptor: &SubscriberDescriptor, limit: Duration) -> Failed {
    let why = format!("it took longer than its timeout of {limit:?}");
    let error = SubscriberError::new(descriptor, SubscriberErrorKind::TimedOut, why);
    Failed { error, then: Then::Retry { after: None } }
}

/// The result of a run that was awaited, or caught.
pub(super) fn verdict(descriptor: &SubscriberDescriptor, run: std::thread::Result<Outcome>) -> Result<(), Failed> {
    match run {
        Ok(outcome) => outcome.into_failure().map_or(Ok(()), |failure| Err(failed(descriptor, failure))),
        Err(thrown) => {
            let_go(thrown);
            Err(panicked(descriptor))
        }
    }
}

/// The result of `run`; `None` if it panics.
pub(crate) fn contained<R>(run: impl FnOnce() -> R) -> Option<R> {
    catch_unwind(AssertUnwindSafe(run)).map_err(let_go).ok()
}

/// Drops the payload of a panic, or what it left behind, which may itself panic.
pub(crate) fn let_go<T>(left: T) {
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(left))) {
        std::mem::forget(again);
    }
}
