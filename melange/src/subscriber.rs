//! What a subscriber is: the descriptor the registry holds, the trait to write one by hand, and how values become
//! subscriptions.

use std::any::{Any, TypeId, type_name};
use std::fmt;
use std::future::Future;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use crate::context::{Context, RawContext};
use crate::event::{Event, EventDescriptor};
use crate::extract::Needs;
use crate::in_process::direct::Direct;
use crate::outcome::Outcome;
use crate::{Location, RetryPolicy};

/// A boxed future that may move between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The value a subscriber runs on; `()` for functions.
pub type Instance = dyn Any + Send + Sync;

/// A subscriber that is no future.
pub(crate) type SyncCall = fn(&Instance, &RawContext<'_>) -> Outcome;

/// A subscriber that is one.
pub(crate) type AsyncCall = for<'cx> fn(&'cx Instance, &'cx RawContext<'cx>) -> BoxFuture<'cx, Outcome>;

/// How a subscriber is run.
#[derive(Debug, Clone, Copy)]
pub enum Call {
    /// Here, in this thread.
    Sync(fn(&Instance, &RawContext<'_>) -> Outcome),
    /// On a thread for blocking work.
    Blocking(fn(&Instance, &RawContext<'_>) -> Outcome),
    /// As a future.
    Async(for<'cx> fn(&'cx Instance, &'cx RawContext<'cx>) -> BoxFuture<'cx, Outcome>),
}

/// What can be said of a subscriber besides what it listens to. Made by `#[subscriber(..)]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct SubscriberOptions {
    /// The queue it consumes from; the bus's own when `None`.
    pub queue: Option<&'static str>,
    /// Tries and waits.
    pub retry: RetryPolicy,
    /// How long one run may take; then it is cancelled and counts as failed.
    pub timeout: Option<Duration>,
    /// How many runs may be under way at once; no limit of its own when `None`.
    pub concurrency: Option<usize>,
}

impl SubscriberOptions {
    /// The bus's own queue, [`RetryPolicy::DEFAULT`], no time-out and no limit.
    #[must_use]
    pub const fn new() -> Self {
        Self { queue: None, retry: RetryPolicy::DEFAULT, timeout: None, concurrency: None }
    }

    /// Consuming from this queue.
    #[must_use]
    pub const fn with_queue(mut self, queue: &'static str) -> Self {
        self.queue = Some(queue);
        self
    }

    /// Retried like this.
    #[must_use]
    pub const fn with_retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self
    }

    /// Cancelled after this long.
    #[must_use]
    pub const fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// At most this many runs at once.
    #[must_use]
    pub const fn with_concurrency(mut self, concurrency: usize) -> Self {
        self.concurrency = Some(concurrency);
        self
    }
}

impl Default for SubscriberOptions {
    fn default() -> Self {
        Self::new()
    }
}

/// What is known of a subscriber of one event. A subscriber of several events has one of these for each.
// What is asked of thousands when a bus is built stands together.
#[derive(Clone)]
#[repr(C, align(64))]
pub struct SubscriberDescriptor {
    event: &'static EventDescriptor,
    needs: fn(&mut Needs),
    call: Call,
    direct: Option<Direct>,
    name: &'static str,
    options: SubscriberOptions,
    instance: Option<InstanceType>,
    location: Location,
}

/// The type of the value a subscriber runs on.
#[derive(Debug, Clone, Copy)]
pub struct InstanceType {
    pub(crate) type_id: TypeId,
    pub(crate) name: &'static str,
    share: fn(Box<dyn Any>) -> Option<Arc<Instance>>,
}

impl InstanceType {
    /// `T`, which is called `name`.
    #[must_use]
    pub const fn of<T: Send + Sync + 'static>(name: &'static str) -> Self {
        Self { type_id: TypeId::of::<T>(), name, share: share::<T> }
    }

    /// The value as subscribers take it. It is known here alone that it is `Send` and `Sync`: who hands over one that is not has
    /// been told so at its impl block, and is not told again.
    fn share<T: 'static>(self, value: &Arc<T>) -> Option<Arc<Instance>> {
        (self.share)(Box::new(Arc::clone(value)))
    }
}

