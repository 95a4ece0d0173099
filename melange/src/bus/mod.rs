//! The event bus: a publisher, and a consumer for every queue of its subscribers.

mod builder;
mod drain;
mod global;
#[cfg(feature = "signal")]
mod run;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::Instant;

pub use builder::EventBusBuilder;
pub use global::{GlobalBusError, publish};
#[cfg(feature = "signal")]
pub use run::RunError;

use self::drain::drain;
use crate::consumer::handle::{Shutdown, ShutdownError, shutdown};
use crate::consumer::health::health;
use crate::consumer::{Ask, Consumed, ConsumerMetrics, Engine, Health, Intake, QueueControl, consume, spawn};
use crate::error::publish::{Kind, PublishError};
use crate::event::{Event, EventDescriptor};
use crate::publisher::MessagePublisher;
use crate::runtime;
use crate::transport::{Capabilities, Topology, Transport, TransportError, TransportErrorKind};
use crate::{DeadLetters, EventId, SendTo, SubscriberDescriptor};

/// Publishes events and runs the subscribers of events that arrive, over a transport: the in-memory one by default.
/// Cheap to clone; when the last clone is dropped, polling stops.
///
/// ```rust,standalone_crate
/// use std::time::Duration;
/// use melange::{Event, EventBus, State, subscriber};
///
/// #[derive(serde::Serialize, serde::Deserialize, Event)]
/// #[event(topic = "orders")]
/// struct OrderPlaced { total_cents: u64 }
///
/// #[derive(Clone)]
/// struct Mailer;
///
/// #[subscriber(listens_to = OrderPlaced)]
/// async fn send_receipt(order: &OrderPlaced, State(_mailer): State<Mailer>) {
///     println!("{} cents", order.total_cents);
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let bus = EventBus::builder().linked().state(Mailer).build()?;
/// bus.start().await?;
/// bus.publish(OrderPlaced { total_cents: 4200 }).await?;
/// bus.shutdown(Duration::from_secs(25)).await?;
/// # Ok(())
/// # }
/// ```
///
/// # Blocking subscribers
/// A subscriber that blocks its thread, sync or not, holds up that thread, the other subscribers of its message, the
/// messages behind it in its FIFO message group, and the task that it woke last itself; on a multi-threaded runtime,
/// everything else continues on the other threads. It cannot be cancelled. Mark such a subscriber `blocking`.
#[derive(Clone)]
pub struct EventBus {
    inner: Arc<Inner>,
}

struct Inner {
    publisher: MessagePublisher,
    engine: Arc<Engine>,
    started: AtomicBool,
    /// The queue that `consume_event` polls next.
    next: AtomicUsize,
}

impl EventBus {
    /// An empty builder: no subscribers, the in-memory transport.
    pub fn builder() -> EventBusBuilder {
        EventBusBuilder::default()
    }

    /// The bus that this engine runs.
    pub(crate) fn over(engine: Engine) -> Self {
        let publisher = MessagePublisher::over(engine.transport.clone());
        let engine = Arc::new(engine);
        Self {
            inner: Arc::new(Inner { publisher, engine, started: AtomicBool::new(false), next: AtomicUsize::new(0) }),
        }
    }

    #[cfg(any(feature = "schema", feature = "test-util"))]
    pub(crate) fn engine(&self) -> &Arc<Engine> {
        &self.inner.engine
    }

    /// Creates or verifies the topology, as the transport is configured, then polls in the background. A second call
    /// does nothing.
    ///
    /// # Errors
    /// If something is missing or refused, or there is no tokio runtime with a clock. Nothing is polled then, and `start`
    /// may be called again; likewise if its future is dropped before it completes.
    pub async fn start(&self) -> Result<(), TransportError> {
        runtime::check("to start an event bus")?;
        let engine = &self.inner.engine;
        if self.inner.started.swap(true, Ordering::SeqCst) && !engine.stop.is_cancelled() {
            return Ok(());
        }
        let mut starting = Starting(Some(&self.inner.started));
        engine.transport.prepare(&engine.topology).await?;
        if engine.stop.is_cancelled() {
            return Err(TransportError::new(
                TransportErrorKind::Configuration,
                "the bus has been shut down and cannot be started again: build another",
            ));
        }
        spawn(engine);
        starting.0 = None;
        let queues = engine.queues.len();
        let (transport, fingerprint) = (engine.transport.capabilities().name, engine.fingerprint());
        tracing::info!(transport, queues, registry = %fingerprint, "started");
        Ok(())
    }

    /// Publishes one event, and returns its id once the broker has it.
    ///
    /// # Errors
    /// If the bus was shut down, the event cannot be serialized, or the broker did not accept it.
    pub async fn publish<E: Event>(&self, event: E) -> Result<EventId, PublishError> {
        self.open::<E>()?;
        self.inner.publisher.publish(event).await
    }

    /// Publishes several events, and returns a result for each, in order.
    pub async fn publish_all<E: Event>(
        &self,
        events: impl IntoIterator<Item = E>,
    ) -> Vec<Result<EventId, PublishError>> {
        if self.open::<E>().is_err() {
            return events.into_iter().map(|_| self.open::<E>().map(|()| EventId::new())).collect();
        }
        self.inner.publisher.publish_all(events).await
    }

    fn open<E: Event>(&self) -> Result<(), PublishError> {
        // What handlers publish while the bus drains still goes out: their work is not done without it.
        let engine = &self.inner.engine;
        if engine.stop.is_cancelled() && (engine.lanes.is_empty() || engine.abort.is_cancelled()) {
            return Err(PublishError::new(E::DESCRIPTOR.name(), None, Kind::Closed));
        }
        Ok(())
    }

