//! The sync subscribers of one event as they are called: by reference, with nothing between that costs anything.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::entry::Entries;
use super::failures::DispatchError;
use crate::context::{LateMetadata, RawContext, States};
use crate::dispatch::{failed, panicked};
use crate::event::Event;
use crate::outcome::{Failure, IntoOutcome, Outcome};
use crate::subscriber::{Call, Instance, Subscription, mismatch};

/// What a subscriber may ask of the publish that runs it, beside the event.
pub(crate) struct Publish<'a> {
    pub(crate) metadata: LateMetadata<'a>,
    pub(crate) states: &'a States,
    pub(crate) cancellation: &'a CancellationToken,
}

/// A subscriber of `E`, and the publish if it may ask for anything of it. What it returns is one word, which is nothing where all is well.
pub(crate) type Handler<E> = Box<dyn Fn(&E, Option<&Publish<'_>>) -> Option<Box<Failure>> + Send + Sync>;

/// What makes a [`Handler`] of the value that a subscriber runs on, where it takes nothing but a reference to the event.
pub(crate) type Direct = fn(Arc<Instance>) -> Option<Box<dyn Any>>;

/// A [`Handler`] that calls `call` with the value, if it is a `T`, and the event.
pub fn direct<T, E, R>(
    instance: Arc<Instance>,
    call: impl Fn(&T, &E) -> R + Send + Sync + 'static,
) -> Option<Box<dyn Any>>
where
    T: Send + Sync + 'static,
    E: Event,
    R: IntoOutcome,
{
    let instance = instance.downcast::<T>().ok()?;
    let handler: Handler<E> = Box::new(move |event, _| failure(call(&instance, event).into_outcome()));
    Some(Box::new(handler))
}

/// What makes [`Handlers`] of an event's subscribers.
pub(crate) type MakeHandlers = fn(&Entries) -> Box<dyn Any + Send + Sync>;

/// The subscribers of one event, as the synchronous bus calls them.
pub(super) struct Handlers<E> {
    // Beside the others, not among them: most events have one subscriber, which is then a step nearer.
    first: Handler<E>,
    others: Box<[Handler<E>]>,
    /// Some ask for more than the event.
    pub(super) asking: bool,
    /// Some take metadata.
    pub(super) need_metadata: bool,
    /// Whose they are.
    entries: Entries,
}

/// [`Handlers`] of `entries`, which are of `E`, if there are any; how is known to the event's descriptor.
pub(crate) fn handlers<E: Event>(entries: &Entries) -> Box<dyn Any + Send + Sync> {
    let subscriptions = || entries.iter().map(|entry| &entry.subscription);
    let mut all = subscriptions().map(handler);
    let Some(first) = all.next() else { return Box::new(()) };
    Box::new(Handlers::<E> {
        first,
        others: all.collect(),
        asking: entries.iter().any(|entry| entry.is_asking()),
        need_metadata: subscriptions().any(|subscription| subscription.descriptor.needs().metadata),
        entries: Arc::clone(entries),
    })
}

fn handler<E: Event>(subscription: &Subscription) -> Handler<E> {
    let direct = subscription.descriptor.direct().and_then(|direct| direct(Arc::clone(&subscription.instance)));
    if let Some(direct) = direct.and_then(|direct| direct.downcast::<Handler<E>>().ok()) {
        return *direct;
    }
    let instance = Arc::clone(&subscription.instance);
    let call = match subscription.descriptor.call() {
        Call::Sync(call) | Call::Blocking(call) => call,
        // `build()` has refused it.
        Call::Async(_) => refuse,
    };
    Box::new(move |event, publish| {
        let Some(Publish { metadata, states, cancellation }) = publish else { return failure(mismatch()) };
        failure(call(instance.as_ref(), &RawContext::borrowed(event, metadata, states, cancellation)))
    })
}

fn refuse(_: &Instance, _: &RawContext<'_>) -> Outcome {
    Outcome::reject("an async subscriber cannot run on a synchronous bus")
}

fn failure(outcome: Outcome) -> Option<Box<Failure>> {
    if outcome.is_done() { None } else { outcome.into_failure().map(Box::new) }
}

impl<E: Event> Handlers<E> {
    /// Runs those that the builder was given, which stay.
    #[inline]
    pub(super) fn run(&self, event: &E, publish: Option<&Publish<'_>>) -> Result<(), DispatchError> {
        self.run_those(event, publish, |_| true)
    }

    /// Runs those that were added at run time, but for who was taken away in the meantime.
    pub(super) fn run_active(
        &self,
        event: &E,
        publish: Option<&Publish<'_>>,
        is_unchanged: impl Fn() -> bool,
    ) -> Result<(), DispatchError> {
        let is_active = |at: usize| self.entries.get(at).is_some_and(|entry| entry.is_active());
        self.run_those(event, publish, |at| is_unchanged() || is_active(at))
    }

    #[inline]
    fn run_those(
        &self,
        event: &E,
        publish: Option<&Publish<'_>>,
        is_wanted: impl Fn(usize) -> bool,
    ) -> Result<(), DispatchError> {
        let mut at = 0;
        match self.run_from(&mut at, event, publish, &is_wanted) {
            Ok(None) => Ok(()),
            stopped => self.go_on(at, stopped, event, publish, &is_wanted),
        }
    }

    /// Runs them from `at` on, with one net under all of them, until one fails or falls: `at` says which.
    #[inline]
    fn run_from(
        &self,
        at: &mut usize,
        event: &E,
        publish: Option<&Publish<'_>>,
        is_wanted: &impl Fn(usize) -> bool,
    ) -> Stopped {
        let begin = *at;
        catch_unwind(AssertUnwindSafe(|| {
            if begin == 0 && is_wanted(0) {
                let failed = (self.first)(event, publish);
                if failed.is_some() {
                    return failed;
                }
            }
            for (place, call) in self.others.iter().enumerate().skip(begin.saturating_sub(1)) {
                *at = place + 1;
                if is_wanted(*at) {
                    let failed = call(event, publish);
                    if failed.is_some() {
                        return failed;
                    }
                }
            }
            None
        }))
    }

    /// Takes out who failed or fell at `at`, and goes on behind it.
    #[cold]
    #[inline(never)]
    fn go_on(
        &self,
        mut at: usize,
        mut stopped: Stopped,
        event: &E,
        publish: Option<&Publish<'_>>,
        is_wanted: &impl Fn(usize) -> bool,
    ) -> Result<(), DispatchError> {
        let mut failures = Vec::new();
        while let Some(entry) = self.entries.get(at) {
            let descriptor = &entry.subscription.descriptor;
            match stopped {
                Ok(None) => break,
                Ok(Some(failure)) => failures.push(failed(descriptor, *failure).error),
                Err(thrown) => {
                    failures.push(panicked(descriptor).error);
                    let_go(thrown);
                }
            }
            at += 1;
            stopped = self.run_from(&mut at, event, publish, is_wanted);
        }
        Err(DispatchError::failed(E::DESCRIPTOR.name(), failures))
    }
}

/// How a run ended: all ran, one failed, or one panicked.
type Stopped = std::thread::Result<Option<Box<Failure>>>;

/// Drops what a panic was thrown with, which may itself panic.
fn let_go(thrown: Box<dyn Any + Send>) {
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(thrown))) {
        std::mem::forget(again);
    }
}
