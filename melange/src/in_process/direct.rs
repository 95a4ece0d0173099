//! The sync subscribers of one event as they are called: by reference, with nothing between that costs anything.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::context::{LateMetadata, RawContext, States};
use crate::dispatch::{SubscriberError, failed, panicked};
use crate::event::Event;
use crate::outcome::{Failure, Outcome};
use crate::subscriber::{Call, Instance, SubscriberDescriptor, Subscription, mismatch};

/// What a subscriber may ask of the publish that runs it, beside the event.
pub(crate) struct Publish<'a> {
    pub(crate) metadata: LateMetadata<'a>,
    pub(crate) states: &'a States,
    pub(crate) cancellation: &'a CancellationToken,
}

/// A subscriber of `E`, and the publish if it may ask for anything of it. What it returns is one word, which is nothing where all is well.
pub(crate) type Handler<E> = Box<dyn Fn(&E, Option<&Publish<'_>>) -> Option<Box<Failure>> + Send + Sync>;

/// What makes a [`Handler`] of a subscription, where that is known at compile time.
pub(crate) type Direct = fn(&Subscription) -> Option<Box<dyn Any>>;

/// What makes [`Handlers`] of an event's subscriptions.
pub(crate) type MakeHandlers = fn(&[&Subscription]) -> Box<dyn Any + Send + Sync>;

/// The subscribers of one event, in order.
pub(super) struct Handlers<E>(Box<[Handler<E>]>);

/// Those of `subscriptions`, which are of `E`; how is known to the event's descriptor.
pub(crate) fn handlers<E: Event>(subscriptions: &[&Subscription]) -> Box<dyn Any + Send + Sync> {
    Box::new(Handlers::<E>(subscriptions.iter().map(|subscription| handler(subscription)).collect()))
}

pub(super) fn handler<E: Event>(subscription: &Subscription) -> Handler<E> {
    let direct = subscription.direct.and_then(|direct| direct(subscription));
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

pub(crate) fn failure(outcome: Outcome) -> Option<Box<Failure>> {
    if outcome.is_done() { None } else { outcome.into_failure().map(Box::new) }
}

impl<E: Event> Handlers<E> {
    /// Runs them all, and gives `failed` what failed, with its place among them.
    #[inline]
    pub(super) fn run(&self, event: &E, publish: Option<&Publish<'_>>, mut failed: impl FnMut(usize, How)) {
        let mut next = 0;
        // One net under all of them: who falls is taken out, and the next go on.
        while next < self.0.len() {
            let all = catch_unwind(AssertUnwindSafe(|| {
                while let Some(handler) = self.0.get(next) {
                    next += 1;
                    if let Some(failure) = handler(event, publish) {
                        failed(next - 1, How::Failed(failure));
                    }
                }
            }));
            if all.is_err() {
                failed(next - 1, How::Panicked);
            }
        }
    }
}

/// How a subscriber failed.
pub(super) enum How {
    Failed(Box<Failure>),
    Panicked,
}

impl How {
    #[cold]
    pub(super) fn of(self, descriptor: &SubscriberDescriptor) -> SubscriberError {
        match self {
            Self::Failed(failure) => failed(descriptor, *failure).error,
            Self::Panicked => panicked(descriptor).error,
        }
    }
}
