//! The bus that runs every subscriber in the publisher's own thread.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio_util::sync::CancellationToken;

use super::direct::Publish;
use super::failures::{DispatchError, Failures};
use super::table::{Entry, FrozenHandlers, SubscriptionHandle, Table};
use crate::context::{LateMetadata, States};
use crate::deprecation;
use crate::error::build::{BuildErrors, Problem, ProblemKind};
use crate::event::Event;
use crate::handler::HandlerFn;
use crate::metadata::Metadata;
use crate::outcome::IntoOutcome;
use crate::subscriber::Subscription;
use crate::wiring::{Wiring, wiring_methods};

/// A bus that runs every subscriber in the publisher's own thread: when [`publish`](Self::publish) returns, all have
/// run. It needs no runtime and starts no thread.
///
/// ```rust,standalone_crate
/// # use melange::{Event, EventDescriptor, Location, SynchronousEventBus};
/// # struct ClockTicked { at: u64 }
/// # impl Event for ClockTicked {
/// #     const DESCRIPTOR: &'static EventDescriptor =
/// #         &EventDescriptor::new::<Self>("ClockTicked", "ClockTicked", Location::new("docs", file!(), line!()));
/// # }
/// # let at = 12;
/// let bus = SynchronousEventBus::builder()
///     .linked()
///     .subscribe(|tick: &ClockTicked| println!("it is {}", tick.at))
///     .build()?;
/// bus.publish(&ClockTicked { at })?;        // every subscriber has run, here, in this thread, in a stable order
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # What runs
/// The order is that of registration: linked subscribers by crate, module and line, then those given to the builder in
/// the order given, then those subscribed at run time. A subscriber that fails or panics never stops the others.
/// Subscribers marked `blocking` run here like all others. `timeout`, `concurrency`, `retry` and `queue` of a
/// subscriber do not apply: there is nobody but the caller to wait, to try again, or to be limited.
///
/// # Publishing from a subscriber
/// A subscriber may publish on the same bus; the inner event's subscribers then run before the outer `publish` goes on.
/// No lock is held while subscribers run. Any number of threads may publish at once.
///
/// Clones are handles to the same bus.
#[derive(Clone)]
pub struct SynchronousEventBus {
    inner: Arc<Inner>,
}

struct Inner {
    table: Arc<Table>,
    states: Arc<States>,
    closed: AtomicBool,
    cancellation: CancellationToken,
}

impl SynchronousEventBus {
    /// A bus to put together.
    pub fn builder() -> SynchronousEventBusBuilder {
        SynchronousEventBusBuilder { wiring: Wiring::default() }
    }

    /// Runs every subscriber of `E`, one after the other, in this thread. An event nobody listens to is fine.
    ///
    /// # Errors
    /// If subscribers failed or panicked: all of them, after all others have run too. Or if the bus has been
    /// [shut down](Self::shutdown).
    pub fn publish<E: Event>(&self, event: &E) -> Result<(), DispatchError> {
        let Inner { table, closed, .. } = &*self.inner;
        if closed.load(Ordering::Acquire) {
            return Err(DispatchError::closed(E::DESCRIPTOR.name()));
        }
        deprecation::warn_once(E::DESCRIPTOR);
        // Before anything runs: what is added now hears of the next event.
        let (frozen, added) = (table.direct::<E>(), table.added(E::DESCRIPTOR.type_id()));
        let mut failures = Failures::default();
        match (&frozen, &added) {
            (None, None) => {}
            // Nobody asks for more than the event.
            (Some(frozen), None) if !frozen.ask => frozen.run(event, None, &mut failures),
            _ => self.inner.run(event, frozen.as_ref(), added.as_deref().unwrap_or_default(), &mut failures),
        }
        failures.check(E::DESCRIPTOR.name())
    }

