//! The bus that runs subscribers on worker tasks.
//!
//! Its parts, in the order in which an event passes them: the *line* of publishers that wait if there is no room; the
//! *inboxes*, in which publishers leave events without taking the bus's lock; the queue, with a *row* for each inbox
//! and a *lane* for each key that has events; a worker's *batch* of events it has taken; and its *hand*, with those of
//! them that may block and that other workers may take. A worker's *seat* records its progress, for others to read
//! without the lock.

mod batch;
mod borrowers;
mod builder;
mod carried;
mod cell;
mod chunks;
pub(crate) mod direct;
mod drain;
mod hands;
mod here;
mod inboxes;
pub(super) mod job;
pub(super) mod lanes;
mod limits;
mod line;
mod metrics;
mod publish;
mod rows;
mod runner;
mod runners;
mod seats;
mod shared;
mod state;
mod worker;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use builder::AsynchronousEventBusBuilder;
pub use drain::Drained;
pub(crate) use here::on_a_thread;
pub use metrics::InProcessMetrics;

use self::drain::Crew;
use super::entry::SubscriptionHandle;
use super::failures::TryPublishError;
use crate::error::publish::PublishError;
use crate::event::Event;
use crate::handler::HandlerFn;

/// A bus that runs subscribers on a fixed number of worker tasks, behind a bounded queue.
///
/// ```rust,standalone_crate
/// # use std::{sync::Arc, time::Duration};
/// # use melange::{AsynchronousEventBus, Event, EventDescriptor, Location};
/// # struct ClockTicked { at: u64 }
/// # impl Event for ClockTicked {
/// #     const DESCRIPTOR: &'static EventDescriptor =
/// #         &EventDescriptor::new::<Self>("ClockTicked", "ClockTicked", Location::new("docs", file!(), line!()));
/// # }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let at = 12;
/// let bus = AsynchronousEventBus::builder()
///     .linked()
///     .subscribe(|tick: Arc<ClockTicked>| async move { println!("it is {}", tick.at) })
///     .workers(8)
///     .capacity(10_000)
///     .build()?;
/// bus.publish(ClockTicked { at }).await?;   // waits while full; try_publish says so instead
/// let drained = bus.shutdown(Duration::from_secs(2)).await;
/// assert_eq!((drained.delivered, drained.dropped), (1, 0));
/// # Ok(())
/// # }
/// ```
///
/// # What runs, and in which order
/// One event's subscribers run one after the other: linked ones by crate, module and line, then those given to the
/// builder in the order given, then those subscribed at run time. The subscribers are looked up when a worker takes the
/// event, not when it is published. A subscriber that fails, panics or takes longer than its `timeout` never stops the
/// others; the failure is logged, counted in [`metrics`](Self::metrics), and reported to
/// [`on_error`](AsynchronousEventBusBuilder::on_error). `retry` does not apply: there are no retries in process.
/// `concurrency` limits a subscriber's parallel runs; a worker waits for its turn.
///
/// Events with the same key, whatever their types, are handled one at a time in the order in which they were published;
/// events with other keys, or none, in parallel with them. A slow key holds up only itself and one worker. No event
/// starves another: a key goes to the back of the queue after each event.
///
/// A sync subscriber occupies its runtime thread while it runs, and holds up the task that this thread woke last, which
/// may be another worker: mark a subscriber `blocking` if it blocks, above all if it waits for other runs.
///
/// # Publishing from a subscriber
/// A subscriber may publish on the bus that runs it, and waits for room like any publisher, unless that would deadlock:
/// when all running subscribers wait for room and no idle worker can make any, [`publish`](Self::publish) returns an
/// error that [is full](PublishError::is_full) instead of waiting forever, even with one worker. The bus knows its own
/// subscribers by their task, and `blocking` ones by their thread. It does not notice one that waits for another task
/// or thread that publishes, or for another bus whose subscribers publish back: use [`try_publish`](Self::try_publish)
/// there.
///
/// # Shutdown
/// [`shutdown`](Self::shutdown) drains the bus. Clones are handles to the same bus. If the last one is dropped without
/// a shutdown, the bus accepts no more events and finishes those it has in the background, with a warning. A handle
/// that is kept in a state or a subscriber of its own bus keeps the bus alive until then.
#[derive(Clone)]
pub struct AsynchronousEventBus {
    crew: Arc<Crew>,
}

impl AsynchronousEventBus {
    /// A builder for this bus.
    pub fn builder() -> AsynchronousEventBusBuilder {
        AsynchronousEventBusBuilder::new()
    }

    /// Queues an event, waiting while the queue is full; waiting publishers are served in order. An event that nobody
    /// listens to is not an error.
    ///
    /// If the future is dropped while it waits, the event is not published. Publishing counts against tokio's
    /// [cooperative budget](tokio::task::coop), so a loop of publishes lets other tasks run.
    ///
    /// # Errors
    /// If the bus has been shut down, before or while waiting. If it is full, only where waiting would deadlock: see
    /// [publishing from a subscriber](Self#publishing-from-a-subscriber).
    #[inline]
    pub fn publish<E: Event>(&self, event: E) -> impl Future<Output = Result<(), PublishError>> + Send {
        self.crew.shared.publish(event)
    }

    /// Queues an event, or returns it at once if there is no room.
    ///
    /// # Errors
    /// If the bus is full or has been shut down. The error contains the event.
    pub fn try_publish<E: Event>(&self, event: E) -> Result<(), TryPublishError<E>> {
        self.crew.shared.try_publish(event)
    }

    /// Adds a subscriber to the running bus, after all others of its event:
    /// `|tick: Arc<ClockTicked>| async move { .. }` or `|tick: &ClockTicked| { .. }`. It gets every event that a worker
    /// takes from now on, including those already queued.
    ///
    /// The subscription lasts until [`SubscriptionHandle::unsubscribe`] is called, whether or not the handle is kept.
    /// If it takes a `State<T>` that the bus was not given, each run fails, since `build()` can no longer report it.
    #[track_caller]
    pub fn subscribe<M>(&self, closure: impl HandlerFn<M>) -> SubscriptionHandle {
        self.crew.shared.table.add(closure.into_subscription())
    }

    /// What the bus has done so far, and the events in it now.
    #[must_use]
    pub fn metrics(&self) -> InProcessMetrics {
        self.crew.shared.metrics()
    }

    /// Accepts no more events, handles those already accepted until the deadline, and returns what happened to them.
    ///
    /// From now on publishing fails, also for publishers that wait for room, except in subscribers: what they publish
    /// is drained too. At the deadline, queued events are dropped and counted, and the
    /// [`CancellationToken`](crate::CancellationToken) of running subscribers is cancelled; 0.1 s later they are cut
    /// off at their next await point. When this returns, no worker is left. Sync subscribers that are still busy cannot
    /// be stopped: [`still_running`](Drained::still_running) counts them.
    ///
    /// A second call returns at once, with zeros. If the future is dropped, the drain goes on without a deadline.
    /// A subscriber that shuts down its own bus waits for itself, until the deadline cuts it off.
    pub async fn shutdown(&self, deadline: Duration) -> Drained {
        self.crew.shutdown(deadline).await
    }
}

impl fmt::Debug for AsynchronousEventBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsynchronousEventBus").field("metrics", &self.metrics()).finish_non_exhaustive()
    }
}
