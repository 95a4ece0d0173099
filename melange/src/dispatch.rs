//! Runs one subscriber on one event, and lets nothing it does reach anyone else.

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;

use futures_util::FutureExt as _;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use crate::context::{RawContext, RunToken, States};
use crate::event::Erased;
use crate::metadata::Metadata;
use crate::outcome::{BoxError, Failure, Outcome, Then};
use crate::subscriber::{Call, SubscriberDescriptor, Subscription};

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
    /// It said never.
    Rejected,
    /// It panicked.
    Panicked,
    /// It took longer than its time-out.
    TimedOut,
}

impl SubscriberError {
    fn new(descriptor: &SubscriberDescriptor, kind: SubscriberErrorKind, reason: impl Into<BoxError>) -> Self {
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

    /// The error the subscriber returned, or what stands for it.
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

/// A failed run: the error to report, and what is to be done with the event.
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

fn verdict(descriptor: &SubscriberDescriptor, run: std::thread::Result<Outcome>) -> Result<(), Failed> {
    match run {
        Ok(outcome) => outcome.into_failure().map_or(Ok(()), |failure| Err(failed(descriptor, failure))),
        Err(_) => Err(panicked(descriptor)),
    }
}

/// What a run needs, shared by all subscribers of one event.
#[derive(Clone)]
pub(crate) struct Run {
    pub(crate) event: Erased,
    pub(crate) metadata: Arc<Metadata>,
    pub(crate) states: Arc<States>,
    pub(crate) cancellation: CancellationToken,
}

/// Runs a subscriber of any kind, within its own time-out.
pub(crate) async fn run(subscription: &Subscription, with: &Run) -> Result<(), Failed> {
    let descriptor = &subscription.descriptor;
    let span = tracing::debug_span!(
        "subscriber",
        subscriber = descriptor.name(),
        event = descriptor.event().name(),
        event_id = %with.metadata.event_id,
        attempt = with.metadata.attempt,
    );
    let cancellation = RunToken::new(&with.cancellation);
    // Each future is held once only: they are part of every task that handles a message.
    async {
        let mut running = pin!(AssertUnwindSafe(call(subscription, with, &cancellation)).catch_unwind());
        match descriptor.options().timeout {
            None => verdict(descriptor, running.await),
            Some(limit) => match tokio::time::timeout(limit, running.as_mut()).await {
                Ok(run) => verdict(descriptor, run),
                Err(_) => {
                    cancellation.get().cancel();
                    let why = format!("it took longer than its time-out of {limit:?}");
                    let error = SubscriberError::new(descriptor, SubscriberErrorKind::TimedOut, why);
                    Err(Failed { error, then: Then::Retry { after: None } })
                }
            },
        }
    }
    .instrument(span)
    .await
}

async fn call(subscription: &Subscription, with: &Run, cancellation: &RunToken<'_>) -> Outcome {
    match subscription.descriptor.call() {
        Call::Async(call) => {
            let cx = RawContext::shared(&with.event, &with.metadata, &with.states, cancellation);
            call(subscription.instance.as_ref(), &cx).await
        }
        Call::Sync(call) => {
            let cx = RawContext::shared(&with.event, &with.metadata, &with.states, cancellation);
            call(subscription.instance.as_ref(), &cx)
        }
        Call::Blocking(call) => {
            let (instance, with, cancellation) =
                (Arc::clone(&subscription.instance), with.clone(), cancellation.get().clone());
            let blocking = tokio::task::spawn_blocking(move || {
                let cancellation = RunToken::new(&cancellation);
                let cx = RawContext::shared(&with.event, &with.metadata, &with.states, &cancellation);
                call(instance.as_ref(), &cx)
            });
            match blocking.await {
                Ok(outcome) => outcome,
                Err(stopped) if stopped.is_panic() => std::panic::resume_unwind(stopped.into_panic()),
                Err(_) => Outcome::retry("the runtime is shutting down"),
            }
        }
    }
}
