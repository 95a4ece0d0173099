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

/// Publishes events and runs the subscribers of all that arrive, over a transport: in memory unless said otherwise.
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
/// # What blocks
/// A subscriber that blocks its thread, sync or not, holds up that thread, the other subscribers of its message, those behind
/// it in its FIFO group, and the task that it woke last itself; on a runtime of several threads all else goes on with the
/// others. Nothing cancels it. Work that blocks belongs under `blocking`.
#[derive(Clone)]
pub struct EventBus {
    inner: Arc<Inner>,
}

struct Inner {
    publisher: MessagePublisher,
    engine: Arc<Engine>,
    started: AtomicBool,
    /// The queue that `consume_event` asks next.
    next: AtomicUsize,
}

impl EventBus {
    /// Nothing yet: no subscribers, the transport in memory.
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

    /// Makes or verifies the topology, as the transport was told to, then polls in the background. A second call does
    /// nothing.
    ///
    /// # Errors
    /// What is missing or refused, or that no tokio runtime with a clock is here; nothing is polled then, and it may be called again. So it
    /// may if the call is dropped before it has ended.
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
    /// If the bus was shut down, the event cannot be written, or the broker did not take it.
    pub async fn publish<E: Event>(&self, event: E) -> Result<EventId, PublishError> {
        self.open::<E>()?;
        self.inner.publisher.publish(event).await
    }

    /// Publishes several events, and answers for each, in order.
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

    /// The publishing half.
    #[must_use]
    pub fn publisher(&self) -> &MessagePublisher {
        &self.inner.publisher
    }

    /// Sends one event to `queue` itself, past all topics: as [`MessagePublisher::send_to`].
    pub fn send_to<E: Event>(&self, queue: impl Into<String>, event: E) -> SendTo<E> {
        let send = self.inner.publisher.send_to(queue, event);
        match self.open::<E>() {
            Ok(()) => send,
            Err(closed) => send.refused(closed),
        }
    }

    /// The way in for messages that somebody else received and settles. The bus need not be started for it.
    #[must_use]
    pub fn intake(&self) -> Intake {
        Intake::new(&self.inner.engine, Arc::clone(&self.inner) as _)
    }

    /// What the subscribers of `queue` gave up: to look at it, and to put it back.
    #[must_use]
    pub fn dead_letters(&self, queue: impl Into<String>) -> DeadLetters {
        DeadLetters::over(self.inner.engine.transport.clone(), queue.into())
    }

    /// Waits for at most one message, runs its subscribers and settles it, as
    /// [`MessageConsumer::consume_event`](crate::MessageConsumer::consume_event) does. The bus need not be started for it.
    ///
    /// # Errors
    /// If the broker could not be asked. What a subscriber does is no error here: it is in what is returned.
    pub async fn consume_event(&self) -> Result<Consumed, TransportError> {
        let wait = self.inner.engine.wait;
        consume(&self.inner.engine, &self.inner.next, Ask { wait, queue: None, deadline: None }).await
    }

    /// The same from `queue` only, and with a wait of its own.
    #[cfg(feature = "cli")]
    pub(crate) async fn consume_from(&self, queue: Option<&str>, wait: Duration) -> Result<Consumed, TransportError> {
        consume(&self.inner.engine, &self.inner.next, Ask { wait, queue, deadline: None }).await
    }

    /// Makes or verifies the topology without polling afterwards.
    #[cfg(feature = "cli")]
    pub(crate) async fn prepare(&self) -> Result<(), TransportError> {
        self.inner.engine.transport.prepare(&self.inner.engine.topology).await
    }

    /// What has been consumed so far.
    #[must_use]
    pub fn metrics(&self) -> ConsumerMetrics {
        self.inner.engine.counters.snapshot()
    }

    /// Whether it does its work: for probes. `Display` says it in one line.
    #[must_use]
    pub fn health(&self) -> Health {
        health(&self.inner.engine)
    }

    /// A queue it consumes from, to pause it or to change its weight; `None` for others. The name is without any prefix.
    #[must_use]
    pub fn queue(&self, name: &str) -> Option<QueueControl> {
        QueueControl::of(&self.inner.engine, name)
    }

    /// How many messages may be in hand at once from now on, of all queues together; at least 1.
    pub fn set_concurrency(&self, messages: usize) {
        self.inner.engine.budget.set_limit(messages);
    }

    /// The transport it was given, if that is a `T`: for what goes with one transport only.
    #[must_use]
    pub fn transport<T: Transport>(&self) -> Option<&T> {
        self.inner.engine.transport.downcast()
    }

    /// What it wants of its broker: its queues, and the topics that feed them.
    #[must_use]
    pub fn topology(&self) -> &Topology {
        &self.inner.engine.topology
    }

    /// What its transport can do, and what it is called.
    #[must_use]
    pub fn capabilities(&self) -> Capabilities {
        self.inner.engine.transport.capabilities()
    }

    /// The events it knows, listened to or not, by name and version: those that the linker brought, where it was asked to,
    /// and those of its subscribers.
    pub fn events(&self) -> impl Iterator<Item = &'static EventDescriptor> {
        self.inner.engine.events.iter().copied()
    }

    /// Its subscribers, each with the queue it consumes from; one entry for each event they listen to.
    pub fn subscribers(&self) -> impl Iterator<Item = (&str, &SubscriberDescriptor)> {
        self.inner.engine.queues.iter().flat_map(|queue| {
            queue.subscribers.iter().map(|member| (queue.name.as_str(), member.subscription.descriptor()))
        })
    }

    /// Stops receiving, lets handlers finish within `deadline`, then cancels those that have not and hands their
    /// messages back, so that others can have them at once. Afterwards nothing can be published.
    ///
    /// Queues in memory that nobody else holds, as those of a bus that was given no transport, end with the bus. What can be
    /// received from them is handled first, within `deadline`, and what that publishes. A [`MemoryTransport`](crate::MemoryTransport) of which there is
    /// a clone keeps its messages for the next bus, as every other transport does.
    ///
    /// # Errors
    /// If messages could not be handed back: they come again when their visibility ends. What the broker had taken back by
    /// itself is no error.
    pub async fn shutdown(&self, deadline: Duration) -> Result<Shutdown, ShutdownError> {
        let (engine, before) = (&self.inner.engine, self.inner.engine.counters.snapshot());
        let begun = Instant::now();
        if self.inner.started.load(Ordering::SeqCst) {
            drain(engine, deadline).await;
        }
        shutdown(engine, &before, deadline.saturating_sub(begun.elapsed())).await
    }
}

/// A start under way. One that fails, or that nobody waits for any more, was none.
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
