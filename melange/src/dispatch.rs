//! Runs one subscriber on one event, and lets nothing it does reach anyone else.

use std::fmt;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::FutureExt as _;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use crate::context::{Known, RawContext, RunToken, States, Stop};
use crate::event::Erased;
use crate::in_process::on_a_thread;
use crate::metadata::Metadata;
use crate::outcome::{BoxError, Failure, Outcome, Then};
use crate::subscriber::{AsyncCall, BoxFuture, Call, SubscriberDescriptor, Subscription, SyncCall, mismatch};

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
        Err(thrown) => {
            let_go(thrown);
            Err(panicked(descriptor))
        }
    }
}

/// Drops what a panic was thrown with, or left behind: this may itself panic.
pub(crate) fn let_go<T>(left: T) {
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(left))) {
        std::mem::forget(again);
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

/// The same, borrowed from whoever has the event.
#[derive(Clone, Copy)]
pub(crate) struct Scene<'a> {
    pub(crate) event: &'a Erased,
    pub(crate) metadata: Known<'a>,
    pub(crate) states: &'a Arc<States>,
    pub(crate) cancellation: &'a dyn Stop,
}

/// Whether anyone may ask for the spans of runs.
#[inline]
pub(crate) fn is_traced() -> bool {
    tracing::level_filters::LevelFilter::current() >= tracing::Level::DEBUG
}

impl Run {
    fn scene(&self) -> Scene<'_> {
        Scene {
            event: &self.event,
            metadata: Known::Now(&self.metadata),
            states: &self.states,
            cancellation: &self.cancellation,
        }
    }
}

impl<'a> Scene<'a> {
    /// The span of a run; none, if nobody asks for any.
    #[inline]
    pub(crate) fn span(&self, subscription: &Subscription) -> tracing::Span {
        if is_traced() { self.new_span(&subscription.descriptor) } else { tracing::Span::none() }
    }

    #[cold]
    fn new_span(&self, descriptor: &SubscriberDescriptor) -> tracing::Span {
        tracing::debug_span!(
            "subscriber",
            subscriber = descriptor.name(),
            event = descriptor.event().name(),
            event_id = %self.metadata.get().event_id,
            attempt = self.metadata.get().attempt,
        )
    }

    #[inline]
    pub(crate) fn raw(&self, cancellation: &'a RunToken<'a>) -> RawContext<'a> {
        RawContext::shared(self.event, self.metadata, self.states, cancellation)
    }
}

/// Runs a subscriber of any kind, within its own time-out.
#[cfg(feature = "test-util")]
pub(crate) async fn run(subscription: &Subscription, with: &Run) -> Result<(), Failed> {
    run_in(subscription, with.scene()).await
}

/// The same.
pub(crate) async fn run_in(subscription: &Subscription, scene: Scene<'_>) -> Result<(), Failed> {
    let descriptor = &subscription.descriptor;
    let cancellation = RunToken::new(scene.cancellation);
    // As most are: nobody looks at the span, and nothing but the subscriber itself ends it.
    if descriptor.options().timeout.is_none() && !is_traced() {
        let raw = scene.raw(&cancellation);
        match descriptor.call() {
            Call::Sync(call) => return unboxed(run_here(subscription, call, &raw)),
            Call::Async(call) => {
                let mut begun = Begun::default();
                return unboxed(poll_fn(|cx| poll_here(subscription, call, &raw, &mut begun, cx)).await);
            }
            Call::Blocking(_) => {}
        }
    }
    // Each future is held once only: they are part of every task that handles a message.
    async {
        let running = pin!(Some(AssertUnwindSafe(call(subscription, scene, &cancellation)).catch_unwind()));
        let mut running = Running(running);
        match descriptor.options().timeout {
            None => verdict(descriptor, (&mut running).await),
            Some(limit) => match tokio::time::timeout(limit, &mut running).await {
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
    .instrument(scene.span(subscription))
    .await
}

/// A run under way. One that is cut off, by its time-out or by whoever waits for it, may panic as it is dropped: it is let go.
struct Running<'a, F>(Pin<&'a mut Option<F>>);

impl<F: Future<Output = std::thread::Result<Outcome>>> Future for Running<'_, F> {
    type Output = F::Output;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.0.as_mut().as_pin_mut() {
            Some(running) => running.poll(cx),
            None => Poll::Pending,
        }
    }
}