    /// The publisher that this bus uses.
    #[must_use]
    pub fn publisher(&self) -> &MessagePublisher {
        &self.inner.publisher
    }

    /// Sends one event directly to `queue`, without a topic: like [`MessagePublisher::send_to`].
    pub fn send_to<E: Event>(&self, queue: impl Into<String>, event: E) -> SendTo<E> {
        let send = self.inner.publisher.send_to(queue, event);
        match self.open::<E>() {
            Ok(()) => send,
            Err(closed) => send.refused(closed),
        }
    }

    /// Runs subscribers on messages that other code receives and settles. The bus need not be started for it.
    #[must_use]
    pub fn intake(&self) -> Intake {
        Intake::new(&self.inner.engine, Arc::clone(&self.inner) as _)
    }

    /// The dead letters of `queue`: to inspect and to redrive them.
    #[must_use]
    pub fn dead_letters(&self, queue: impl Into<String>) -> DeadLetters {
        DeadLetters::over(self.inner.engine.transport.clone(), queue.into())
    }

    /// Waits for at most one message, runs its subscribers and settles it, as
    /// [`MessageConsumer::consume_event`](crate::MessageConsumer::consume_event) does. The bus need not be started for
    /// it.
    ///
    /// # Errors
    /// If the broker could not be reached. A failing subscriber is not an error here: it is reported in the result.
    pub async fn consume_event(&self) -> Result<Consumed, TransportError> {
        let wait = self.inner.engine.wait;
        consume(&self.inner.engine, &self.inner.next, Ask { wait, queue: None, deadline: None }).await
    }

    /// The same from `queue` only, with its own wait time.
    #[cfg(feature = "cli")]
    pub(crate) async fn consume_from(&self, queue: Option<&str>, wait: Duration) -> Result<Consumed, TransportError> {
        consume(&self.inner.engine, &self.inner.next, Ask { wait, queue, deadline: None }).await
    }

    /// Creates or verifies the topology without polling afterwards.
    #[cfg(feature = "cli")]
    pub(crate) async fn prepare(&self) -> Result<(), TransportError> {
        self.inner.engine.transport.prepare(&self.inner.engine.topology).await
    }

    /// What has been consumed so far.
    #[must_use]
    pub fn metrics(&self) -> ConsumerMetrics {
        self.inner.engine.counters.snapshot()
    }

    /// The health of the bus: for probes. `Display` shows it in one line.
    #[must_use]
    pub fn health(&self) -> Health {
        health(&self.inner.engine)
    }

    /// A queue it consumes from, to pause it or to change its weight; `None` for other queues. The name is given
    /// without any prefix.
    #[must_use]
    pub fn queue(&self, name: &str) -> Option<QueueControl> {
        QueueControl::of(&self.inner.engine, name)
    }

    /// Sets the maximum number of messages in flight, over all queues, from now on; at least 1.
    pub fn set_concurrency(&self, messages: usize) {
        self.inner.engine.budget.set_limit(messages);
    }

    /// Its transport, if that is a `T`: for features that only one transport has.
    #[must_use]
    pub fn transport<T: Transport>(&self) -> Option<&T> {
        self.inner.engine.transport.downcast()
    }

    /// What it needs from the broker: its queues, and the topics that feed them.
    #[must_use]
    pub fn topology(&self) -> &Topology {
        &self.inner.engine.topology
    }

    /// What its transport can do, and the transport's name.
    #[must_use]
    pub fn capabilities(&self) -> Capabilities {
        self.inner.engine.transport.capabilities()
    }

    /// The events it knows, listened to or not, by name and version: all linked ones, if the builder was told to take
    /// those, and those of its subscribers.
    pub fn events(&self) -> impl Iterator<Item = &'static EventDescriptor> {
        self.inner.engine.events.iter().copied()
    }

    /// Its subscribers, each with the queue it consumes from; one entry for each event they listen to.
    pub fn subscribers(&self) -> impl Iterator<Item = (&str, &SubscriberDescriptor)> {
        self.inner.engine.queues.iter().flat_map(|queue| {
            queue.subscribers.iter().map(|member| (queue.name.as_str(), member.subscription.descriptor()))
        })
    }

    /// Stops receiving, lets handlers finish within `deadline`, then cancels those that have not and returns their
    /// messages to the queue, so that others can receive them at once. Afterwards nothing can be published.
    ///
    /// In-memory queues that nobody else holds, such as those of a bus without an explicit transport, end with the bus.
    /// Messages that can be received from them are handled first, within `deadline`, and so is what those publish. A
    /// [`MemoryTransport`](crate::MemoryTransport) that was cloned keeps its messages for the next bus, as every other
    /// transport does.
    ///
    /// # Errors
    /// If messages could not be returned to the queue: they are redelivered after their visibility timeout. A message
    /// whose visibility timeout had already ended is not an error.
    pub async fn shutdown(&self, deadline: Duration) -> Result<Shutdown, ShutdownError> {
        let (engine, before) = (&self.inner.engine, self.inner.engine.counters.snapshot());
        let begun = Instant::now();
        if self.inner.started.load(Ordering::SeqCst) {
            drain(engine, deadline).await;
        }
        shutdown(engine, &before, deadline.saturating_sub(begun.elapsed())).await
    }
}

/// A start in progress. If it fails, or its future is dropped, the bus counts as not started.
struct Starting<'a>(Option<&'a AtomicBool>);

impl Drop for Starting<'_> {
    fn drop(&mut self) {
        if let Some(started) = self.0 {
            started.store(false, Ordering::SeqCst);
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.engine.stop.cancel();
    }
}

impl fmt::Debug for EventBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventBus").field("publisher", &self.inner.publisher).finish_non_exhaustive()
    }
}
