//! Consuming: polling queues, running subscribers, settling messages.

mod background;
mod begin;
mod beside;
mod budget;
mod builder;
mod coalesce;
mod control;
mod decode;
mod engine;
pub(crate) mod handle;
pub(crate) mod health;
mod intake;
mod keeper;
mod lane;
mod leases;
mod noted;
mod outage;
mod pace;
mod process;
mod progress;
mod queue;
mod ramp;
mod receive;
mod report;
mod row;
mod settle;
mod setup;
mod switch;
mod unanswered;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::{Instant, timeout, timeout_at};

pub(crate) use background::spawn;
pub use builder::{Connected, MessageConsumerBuilder, Unconnected};
pub use control::QueueControl;
pub(crate) use engine::Engine;
pub use handle::{ConsumerHandle, Shutdown, ShutdownError};
pub use health::{Health, QueueHealth, QueueState};
pub use intake::{Intake, Settle, Taken};
pub use report::{Consumed, ConsumerMetrics, Fate, Processed};
pub(crate) use setup::{Setup, setup_methods};

use beside::Beside;
use leases::Lease;
use process::{Handled, Notes};
use queue::Queue;
use settle::Verdict;

use crate::runtime::{self, from_now};
use crate::transport::{Delivery, Topology, TransportError};

/// What to do with events whose name no subscriber of the queue listens to. On shared topics they are normal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnknownEvents {
    /// Delete and count them.
    #[default]
    Acknowledge,
    /// Send them to the dead-letter queue.
    DeadLetter,
}

/// What to do with an event whose name is known but whose version is not: a newer one than any subscriber of the queue
/// can read, or an older one that no `upcast_from` covers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnknownVersions {
    /// Leave it to a newer process, which can read it: it is redelivered, at most a minute apart, as often as the
    /// subscriber with the most attempts would be tried and a few times more. Then it goes to the dead-letter queue, so
    /// it is not lost.
    #[default]
    Retry,
    /// Send it to the dead-letter queue at once: if no other version of the service consumes from the queue.
    DeadLetter,
    /// Delete and count it: for a service that does not need events it does not know.
    Acknowledge,
}

/// Consumes events, without publishing any: one at a time, or in the background.
///
/// ```rust,standalone_crate
/// use melange::{Event, MemoryTransport, MessageConsumer, MessagePublisher, subscriber};
///
/// #[derive(serde::Serialize, serde::Deserialize, Event)]
/// #[event(topic = "orders")]
/// struct OrderPlaced { total_cents: u64 }
///
/// #[subscriber(listens_to = OrderPlaced)]
/// async fn send_receipt(order: &OrderPlaced) {
///     println!("{} cents", order.total_cents);
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let account = MemoryTransport::new();
/// let consumer = MessageConsumer::builder().transport(account.queue("billing")).linked().build()?;
/// MessagePublisher::new(account).publish(OrderPlaced { total_cents: 4200 }).await?;
/// let consumed = consumer.consume_event().await?;
/// assert!(consumed.message().is_some());
/// # Ok(())
/// # }
/// ```
pub struct MessageConsumer {
    engine: Arc<Engine>,
    /// The queue that `consume_event` polls next.
    next: AtomicUsize,
}

impl MessageConsumer {
    /// An empty builder: no transport, no subscribers.
    pub fn builder() -> MessageConsumerBuilder<Unconnected> {
        MessageConsumerBuilder::default()
    }

    pub(crate) fn new(engine: Engine) -> Self {
        Self { engine: Arc::new(engine), next: AtomicUsize::new(0) }
    }

    /// Creates or verifies the topology, as the transport is configured; not needed if that is done elsewhere.
    ///
    /// # Errors
    /// If something is missing or refused.
    pub async fn prepare(&self) -> Result<(), TransportError> {
        self.engine.transport.prepare(&self.engine.topology).await
    }

    /// Waits for at most one message (20 seconds by default), runs its subscribers and settles it. Several queues are
    /// polled in turn.
    ///
    /// The message's visibility timeout is extended as long as the call lasts; on a multi-threaded runtime, even while
    /// a subscriber blocks the calling thread.
    ///
    /// # Errors
    /// If the broker could not be reached, or there is no tokio runtime. A failing subscriber is not an error here: it
    /// is reported in the result.
    pub async fn consume_event(&self) -> Result<Consumed, TransportError> {
        self.consume(None).await
    }

