//! Subscribers that are written down while they run, and otherwise run as ever.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

use futures_util::FutureExt as _;

use super::ending::Ending;
use super::fault::{Crash, Moment};
use super::journal::Running;
use super::life::Life;
use super::shared::Shared;
use crate::context::RawContext;
use crate::dispatch::SubscriberErrorKind;
use crate::outcome::{Outcome, Then};
use crate::subscriber::{BoxFuture, Call, Instance, Subscription, mismatch};

/// What stands in the place of the value that a subscriber runs on.
struct Watched {
    inner: Subscription,
    queue: Arc<str>,
    shared: Arc<Shared>,
    life: Arc<Life>,
}

/// The same subscriber, which is written down while it runs.
pub(super) fn watched(inner: Subscription, own_queue: &str, shared: &Arc<Shared>, life: &Arc<Life>) -> Subscription {
    let call = match inner.descriptor.call() {
        Call::Sync(_) => Call::Sync(here),
        Call::Blocking(_) => Call::Blocking(here),
        Call::Async(_) => Call::Async(as_a_future),
    };
    let queue = inner.descriptor.queue().unwrap_or(own_queue).into();
    let descriptor = inner.descriptor().clone().with_call(call);
    let watched = Watched { inner, queue, shared: Arc::clone(shared), life: Arc::clone(life) };
    Subscription::made(descriptor, Arc::new(watched))
}

fn here(instance: &Instance, cx: &RawContext<'_>) -> Outcome {
    let Some(watched) = instance.downcast_ref::<Watched>() else { return mismatch() };
    let (Call::Sync(call) | Call::Blocking(call)) = watched.inner.descriptor.call() else { return mismatch() };
    let Some(running) = watched.begin(cx) else { return dead() };
    let run = catch_unwind(AssertUnwindSafe(|| call(watched.inner.instance.as_ref(), cx)));
    watched.end(running, run)
}

fn as_a_future<'cx>(instance: &'cx Instance, cx: &'cx RawContext<'cx>) -> BoxFuture<'cx, Outcome> {
    Box::pin(async move {
        let Some(watched) = instance.downcast_ref::<Watched>() else { return mismatch() };
        let Call::Async(call) = watched.inner.descriptor.call() else { return mismatch() };
        let Some(running) = watched.begin(cx) else { return dead() };
        let run = AssertUnwindSafe(async { call(watched.inner.instance.as_ref(), cx).await }).catch_unwind();
        match watched.life.run(run).await {
            Some(run) => watched.end(running, run),
            None => dead(),
        }
    })
}

/// With what it said, which logs and dead letters leave out: it may quote what is nobody's business there.
fn panicked(panic: &(dyn Any + Send)) -> String {
    let said = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    said.map_or_else(|| "the subscriber panicked".to_owned(), |said| format!("the subscriber panicked: {said}"))
}

/// Nobody hears it.
fn dead() -> Outcome {
    Outcome::retry("the bus crashed, as the test said")
}

impl Watched {
    /// `None` when the bus is dead, or dies now.
    fn begin(&self, cx: &RawContext<'_>) -> Option<Running> {
        if self.life.is_dead() || self.crashes(Crash::BeforeHandler) {
            return None;
        }
        let (event, metadata) = cx.both()?;
        Some(self.shared.journal.begin(&self.queue, &self.inner.descriptor, event, metadata))
    }

    fn end(&self, running: Running, run: std::thread::Result<Outcome>) -> Outcome {
        running.ended(match &run {
            Ok(outcome) => ending(outcome),
            Err(panic) => {
                Ending::Retried { kind: SubscriberErrorKind::Panicked, reason: panicked(panic.as_ref()), after: None }
            }
        });
        if self.crashes(Crash::AfterHandler) {
            return dead();
        }
        run.unwrap_or_else(|panic| resume_unwind(panic))
    }

    fn crashes(&self, at: Crash) -> bool {
        let descriptor = &self.inner.descriptor;
        let (event, subscriber) = (Some(descriptor.event().name()), Some(descriptor.name()));
        self.shared.crashes(&self.life, at, &Moment { queue: Some(&self.queue), event, subscriber })
    }
}

fn ending(outcome: &Outcome) -> Ending {
    let (then, reason) = match outcome {
        Outcome::Done => return Ending::Handled,
        Outcome::Retry { after } => (Then::Retry { after: *after }, "the subscriber asked for a retry".to_owned()),
        Outcome::Reject => (Then::Reject, "the subscriber rejected the event".to_owned()),
        Outcome::Failed(failure) => (failure.then(), failure.reason().to_string()),
    };
    let kind = if then == Then::Reject { SubscriberErrorKind::Rejected } else { SubscriberErrorKind::Failed };
    Ending::Retried { kind, reason, after: None }
}
