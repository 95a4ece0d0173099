//! The bus that runs every subscriber in the publisher's own thread.

use std::fmt;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::direct::Publish;
use super::entry::SubscriptionHandle;
use super::failures::DispatchError;
use super::table::{Places, Table};
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
/// Subscribers marked `blocking` run here like all others. The options `timeout`, `concurrency`, `retry` and `queue` of
/// a subscriber do not apply: only the caller could wait, retry, or be limited.
///
/// # Publishing from a subscriber
/// A subscriber may publish on the same bus; the inner event's subscribers then run before the outer `publish` goes on.
/// No lock is held while subscribers run. Any number of threads may publish at once.
///
/// Clones are handles to the same bus.
#[derive(Clone)]
pub struct SynchronousEventBus {
    frozen: Places,
    table: Arc<Table>,
    offered: Arc<Offered>,
}

/// What subscribers may ask for.
struct Offered {
    states: Arc<States>,
    cancellation: CancellationToken,
}

impl Offered {
    /// For subscribers that may ask for metadata, states or the token.
    #[inline(never)]
    fn offering<E: Event, R>(&self, event: &E, need_metadata: bool, run: impl FnOnce(&Publish<'_>) -> R) -> R {
        let make = || Metadata::of(event);
        let metadata = LateMetadata::new(&make);
        if need_metadata {
            // The time of publishing, however long subscribers take that run before the one that asks.
            metadata.get();
        }
        run(&Publish { metadata, states: &self.states, cancellation: &self.cancellation })
    }
}

impl SynchronousEventBus {
    /// A builder for this bus.
    pub fn builder() -> SynchronousEventBusBuilder {
        SynchronousEventBusBuilder { wiring: Wiring::default() }
    }

    /// Runs every subscriber of `E`, one after the other, in this thread. An event that nobody listens to is not an
    /// error.
    ///
    /// # Errors
    /// If subscribers failed or panicked: the error lists all of them, and all others have run. Or if the bus has been
    /// [shut down](Self::shutdown).
    #[inline]
    pub fn publish<E: Event>(&self, event: &E) -> Result<(), DispatchError> {
        deprecation::warn_once(E::DESCRIPTOR);
        match self.frozen.plain::<E>() {
            Some(all) => all.run(event, None),
            None => Self::publish_beside(&self.table, &self.offered, event),
        }
    }

    /// To those added at run time, too.
    #[inline(never)]
    fn publish_beside<E: Event>(table: &Table, offered: &Offered, event: &E) -> Result<(), DispatchError> {
        // Most often these are all there are, and ask for nothing.
        if table.is_added_and_open() && table.places().has_none::<E>() {
            let (since, added) = (table.since_now(), table.added());
            if let Some(all) = added.plain::<E>() {
                return all.run_active(event, since);
            }
        }
        Self::publish_to_all(table, offered, event)
    }

    /// To all that listen, whatever they ask for.
    #[inline(never)]
    fn publish_to_all<E: Event>(table: &Table, offered: &Offered, event: &E) -> Result<(), DispatchError> {
        if table.is_closed() {
            return Err(DispatchError::closed(E::DESCRIPTOR.name()));
        }
        // Looked up before anything runs: a subscriber added now gets the next event.
        let (frozen, since) = (table.frozen::<E>(), table.since_now());
        let added = table.is_added().then(|| table.added());
        let added = added.as_ref().and_then(|added| added.of::<E>());
        let run = |publish: Option<&Publish<'_>>| {
            let first = frozen.map_or(Ok(()), |frozen| frozen.run(event, publish));
            let then = added.map_or(Ok(()), |added| added.run_active_asking(event, publish, since));
            match (first, then) {
                (Err(first), Err(then)) => Err(first.and(then)),
                (first, then) => first.and(then),
            }
        };
        let mut all = frozen.into_iter().chain(added);
        if !all.clone().any(|handlers| handlers.asking) {
            return run(None);
        }
        offered.offering(event, all.any(|handlers| handlers.need_metadata), |publish| run(Some(publish)))
    }

    /// Adds a subscriber to the running bus, after all others of its event. It gets events that are published from now
    /// on, not those being published now.
    ///
    /// The subscription lasts until [`SubscriptionHandle::unsubscribe`] is called, whether or not the handle is kept.
    /// The compiler refuses async closures: this bus cannot run them.
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
        self.table.add(closure.into_subscription())
    }

    /// From now on `publish` returns an error, in subscribers too. Publishes in progress in other threads are finished;
    /// subscribers that took a [`CancellationToken`](crate::CancellationToken) see it cancelled. A second call does
    /// nothing.
    pub fn shutdown(&self) {
        self.table.close();
        self.offered.cancellation.cancel();
    }
}

impl fmt::Debug for SynchronousEventBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SynchronousEventBus").field("closed", &self.table.is_closed()).finish_non_exhaustive()
    }
}

/// Builds a [`SynchronousEventBus`].
#[must_use]
pub struct SynchronousEventBusBuilder {
    wiring: Wiring,
}

impl SynchronousEventBusBuilder {
    wiring_methods!();

    /// Builds the bus, ready to publish.
    ///
    /// # Errors
    /// All problems at once. Besides what every bus checks: subscribers that are async, and those that
    /// take the event as `Arc<E>`, since this bus publishes by reference.
    pub fn build(self) -> Result<SynchronousEventBus, BuildErrors> {
        let (wired, mut problems) = self.wiring.finish();
        problems.extend(wired.subscriptions.iter().filter_map(unfit));
        BuildErrors::check(problems)?;
        let offered = Offered { states: wired.states, cancellation: CancellationToken::new() };
        let table = Arc::new(Table::synchronous(wired.subscriptions));
        Ok(SynchronousEventBus { frozen: table.places().clone(), table, offered: Arc::new(offered) })
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