    /// The same, with a deadline: when `within` is over, a handler that is still running is signalled through its
    /// `CancellationToken` and has half a second to finish; then the message is returned to the queue. For callers that
    /// have a deadline themselves, such as a Lambda function.
    ///
    /// # Errors
    /// As [`consume_event`](Self::consume_event).
    pub async fn consume_event_within(&self, within: Duration) -> Result<Consumed, TransportError> {
        self.consume(Some(from_now(within))).await
    }

    async fn consume(&self, deadline: Option<Instant>) -> Result<Consumed, TransportError> {
        consume(&self.engine, &self.next, Ask { wait: self.engine.wait, queue: None, deadline }).await
    }

    /// Polls in the background until the handle is shut down or dropped.
    ///
    /// # Panics
    /// Where no tokio runtime is, as `tokio::spawn` does: call it in an async function under `#[tokio::main]`, or after
    /// `let _guard = runtime.enter();`.
    pub fn spawn(self) -> ConsumerHandle {
        spawn(&self.engine);
        ConsumerHandle::new(self.engine)
    }

    /// What it needs from the broker: its queues, and the topics that feed them.
    #[must_use]
    pub fn topology(&self) -> &Topology {
        &self.engine.topology
    }

    /// What has been done so far.
    #[must_use]
    pub fn metrics(&self) -> ConsumerMetrics {
        self.engine.counters.snapshot()
    }
}

/// The parameters of consuming one message.
pub(crate) struct Ask<'a> {
    pub(crate) wait: Duration,
    /// From this queue only.
    pub(crate) queue: Option<&'a str>,
    pub(crate) deadline: Option<Instant>,
}

/// At most one message, run and settled. `next` is the queue to begin with.
pub(crate) async fn consume(engine: &Engine, next: &AtomicUsize, ask: Ask<'_>) -> Result<Consumed, TransportError> {
    runtime::check("to consume")?;
    let Ask { wait, queue: only, deadline } = ask;
    let queues: Vec<&Queue> = engine.queues.iter().filter(|queue| only.is_none_or(|only| queue.name == only)).collect();
    let end = from_now(wait);
    let end = deadline.map_or(end, |deadline| end.min(deadline));
    let several = queues.len() > 1;
    loop {
        // Each call begins after the queue that was polled last, so that a full one does not starve the others.
        for _ in 0..queues.len() {
            let next = next.fetch_add(1, Ordering::Relaxed) % queues.len();
            let Some(queue) = queues.get(next) else { continue };
            let left = end.saturating_duration_since(Instant::now());
            // A single queue is polled for the whole wait time; several are polled in turn, a second each.
            let wait = if several { left.min(Duration::from_secs(1)) } else { left };
            let mut deliveries = engine.transport.receive(&queue.name, 1, wait).await?;
            engine.counters.received.fetch_add(deliveries.len() as u64, Ordering::Relaxed);
            if deliveries.is_empty() {
                continue;
            }
            deliveries.truncate(1);
            let Some(delivery) = deliveries.pop() else { continue };
            let lease = queue.leases.take(delivery.receipt.clone());
            let mut beside = Beside::start(engine, queue).await;
            let handled = tokio::select! {
                handled = handle_until(deadline, engine, queue, &delivery, &lease) => handled,
                never = beside.until_it_dies() => match never {},
            };
            drop(beside);
            return Ok(Consumed::Message(settle::now(engine, queue, &delivery, &lease, handled).await));
        }
        if Instant::now() >= end || queues.is_empty() {
            return Ok(Consumed::Nothing);
        }
    }
}

/// The result of the message's subscribers, if they are done by the deadline.
async fn handle_until(
    deadline: Option<Instant>,
    engine: &Engine,
    queue: &Queue,
    delivery: &Delivery,
    lease: &Lease,
) -> Handled {
    let handling = process::handle(engine, queue, delivery, None, lease);
    let Some(deadline) = deadline else { return handling.await };
    let mut handling = std::pin::pin!(handling);
    match timeout_at(deadline, &mut handling).await {
        Ok(handled) => handled,
        Err(_) => {
            lease.token().cancel();
            let _ = timeout(lane::HEED, handling).await;
            Handled { event_type_name: None, verdict: Verdict::Release(Duration::ZERO), notes: Notes::default() }
        }
    }
}

impl fmt::Debug for MessageConsumer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let queues: Vec<&str> = self.engine.queues.iter().map(|queue| queue.name.as_str()).collect();
        f.debug_struct("MessageConsumer").field("queues", &queues).finish_non_exhaustive()
    }
}
