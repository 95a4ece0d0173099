//! Errors of the in-process buses.

use std::fmt;

use crate::dispatch::SubscriberError;
use crate::error::publish::PublishError;
use crate::event::Event;

/// What went wrong when a [`SynchronousEventBus`](crate::SynchronousEventBus) published: some subscribers failed (and
/// all others ran), or the bus has been shut down (and none ran).
#[derive(Debug)]
pub struct DispatchError(Box<Failed>);

// One word, so that a publish returns in a register.
#[derive(Debug)]
struct Failed {
    event: &'static str,
    why: Why,
}

#[derive(Debug)]
enum Why {
    Closed,
    Failed(Vec<SubscriberError>),
}

impl DispatchError {
    pub(super) fn closed(event: &'static str) -> Self {
        Self(Box::new(Failed { event, why: Why::Closed }))
    }

    pub(super) fn failed(event: &'static str, failures: Vec<SubscriberError>) -> Self {
        Self(Box::new(Failed { event, why: Why::Failed(failures) }))
    }

    /// Both, of one publish.
    pub(super) fn and(mut self, later: Self) -> Self {
        match (&mut self.0.why, later.0.why) {
            (Why::Failed(failures), Why::Failed(later)) => failures.extend(later),
            (why, later) => *why = later,
        }
        self
    }

    /// The name of the event.
    #[must_use]
    pub fn event_name(&self) -> &'static str {
        self.0.event
    }

    /// The bus has been shut down: no subscriber ran.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        matches!(self.0.why, Why::Closed)
    }

    /// Each subscriber that failed, in the order in which they ran.
    #[must_use]
    pub fn failures(&self) -> &[SubscriberError] {
        match &self.0.why {
            Why::Closed => &[],
            Why::Failed(failures) => failures,
        }
    }

    /// The same, one by one.
    pub fn iter(&self) -> impl Iterator<Item = &SubscriberError> {
        self.failures().iter()
    }
}

impl fmt::Display for DispatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.why {
            Why::Closed => write!(f, "event {} was not published: the bus has been shut down", self.event_name()),
            Why::Failed(failures) => match failures.as_slice() {
                [one] => write!(f, "{one}: {}", one.reason()),
                many => {
                    write!(f, "{} subscribers did not handle {}:", many.len(), self.event_name())?;
                    many.iter().enumerate().try_for_each(|(i, one)| write!(f, "\n  {}. {one}: {}", i + 1, one.reason()))
                }
            },
        }
    }
}

impl std::error::Error for DispatchError {}

/// Why [`AsynchronousEventBus::try_publish`](crate::AsynchronousEventBus::try_publish) did not accept an event, with
/// that event.
pub struct TryPublishError<E> {
    event: E,
    error: PublishError,
}

impl<E: Event> TryPublishError<E> {
    pub(super) fn new(event: E, error: PublishError) -> Self {
        Self { event, error }
    }

    /// The bus is full.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.error.is_full()
    }

    /// The bus has been shut down.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.error.is_closed()
    }

    /// The event that was not published.
    #[must_use]
    pub fn event(&self) -> &E {
        &self.event
    }

    /// Returns the event that was not published.
    #[must_use]
    pub fn into_event(self) -> E {
        self.event
    }
}

impl<E> From<TryPublishError<E>> for PublishError {
    fn from(error: TryPublishError<E>) -> Self {
        error.error
    }
}

impl<E> fmt::Debug for TryPublishError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Never the event: payloads do not belong in logs.
        f.debug_struct("TryPublishError").field("error", &self.error).finish_non_exhaustive()
    }
}

impl<E> fmt::Display for TryPublishError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl<E> std::error::Error for TryPublishError<E> {}