    /// Adds a subscriber to the running bus, behind all others of its event. It hears what is published from now on,
    /// not what is being published.
    ///
    /// The subscription lasts until [`SubscriptionHandle::unsubscribe`] is called, whether or not the handle is kept.
    /// Async closures are refused by the compiler: this bus has nobody to run them.
    ///
    /// ```rust,standalone_crate
    /// # use melange::{Event, EventDescriptor, Location, SynchronousEventBus};
    /// # struct ClockTicked { at: u64 }
    /// # impl Event for ClockTicked {
    /// #     const DESCRIPTOR: &'static EventDescriptor =
    /// #         &EventDescriptor::new::<Self>("ClockTicked", "ClockTicked", Location::new("docs", file!(), line!()));
    /// # }
    /// # let bus = SynchronousEventBus::builder().build()?;
    /// let subscription = bus.subscribe(|tick: &ClockTicked| println!("it is {}", tick.at));
    /// bus.publish(&ClockTicked { at: 12 })?;
    /// subscription.unsubscribe();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[track_caller]
    pub fn subscribe<E: Event, R: IntoOutcome>(
        &self,
        closure: impl Fn(&E) -> R + Send + Sync + 'static,
    ) -> SubscriptionHandle {
        self.inner.table.add(closure.into_subscription())
    }

    /// From now on `publish` returns an error, in subscribers too. What is being published in other threads is
    /// finished there; subscribers that took a [`CancellationToken`](crate::CancellationToken) find it cancelled.
    /// Again does nothing.
    pub fn shutdown(&self) {
        self.inner.closed.store(true, Ordering::Release);
        self.inner.cancellation.cancel();
    }
}

impl Inner {
    /// Runs subscribers that may ask for metadata, states or the token, and those added at run time.
    #[inline(never)]
    fn run<E: Event>(
        &self,
        event: &E,
        frozen: Option<&FrozenHandlers<'_, E>>,
        added: &[Arc<Entry>],
        failures: &mut Failures,
    ) {
        let make = || Metadata::of(event);
        let publish =
            Publish { metadata: LateMetadata::new(&make), states: &self.states, cancellation: &self.cancellation };
        if let Some(frozen) = frozen {
            if frozen.need_metadata {
                // Of this moment, however long those take that run before whoever asks.
                publish.metadata.get();
            }
            frozen.run(event, Some(&publish), failures);
        }
        added.iter().for_each(|entry| entry.run(event, &publish, failures));
    }
}

impl fmt::Debug for SynchronousEventBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let closed = self.inner.closed.load(Ordering::Acquire);
        f.debug_struct("SynchronousEventBus").field("closed", &closed).finish_non_exhaustive()
    }
}

/// Puts a [`SynchronousEventBus`] together.
#[must_use]
pub struct SynchronousEventBusBuilder {
    wiring: Wiring,
}

impl SynchronousEventBusBuilder {
    wiring_methods!();

    /// The bus, ready to publish.
    ///
    /// # Errors
    /// Everything that is wrong, at once. Besides what every bus checks: subscribers that are async, and those that
    /// take the event as `Arc<E>`, since this bus publishes by reference.
    pub fn build(self) -> Result<SynchronousEventBus, BuildErrors> {
        let (wired, mut problems) = self.wiring.finish();
        problems.extend(wired.subscriptions.iter().filter_map(unfit));
        BuildErrors::check(problems)?;
        let inner = Inner {
            table: Arc::new(Table::new(wired.subscriptions)),
            states: wired.states,
            closed: AtomicBool::new(false),
            cancellation: CancellationToken::new(),
        };
        Ok(SynchronousEventBus { inner: Arc::new(inner) })
    }
}

/// Why a subscriber cannot run on a synchronous bus, if it cannot.
fn unfit(subscription: &Subscription) -> Option<Problem> {
    let descriptor = subscription.descriptor();
    let name = descriptor.name();
    let problem = if descriptor.is_async() {
        let what = format!("subscriber `{name}` is async, and a synchronous bus has nobody to run it");
        let fix = "use `AsynchronousEventBus`, make it a sync function, or leave it out with `.linked_where(..)`";
        Problem::new(ProblemKind::AsyncSubscriber, what, fix)
    } else if descriptor.needs().shared {
        let event = descriptor.event().name();
        let what = format!("subscriber `{name}` takes `Arc<{event}>`, which it could keep");
        let fix = format!("take `&{event}`: this bus publishes by reference");
        Problem::new(ProblemKind::ImpossibleArgument, what, fix)
    } else {
        return None;
    };
    Some(problem.at(descriptor.location()))
}

impl fmt::Debug for SynchronousEventBusBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SynchronousEventBusBuilder").finish_non_exhaustive()
    }
}
