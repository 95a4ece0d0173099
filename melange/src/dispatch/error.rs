//! The error of a subscriber that did not handle an event.

use std::fmt;

use crate::outcome::BoxError;
use crate::subscriber::SubscriberDescriptor;

/// A subscriber that did not handle an event, and why.
#[derive(Debug)]
#[non_exhaustive]
pub struct SubscriberError {
    subscriber: &'static str,
    event: &'static str,
    kind: SubscriberErrorKind,
    reason: BoxError,
}

/// How a subscriber failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SubscriberErrorKind {
    /// It returned an error, or asked for a retry.
    Failed,
    /// It asked never to be retried.
    Rejected,
    /// It panicked.
    Panicked,
    /// It took longer than its timeout.
    TimedOut,
}

impl SubscriberError {
    pub(super) fn new(
        descriptor: &SubscriberDescriptor,
        kind: SubscriberErrorKind,
        reason: impl Into<BoxError>,
    ) -> Self {
        Self { subscriber: descriptor.name(), event: descriptor.event().name(), kind, reason: reason.into() }
    }

    /// The subscriber's name.
    #[must_use]
    pub fn subscriber(&self) -> &'static str {
        self.subscriber
    }

    /// The event's name.
    #[must_use]
    pub fn event_name(&self) -> &'static str {
        self.event
    }

    /// How it failed.
    #[must_use]
    pub fn kind(&self) -> SubscriberErrorKind {
        self.kind
    }

    /// The error the subscriber returned, or one that describes the failure.
    #[must_use]
    pub fn reason(&self) -> &(dyn std::error::Error + Send + Sync + 'static) {
        self.reason.as_ref()
    }
}

impl fmt::Display for SubscriberError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = match self.kind {
            SubscriberErrorKind::Failed => "failed on",
            SubscriberErrorKind::Rejected => "rejected",
            SubscriberErrorKind::Panicked => "panicked on",
            SubscriberErrorKind::TimedOut => "timed out on",
        };
        write!(f, "subscriber `{}` {how} {}", self.subscriber, self.event)
    }
}

impl std::error::Error for SubscriberError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(self.reason.as_ref())
    }
}