fn share<T: Send + Sync + 'static>(value: Box<dyn Any>) -> Option<Arc<Instance>> {
    let value = value.downcast::<Arc<T>>().ok()?;
    Some(*value)
}

impl SubscriberDescriptor {
    /// A function called `name` that listens to `event`; `needs` says what its arguments need.
    #[must_use]
    pub const fn new(
        name: &'static str,
        event: &'static EventDescriptor,
        location: Location,
        needs: fn(&mut Needs),
        call: Call,
    ) -> Self {
        Self { name, location, event, instance: None, options: SubscriberOptions::new(), needs, call, direct: None }
    }

    /// Run on a value of this type, which must be given at run time.
    #[must_use]
    pub const fn on_instance(mut self, instance: InstanceType) -> Self {
        self.instance = Some(instance);
        self
    }

    /// With these options.
    #[must_use]
    pub const fn with_options(mut self, options: SubscriberOptions) -> Self {
        self.options = options;
        self
    }

    /// Called by the buses in process like this, which is quicker: for those that take nothing but the event.
    #[doc(hidden)]
    #[must_use]
    pub const fn with_direct(mut self, direct: fn(Arc<Instance>) -> Option<Box<dyn Any>>) -> Self {
        self.direct = Some(direct);
        self
    }

    /// Called in another way.
    #[cfg(feature = "test-util")]
    pub(crate) fn with_call(mut self, call: Call) -> Self {
        // Nobody may go around it.
        self.direct = None;
        self.call = call;
        self
    }

    /// Whether each event is listened to once: the macro asks it while it compiles, as two paths may lead to one type.
    #[doc(hidden)]
    #[must_use]
    pub const fn are_of_different_events(all: &[Self]) -> bool {
        let mut second = 0;
        while second < all.len() {
            let mut first = 0;
            while first < second {
                if all[first].is_of_the_event_of(&all[second]) {
                    return false;
                }
                first += 1;
            }
            second += 1;
        }
        true
    }

    pub(crate) const fn is_of_the_event_of(&self, other: &Self) -> bool {
        self.event.seems_to_be(other.event)
    }

    /// Its name: in logs, in dead letters, in the table.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Where it was declared.
    #[must_use]
    pub fn location(&self) -> Location {
        self.location
    }

    /// What it listens to.
    #[must_use]
    pub fn event(&self) -> &'static EventDescriptor {
        self.event
    }

    /// The queue it names; `None` for the bus's own.
    #[must_use]
    pub fn queue(&self) -> Option<&'static str> {
        self.options.queue
    }

    /// Its options.
    #[must_use]
    pub fn options(&self) -> &SubscriberOptions {
        &self.options
    }

    /// The type it runs on, if it is a method.
    #[must_use]
    pub fn instance_type(&self) -> Option<&'static str> {
        self.instance.map(|instance| instance.name)
    }

    /// Whether it is an async function.
    #[must_use]
    pub fn is_async(&self) -> bool {
        matches!(self.call, Call::Async(_))
    }

    /// Whether it runs on a thread for blocking work.
    #[must_use]
    pub fn is_blocking(&self) -> bool {
        matches!(self.call, Call::Blocking(_))
    }

    pub(crate) fn instance(&self) -> Option<InstanceType> {
        self.instance
    }

    /// What no two have in common: where it is, what it is called, and what it listens to.
    pub(crate) fn identity(&self) -> (Location, &'static str, TypeId) {
        (self.location, self.name, self.event.type_id())
    }

    pub(crate) fn needs(&self) -> Needs {
        let mut needs = Needs::default();
        (self.needs)(&mut needs);
        needs
    }

    pub(crate) fn call(&self) -> Call {
        self.call
    }

    pub(crate) fn direct(&self) -> Option<Direct> {
        self.direct
    }
}

