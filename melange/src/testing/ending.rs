//! How runs of subscribers end.

use std::fmt;
use std::time::Duration;

use crate::dispatch::SubscriberErrorKind;

/// How one run of a subscriber ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ending {
    /// It has not ended yet.
    Running,
    /// It handled the event.
    Handled,
    /// It did not handle the event, which will be redelivered.
    Retried {
        /// How it failed.
        kind: SubscriberErrorKind,
        /// Why.
        reason: String,
        /// The delay of the redelivery, from the end of the run; `None` until the broker is told.
        after: Option<Duration>,
    },
    /// It gave the event up, at once or after its last attempt.
    DeadLettered {
        /// How it failed; `Rejected` if it rejected the event.
        kind: SubscriberErrorKind,
        /// Why.
        reason: String,
    },
    /// It was cut off: by a crash, a shutdown, or a lost lease.
    Interrupted,
}

impl Ending {
    /// Whether it handled the event.
    #[must_use]
    pub fn is_handled(&self) -> bool {
        matches!(self, Self::Handled)
    }

    /// Whether the event will be redelivered.
    #[must_use]
    pub fn is_retried(&self) -> bool {
        matches!(self, Self::Retried { .. })
    }

    /// Whether it gave the event up.
    #[must_use]
    pub fn is_dead_lettered(&self) -> bool {
        matches!(self, Self::DeadLettered { .. })
    }

    /// Whether it rejected the event.
    #[must_use]
    pub fn is_rejected(&self) -> bool {
        self.kind() == Some(SubscriberErrorKind::Rejected)
    }

    /// How it failed, if it did.
    #[must_use]
    pub fn kind(&self) -> Option<SubscriberErrorKind> {
        match self {
            Self::Retried { kind, .. } | Self::DeadLettered { kind, .. } => Some(*kind),
            Self::Running | Self::Handled | Self::Interrupted => None,
        }
    }

    /// Why it failed, if it did.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Retried { reason, .. } | Self::DeadLettered { reason, .. } => Some(reason),
            Self::Running | Self::Handled | Self::Interrupted => None,
        }
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = |kind: &SubscriberErrorKind| match kind {
            SubscriberErrorKind::Failed => "failed",
            SubscriberErrorKind::Rejected => "rejected it",
            SubscriberErrorKind::Panicked => "panicked",
            SubscriberErrorKind::TimedOut => "timed out",
        };
        match self {
            Self::Running => f.write_str("runs"),
            Self::Handled => f.write_str("handled it"),
            Self::Retried { kind, reason, after: Some(after) } => {
                write!(f, "{} ({reason}), again after {after:?}", how(kind))
            }
            Self::Retried { kind, reason, after: None } => write!(f, "{} ({reason})", how(kind)),
            Self::DeadLettered { kind, reason } => write!(f, "{} ({reason}), dead-lettered", how(kind)),
            Self::Interrupted => f.write_str("was cut off"),
        }
    }
}