impl<F> Drop for Running<'_, F> {
    fn drop(&mut self) {
        if let Err(thrown) = catch_unwind(AssertUnwindSafe(|| self.0.set(None))) {
            let_go(thrown);
        }
    }
}

fn unboxed(failed: Option<Box<Failed>>) -> Result<(), Failed> {
    failed.map_or(Ok(()), |failed| Err(*failed))
}

/// A run that has begun. One that is cut off may panic as it is dropped: it is let go.
#[derive(Default)]
pub(crate) struct Begun<'a>(Option<BoxFuture<'a, Outcome>>);

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        let_go(self.0.take());
    }
}

/// Runs a sync subscriber without a time-out here. What it gives is nothing where all is well.
#[inline]
pub(crate) fn run_here(subscription: &Subscription, call: SyncCall, raw: &RawContext<'_>) -> Option<Box<Failed>> {
    unless_done(subscription, catch_unwind(AssertUnwindSafe(|| call(subscription.instance.as_ref(), raw))))
}

/// Begins an async subscriber without a time-out, or goes on with it.
#[inline]
pub(crate) fn poll_here<'a>(
    subscription: &'a Subscription,
    call: AsyncCall,
    raw: &'a RawContext<'a>,
    begun: &mut Begun<'a>,
    cx: &mut Context<'_>,
) -> Poll<Option<Box<Failed>>> {
    let run = catch_unwind(AssertUnwindSafe(|| {
        begun.0.get_or_insert_with(|| call(subscription.instance.as_ref(), raw)).as_mut().poll(cx)
    }));
    match run {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(outcome)) => Poll::Ready(unless_done(subscription, Ok(outcome))),
        Err(panic) => Poll::Ready(unless_done(subscription, Err(panic))),
    }
}

#[inline]
fn unless_done(subscription: &Subscription, run: std::thread::Result<Outcome>) -> Option<Box<Failed>> {
    match run {
        Ok(Outcome::Done) => None,
        run => failure_of(subscription, run),
    }
}

#[cold]
fn failure_of(subscription: &Subscription, run: std::thread::Result<Outcome>) -> Option<Box<Failed>> {
    verdict(&subscription.descriptor, run).err().map(Box::new)
}

async fn call(subscription: &Subscription, scene: Scene<'_>, cancellation: &RunToken<'_>) -> Outcome {
    match subscription.descriptor.call() {
        Call::Async(call) => call(subscription.instance.as_ref(), &scene.raw(cancellation)).await,
        Call::Sync(call) => call(subscription.instance.as_ref(), &scene.raw(cancellation)),
        Call::Blocking(call) => {
            let instance = Arc::clone(&subscription.instance);
            let (event, states) = (Arc::clone(scene.event), Arc::clone(scene.states));
            let Some(metadata) = scene.metadata.shared().cloned() else { return mismatch() };
            let run = Run { event, metadata, states, cancellation: cancellation.get().clone() };
            let run = move || {
                let cancellation = RunToken::new(&run.cancellation);
                call(instance.as_ref(), &run.scene().raw(&cancellation))
            };
            let (run, _waited_for) = on_a_thread(run);
            match tokio::task::spawn_blocking(run).await {
                Ok(outcome) => outcome,
                Err(stopped) if stopped.is_panic() => std::panic::resume_unwind(stopped.into_panic()),
                Err(_) => Outcome::retry("the runtime is shutting down"),
            }
        }
    }
}