impl fmt::Debug for SubscriberDescriptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SubscriberDescriptor")
            .field("name", &self.name)
            .field("event", self.event)
            .field("location", &self.location)
            .finish_non_exhaustive()
    }
}

/// What `#[subscriber]` implements on the type of an impl block, by way of the block.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a subscriber",
    label = "not a subscriber",
    note = "add `#[melange::subscriber]` to its impl, or `impl melange::Subscriber<SomeEvent> for {Self}`"
)]
pub trait Subscribers {
    /// One descriptor for each event it listens to.
    const SUBSCRIBERS: &'static [SubscriberDescriptor];
    /// Those of the further impl blocks of a type.
    #[doc(hidden)]
    const PARTS: &'static [&'static [SubscriberDescriptor]] = &[];
}

/// What `#[subscriber]` implements on the hidden type of a function's name. It needs no value, unlike the type of an impl block.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a subscriber that is a function",
    label = "not a function under `#[subscriber]`",
    note = "a value is given by `.subscriber(..)`; its type does not stand in this list"
)]
pub trait SubscriberFunction {
    /// One descriptor for each event it listens to.
    const SUBSCRIBERS: &'static [SubscriberDescriptor];
}

/// A subscriber written by hand, without a macro.
///
/// ```rust,standalone_crate
/// use melange::{Context, Event, Outcome, Subscriber};
/// # #[derive(serde::Serialize, serde::Deserialize, Event)]
/// # #[event(topic = "orders")]
/// # struct OrderPlaced { total_cents: u64 }
///
/// struct Ledger;
///
/// impl Subscriber<OrderPlaced> for Ledger {
///     async fn process(&self, event: &OrderPlaced, cx: &Context<OrderPlaced>) -> Outcome {
///         println!("{} cents, {}", event.total_cents, cx.metadata().occurred_on);
///         Outcome::Done
///     }
/// }
///
/// let bus = melange::EventBus::builder().subscriber(Ledger).build()?;
/// # Ok::<(), melange::BuildErrors>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a subscriber of `{E}`",
    label = "not a subscriber",
    note = "add `#[melange::subscriber]` to its impl, or `impl melange::Subscriber<SomeEvent> for {Self}`"
)]
pub trait Subscriber<E: Event>: Send + Sync + 'static {
    /// Handles one event.
    fn process(&self, event: &E, cx: &Context<E>) -> impl Future<Output = Outcome> + Send;

    /// Queue, retries, time-out and concurrency; all defaults unless said otherwise.
    fn options(&self) -> SubscriberOptions {
        SubscriberOptions::new()
    }
}

/// A subscriber with the value it runs on: ready to be called.
#[derive(Clone)]
pub struct Subscription {
    pub(crate) descriptor: Described,
    pub(crate) instance: Arc<Instance>,
}

impl Subscription {
    /// What is known of it.
    #[must_use]
    pub fn descriptor(&self) -> &SubscriberDescriptor {
        &self.descriptor
    }

    /// A subscriber that is a function.
    pub(crate) fn of_function(descriptor: &'static SubscriberDescriptor) -> Self {
        /// What all functions run on.
        static NOTHING: LazyLock<Arc<Instance>> = LazyLock::new(|| Arc::new(()));
        Self { descriptor: Described::Constant(descriptor), instance: Arc::clone(&NOTHING) }
    }

    /// One that is described at run time.
    pub(crate) fn made(descriptor: SubscriberDescriptor, instance: Arc<Instance>) -> Self {
        Self { descriptor: Described::Made(Arc::new(descriptor)), instance }
    }
}

/// A descriptor where it is: what macros write is a constant, and not copied.
#[derive(Clone)]
pub(crate) enum Described {
    Constant(&'static SubscriberDescriptor),
    Made(Arc<SubscriberDescriptor>),
}

impl Deref for Described {
    type Target = SubscriberDescriptor;

