//! What a subscriber returns for an event.

use std::time::Duration;

/// Any error, as a subscriber may return it.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// What becomes of an event for one subscriber.
#[derive(Debug, Default)]
#[non_exhaustive]
pub enum Outcome {
    /// Handled.
    #[default]
    Done,
    /// Try again later, until the subscriber's attempts are used up; then to the dead-letter queue.
    Retry {
        /// The minimum wait; the subscriber's own backoff if `None`.
        after: Option<Duration>,
    },
    /// Never try again: to the dead-letter queue at once.
    Reject,
    /// Like `Retry` or `Reject`, with the reason. Made by [`Outcome::retry`], [`Outcome::retry_after`],
    /// [`Outcome::reject`], and by returning an `Err`.
    Failed(Failure),
}

impl Outcome {
    /// Try again after the subscriber's backoff, because of `reason`.
    #[must_use]
    pub fn retry(reason: impl Into<BoxError>) -> Self {
        Self::Failed(Failure { reason: reason.into(), then: Then::Retry { after: None } })
    }

    /// Try again after `after`, because of `reason`.
    #[must_use]
    pub fn retry_after(reason: impl Into<BoxError>, after: Duration) -> Self {
        Self::Failed(Failure { reason: reason.into(), then: Then::Retry { after: Some(after) } })
    }

    /// Never try again: to the dead-letter queue at once, together with `reason`.
    ///
    /// The reason's `Display` text is kept with the dead letter, so it must not quote secrets.
    #[must_use]
    pub fn reject(reason: impl Into<BoxError>) -> Self {
        Self::Failed(Failure { reason: reason.into(), then: Then::Reject })
    }

    /// Whether the event was handled.
    #[must_use]
    pub fn is_done(&self) -> bool {
        matches!(self, Self::Done)
    }

    /// What should happen next, and why: `None` if handled.
    pub(crate) fn into_failure(self) -> Option<Failure> {
        match self {
            Self::Done => None,
            Self::Retry { after } => {
                Some(Failure { reason: "the subscriber asked for a retry".into(), then: Then::Retry { after } })
            }
            Self::Reject => Some(Failure { reason: "the subscriber rejected the event".into(), then: Then::Reject }),
            Self::Failed(failure) => Some(failure),
        }
    }
}

/// Why a subscriber did not handle an event, and what should happen to the event.
#[derive(Debug)]
pub struct Failure {
    reason: BoxError,
    then: Then,
}

/// What is to happen to an event that was not handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    Retry { after: Option<Duration> },
    Reject,
}

impl Failure {
    /// Why.
    #[must_use]
    pub fn reason(&self) -> &(dyn std::error::Error + Send + Sync + 'static) {
        self.reason.as_ref()
    }

    /// Whether the event should go to the dead-letter queue at once.
    #[must_use]
    pub fn is_reject(&self) -> bool {
        self.then == Then::Reject
    }

    pub(crate) fn then(&self) -> Then {
        self.then
    }

    pub(crate) fn into_reason(self) -> BoxError {
        self.reason
    }
}

/// What a subscriber may return: nothing, an [`Outcome`], or a `Result` whose error means "try again later".
#[diagnostic::on_unimplemented(
    message = "a subscriber cannot return `{Self}`",
    label = "not an outcome",
    note = "return `()`, `melange::Outcome`, or a `Result<(), E>` where `E` converts into `melange::BoxError` (an error means: retry)",
    note = "`BoxError` is `Box<dyn Error + Send + Sync>`: an error type of your own implements `std::error::Error`, and a boxed one says `+ Send + Sync`"
)]
pub trait IntoOutcome {
    /// The outcome it stands for.
    fn into_outcome(self) -> Outcome;
}

#[diagnostic::do_not_recommend]
impl IntoOutcome for () {
    fn into_outcome(self) -> Outcome {
        Outcome::Done
    }
}

#[diagnostic::do_not_recommend]
impl IntoOutcome for Outcome {
    fn into_outcome(self) -> Outcome {
        self
    }
}

#[diagnostic::do_not_recommend]
impl<E: Into<BoxError>> IntoOutcome for Result<(), E> {
    fn into_outcome(self) -> Outcome {
        match self {
            Ok(()) => Outcome::Done,
            Err(error) => Outcome::retry(error),
        }
    }
}

#[diagnostic::do_not_recommend]
impl<E: Into<BoxError>> IntoOutcome for Result<Outcome, E> {
    fn into_outcome(self) -> Outcome {
        self.unwrap_or_else(Outcome::retry)
    }
}
