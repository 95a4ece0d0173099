//! The sync subscribers of one event as they are called: by reference, without overhead.

use std::any::{Any, TypeId};
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::entry::Entries;
use super::failures::DispatchError;
use super::table::Since;
use crate::context::{LateMetadata, RawContext, States};
use crate::dispatch::{failed, let_go, panicked};
use crate::event::Event;
use crate::outcome::{Failure, IntoOutcome, Outcome};
use crate::subscriber::{Call, Described, Instance, SubscriberDescriptor, Subscription, SyncCall, mismatch};

/// What a subscriber may request from the publish that runs it, besides the event.
pub(crate) struct Publish<'a> {
    pub(crate) metadata: LateMetadata<'a>,
    pub(crate) states: &'a States,
    pub(crate) cancellation: &'a CancellationToken,
}

/// A subscriber of `E`, called with the event and, if it needs more, the publish. It returns one word: `None` on
/// success.
pub(crate) type Handler<E> = Box<dyn Fn(&E, Option<&Publish<'_>>) -> Option<Box<Failure>> + Send + Sync>;

/// What makes a [`Handler`] of the value that a subscriber runs on, where it takes nothing but a reference to the
/// event; of an async one what a worker runs.
pub(crate) type Direct = fn(Arc<Instance>) -> Option<Box<dyn Any>>;

/// A `Handler` that calls `call` with the value, if it is a `T`, and the event.
pub(crate) fn direct<T, E, R>(
    instance: Arc<Instance>,
    call: impl Fn(&T, &E) -> R + Send + Sync + 'static,
) -> Option<Box<dyn Any>>
where
    T: Send + Sync + 'static,
    E: Event,
    R: IntoOutcome,
{
    let handler: Handler<E> = if TypeId::of::<T>() == TypeId::of::<()>() {
        // A function has no value to run on, so this box is empty.
        Box::new(move |event, _| match (&() as &dyn Any).downcast_ref() {
            Some(nothing) => failure(call(nothing, event).into_outcome()),
            None => failure(mismatch()),
        })
    } else {
        let mut instance = instance.downcast::<T>().ok()?;
        // Whoever has a `Weak` of it is to find it there.
        let is_ours_alone = Arc::get_mut(&mut instance).is_some();
        match if is_ours_alone { Arc::try_unwrap(instance) } else { Err(instance) } {
            // In the box itself, which is a step nearer.
            Ok(instance) => Box::new(move |event, _| failure(call(&instance, event).into_outcome())),
            Err(instance) => Box::new(move |event, _| failure(call(&instance, event).into_outcome())),
        }
    };
    Some(Box::new(handler))
}

/// The subscribers of one event, in order.
pub(crate) enum Listening {
    /// Those that the builder was given, which stay.
    Given(Vec<Subscription>),
    /// Those that were added at run time.
    Added(Entries),
}

/// What makes [`Handlers`] of an event's subscribers.
pub(crate) type MakeHandlers = fn(Listening) -> Box<dyn Any + Send + Sync>;

/// The subscribers of one event, as the synchronous bus calls them.
pub(super) struct Handlers<E> {
    // Stored separately from the others: most events have one subscriber, which then needs one pointer less.
    first: Handler<E>,
    others: Box<[Handler<E>]>,
    /// Whether some need more than the event.
    pub(super) asking: bool,
    /// Whether some take metadata.
    pub(super) need_metadata: bool,
    whose: Whose,
}

/// Whose they are. What is given is not kept here: each handler has what it runs on.
enum Whose {
    Given(Box<[Described]>),
    Added(Entries),
}

impl Whose {
    fn get(&self, at: usize) -> Option<&SubscriberDescriptor> {
        match self {
            Self::Given(all) => all.get(at).map(Deref::deref),
            Self::Added(all) => all.get(at).map(|entry| entry.subscription.descriptor()),
        }
    }

    /// Whether that one has not been taken away.
    #[cold]
    fn is_active(&self, at: usize) -> bool {
        match self {
            Self::Given(all) => at < all.len(),
            Self::Added(all) => all.get(at).is_some_and(|entry| entry.is_active()),
        }
    }
}

/// [`Handlers`] of those who listen to `E`, if there are any; how is known to the event's descriptor.
pub(crate) fn handlers<E: Event>(listening: Listening) -> Box<dyn Any + Send + Sync> {
    let (mut asking, mut need_metadata) = (false, false);
    let mut handler = |descriptor: &SubscriberDescriptor, instance: Arc<Instance>| {
        asking |= is_asking(descriptor);
        need_metadata |= descriptor.needs().metadata;
        handler::<E>(descriptor, instance)
    };
    let (all, whose): (Vec<Handler<E>>, _) = match listening {
        Listening::Given(given) => {
            let both = given.into_iter().map(|Subscription { descriptor, instance }| {
                let handler = handler(&descriptor, instance);
                (handler, descriptor)
            });
            let (handlers, descriptors): (_, Vec<Described>) = both.unzip();
            (handlers, Whose::Given(descriptors.into()))
        }
        Listening::Added(added) => {
            let each = added.iter().map(|entry| &entry.subscription);
            let handlers = each.map(|one| handler(&one.descriptor, Arc::clone(&one.instance))).collect();
            (handlers, Whose::Added(added))
        }
    };
    let mut all = all.into_iter();
    let Some(first) = all.next() else { return Box::new(()) };
    Box::new(Handlers { first, others: all.collect(), asking, need_metadata, whose })
}

/// Whether a subscriber asks for more than the event.
pub(super) fn is_asking(descriptor: &SubscriberDescriptor) -> bool {
    descriptor.direct().is_none()
}

fn handler<E: Event>(descriptor: &SubscriberDescriptor, instance: Arc<Instance>) -> Handler<E> {
    let Some(direct) = descriptor.direct() else { return asking_handler(descriptor.call(), instance) };
    match direct(instance).and_then(|direct| direct.downcast::<Handler<E>>().ok()) {
        Some(direct) => *direct,
        None => Box::new(|_, _| failure(mismatch())),
    }
}

/// Of a subscriber that asks for more than the event.
fn asking_handler<E: Event>(call: Call, instance: Arc<Instance>) -> Handler<E> {
    let call = match call {
        Call::Sync(call) | Call::Blocking(call) => call,
        // `build()` has refused it.
        Call::Async(_) => refuse,
    };
    if instance.is::<()>() {
        return Box::new(move |event, publish| run_on(&(), call, event, publish));
    }
    Box::new(move |event, publish| run_on(instance.as_ref(), call, event, publish))
}

fn run_on<E: Event>(
    instance: &Instance,
    call: SyncCall,
    event: &E,
    publish: Option<&Publish<'_>>,
) -> Option<Box<Failure>> {
    let Some(Publish { metadata, states, cancellation }) = publish else { return failure(mismatch()) };
    failure(call(instance, &RawContext::borrowed(event, metadata, states, cancellation)))
}

fn refuse(_: &Instance, _: &RawContext<'_>) -> Outcome {
    Outcome::reject("an async subscriber cannot run on a synchronous bus")
}

pub(crate) fn failure(outcome: Outcome) -> Option<Box<Failure>> {
    if outcome.is_done() { None } else { outcome.into_failure().map(Box::new) }
}

impl<E: Event> Handlers<E> {
    /// Runs those that the builder was given, which stay.
    #[inline]
    pub(super) fn run(&self, event: &E, publish: Option<&Publish<'_>>) -> Result<(), DispatchError> {
        self.run_those(event, publish, |_| true)
    }

    /// Runs them, except those that were unsubscribed meanwhile, which need not be checked as long as nothing has
    /// changed.
    #[inline]
    pub(super) fn run_active(&self, event: &E, since: Since<'_>) -> Result<(), DispatchError> {
        self.run_those(event, None, |at| since.is_unchanged() || self.whose.is_active(at))
    }

    /// The same, for those that may ask for more than the event.
    // With a closure of its own, so that the one above has one caller too.
    #[inline(never)]
    pub(super) fn run_active_asking(
        &self,
        event: &E,
        publish: Option<&Publish<'_>>,
        since: Since<'_>,
    ) -> Result<(), DispatchError> {
        self.run_those(event, publish, |at| since.is_unchanged() || self.whose.is_active(at))
    }

    /// Runs them under a single `catch_unwind`, until one fails or panics.
    #[inline]
    fn run_those(
        &self,
        event: &E,
        publish: Option<&Publish<'_>>,
        is_wanted: impl Fn(usize) -> bool,
    ) -> Result<(), DispatchError> {
        // Who runs.
        let mut at = 0;
        let stopped = catch_unwind(AssertUnwindSafe(|| {
            if is_wanted(0) {
                let failed = (self.first)(event, publish);
                if failed.is_some() {
                    return failed;
                }
            }
            for call in &self.others {
                at += 1;
                if is_wanted(at) {
                    let failed = call(event, publish);
                    if failed.is_some() {
                        return failed;
                    }
                }
            }
            None
        }));
        match stopped {
            Ok(None) => Ok(()),
            // What is wanted is asked by its address there: so the above has one caller, and is made into it.
            stopped => self.go_on(at, stopped, event, publish, &is_wanted),
        }
    }

    /// Handles the one that failed or panicked at `at`, and continues after it.
    #[cold]
    #[inline(never)]
    fn go_on(
        &self,
        mut at: usize,
        mut stopped: Stopped,
        event: &E,
        publish: Option<&Publish<'_>>,
        is_wanted: &dyn Fn(usize) -> bool,
    ) -> Result<(), DispatchError> {
        let mut failures = Vec::new();
        while let Some(descriptor) = self.whose.get(at) {
            match stopped {
                Ok(None) => break,
                Ok(Some(failure)) => failures.push(failed(descriptor, *failure).error),
                Err(thrown) => {
                    failures.push(panicked(descriptor).error);
                    let_go(thrown);
                }
            }
            stopped = catch_unwind(AssertUnwindSafe(|| {
                for call in self.others.iter().skip(at) {
                    at += 1;
                    let failed = if is_wanted(at) { call(event, publish) } else { None };
                    if failed.is_some() {
                        return failed;
                    }
                }
                None
            }));
        }
        Err(DispatchError::failed(E::DESCRIPTOR.name(), failures))
    }
}

/// How a run ended: all ran, one failed, or one panicked.
type Stopped = std::thread::Result<Option<Box<Failure>>>;