    fn deref(&self) -> &SubscriberDescriptor {
        match self {
            Self::Constant(descriptor) => descriptor,
            Self::Made(descriptor) => descriptor,
        }
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.descriptor(), f)
    }
}

/// A value that can be given to `.subscriber(..)`: it has an impl under `#[subscriber]`, or implements
/// [`Subscriber`] for one event; or it is an `Arc` of such a value. `M` is found by the compiler.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a subscriber",
    label = "not a subscriber",
    note = "for a value of your own: `#[melange::subscriber]` on its impl, or `impl melange::Subscriber<SomeEvent> for` its type",
    note = "a function under `#[subscriber]` is given by its name: `.subscribers(melange::subscribers![some_function])`"
)]
pub trait IntoSubscriptions<M> {
    /// One subscription for each event.
    fn into_subscriptions(self) -> Vec<Subscription>;
}

/// Marks a value whose impl is under `#[subscriber]`.
#[derive(Debug)]
pub struct ByMacro;
/// Marks a value that implements [`Subscriber`].
#[derive(Debug)]
pub struct ByHand<E>(E);
/// Marks an `Arc` of what `M` marks.
#[derive(Debug)]
pub struct Shared<M>(M);

#[diagnostic::do_not_recommend]
impl<T: Subscribers + 'static> IntoSubscriptions<ByMacro> for T {
    fn into_subscriptions(self) -> Vec<Subscription> {
        Arc::new(self).into_subscriptions()
    }
}

#[diagnostic::do_not_recommend]
impl<T: Subscribers + 'static> IntoSubscriptions<Shared<ByMacro>> for Arc<T> {
    fn into_subscriptions(self) -> Vec<Subscription> {
        let mut descriptors = T::SUBSCRIBERS.iter().chain(T::PARTS.iter().copied().flatten()).peekable();
        let shared = descriptors.peek().and_then(|first| first.instance?.share(&self));
        // One that is of another type says so when it is called.
        let instance = shared.unwrap_or_else(|| Arc::new(()));
        let bind = |descriptor: &'static SubscriberDescriptor| Subscription {
            descriptor: Described::Constant(descriptor),
            instance: Arc::clone(&instance),
        };
        descriptors.map(bind).collect()
    }
}

#[diagnostic::do_not_recommend]
impl<E: Event, T: Subscriber<E>> IntoSubscriptions<ByHand<E>> for T {
    fn into_subscriptions(self) -> Vec<Subscription> {
        Arc::new(self).into_subscriptions()
    }
}

#[diagnostic::do_not_recommend]
impl<E: Event, T: Subscriber<E>> IntoSubscriptions<Shared<ByHand<E>>> for Arc<T> {
    fn into_subscriptions(self) -> Vec<Subscription> {
        let options = self.options();
        let location = Location::new(type_name::<T>(), "(a value given to `.subscriber(..)`)", 0);
        let call = Call::Async(call_by_hand::<E, T>);
        let descriptor = SubscriberDescriptor::new(type_name::<T>(), E::DESCRIPTOR, location, Needs::metadata, call);
        vec![Subscription::made(descriptor.with_options(options), self)]
    }
}

fn call_by_hand<'cx, E: Event, T: Subscriber<E>>(
    instance: &'cx Instance,
    raw: &'cx RawContext<'cx>,
) -> BoxFuture<'cx, Outcome> {
    Box::pin(async move {
        match (instance.downcast_ref::<T>(), raw.typed::<E>()) {
            (Some(subscriber), Some(frame)) => match frame.context() {
                Some(cx) => subscriber.process(frame.event(), cx).await,
                None => mismatch(),
            },
            _ => mismatch(),
        }
    })
}

/// What a shim answers when it is handed what it was not made for: a bug in Melange, never a panic.
#[must_use]
pub fn mismatch() -> Outcome {
    Outcome::retry(
        "a subscriber was handed an event or a value of another type: please report this as a bug in melange",
    )
}
