//! Messages that other code receives and settles.

mod pushed;

use std::any::Any;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::future::join_all;
use tokio_util::sync::CancellationToken;

use super::decode::{Decoded, decode};
use super::engine::Engine;
use super::process::{self, Handled, Notes};
use super::queue::Queue;
use super::report::{Counters, Fate};
use super::settle::Verdict;
use crate::context::Stop as _;
use crate::dispatch::SubscriberError;
use crate::transport::{DeadLetter, Delivery, TransportError};
use pushed::Pushed;

/// Runs the bus's subscribers on messages that other code receives and settles, such as the Lambda runtime or an HTTP
/// server. Made by [`EventBus::intake`](crate::EventBus::intake); cheap to clone.
///
/// The bus need not be started, nothing runs in the background, and the bus lives as long as this does. The intake
/// remembers by message id which subscribers are done: when this process sees a message again, only those that failed
/// run again.
///
/// ```
/// use std::sync::Arc;
/// use melange::transport::{Body, Delivery, Inbound, Receipt};
/// use melange::{CancellationToken, Event, EventBus, Fate, Settle, subscriber};
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
/// let bus = EventBus::builder().subscribers(melange::subscribers![send_receipt]).build()?;
/// let json = r#"{"event_type_name": "OrderPlaced", "total_cents": 4200}"#;
/// let pushed = Delivery::new("m-1", Ok(Inbound::new(Body::Json(json.into()))), Receipt::new(()));
/// let taken = bus.intake().handle(None, &pushed, &CancellationToken::new()).await;
/// assert!(matches!(taken.settle, Settle::Done(Fate::Handled)));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Intake {
    engine: Arc<Engine>,
    /// Keeps the bus alive.
    _bus: Arc<dyn Any + Send + Sync>,
}

/// The result of handling one message.
#[derive(Debug)]
#[non_exhaustive]
pub struct Taken {
    /// The event's name on the wire, where it could be read.
    pub event_type_name: Option<String>,
    /// What the caller, who holds the message, should do with it.
    pub settle: Settle,
    /// The subscribers that did not handle it this time.
    pub failures: Vec<SubscriberError>,
}

/// What the caller, who holds a message, should do with it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Settle {
    /// Delete it, or report it as delivered: every subscriber is done with it, or nobody listens to it, or a copy is in
    /// the dead-letter queue.
    Done(Fate),
    /// Have it redelivered.
    Retry {
        /// The earliest time for that, if the source of the message can be told.
        after: Duration,
    },
    /// It was given up, and no dead-letter queue has it: keep it somewhere. Every other subscriber is done with it.
    Rejected {
        /// Why, in one line, without the payload.
        reason: String,
        /// The subscriber that gave it up; `None` if it could not be read.
        subscriber: Option<String>,
    },
    /// Have it redelivered: its token was cancelled, or the bus was shut down, before it was done.
    Stopped,
}

impl Settle {
    /// Whether nothing is left to do.
    #[must_use]
    pub fn is_done(&self) -> bool {
        matches!(self, Self::Done(_))
    }
}

impl Intake {
    pub(crate) fn new(engine: &Arc<Engine>, bus: Arc<dyn Any + Send + Sync>) -> Self {
        Self { engine: Arc::clone(engine), _bus: bus }
    }

    /// Runs the subscribers of a message, each within its own timeout and concurrency limit, and returns what to do
    /// with the message. A panic is a failure of the subscriber that panicked.
    ///
    /// If `queue` is one of the bus's queues, with or without the transport's prefix, the subscribers of that queue
    /// run; if it is another queue, those of the bus's own queue. `None` means that the message was pushed, without a
    /// queue: every subscriber of the bus that listens to the event runs. The same happens if `queue` is another queue
    /// and every subscriber of the bus names a queue.
    ///
    /// Messages that are given up go to the queue's dead-letter queue if the transport is a wire
    /// ([`Capabilities::wire`](crate::transport::Capabilities::wire)): in memory they would be lost with the process.
    /// If there is no such queue, the result is [`Settle::Rejected`].
    ///
    /// Cancel `stop` to end it soon: handlers see the token cancelled, and have half a second to finish.
    pub async fn handle(&self, queue: Option<&str>, delivery: &Delivery, stop: &CancellationToken) -> Taken {
        let engine = &*self.engine;
        // A shutdown waits for this, and lets its subscribers publish meanwhile; if it has already begun, that is seen
        // here.
        let taking = engine.settlers.track_future(engine.lanes.track_future(self.take(queue, delivery, stop)));
        if engine.stop.is_cancelled() {
            return Taken::without_run(Settle::Stopped);
        }
        taking.await
    }

    async fn take(&self, queue: Option<&str>, delivery: &Delivery, stop: &CancellationToken) -> Taken {
        let engine = &*self.engine;
        let keeper = Pushed::until(stop, &engine.abort);
        // If the caller drops the future, the handlers are told to stop.
        let guard = keeper.token().clone().drop_guard();
        let runs = decoded(self.queues(queue), delivery).into_iter().map(|(queue, decoded)| {
            let keeper = &keeper;
            async move {
                let counted = Counted::received(&engine.counters);
                let taken = Taken::of(process::handle(engine, queue, delivery, Some(decoded), keeper).await);
                counted.settled(&taken);
                (queue, taken)
            }
        });
        let mut all = join_all(runs).await;
        drop(guard.disarm());
        let comes_again = all.iter().any(|(_, taken)| !taken.settle.is_done());
        for (queue, taken) in &all {
            match taken.settle {
                Settle::Done(_) if comes_again => queue.is_done_with(&delivery.message_id),
                Settle::Done(_) => queue.progress.forget(&delivery.message_id),
                _ => {}
            }
        }
        let Some((_, first)) = all.pop() else {
            let reason = "the bus has no subscriber at all: give it some, by `.linked()` and `.crates(..)` say";
            return Taken::without_run(Settle::Rejected { reason: reason.to_owned(), subscriber: None });
        };
        all.into_iter().fold(first, |sum, (_, taken)| sum.and(taken))
    }

    /// Reports that a message goes back to its queue without having been run, for example behind another of its message
    /// group: that does not count as an attempt.
    pub fn goes_back_unrun(&self, queue: Option<&str>, delivery: &Delivery) {
        for queue in self.queues(queue) {
            queue.progress.goes_back_unrun(&delivery.message_id);
        }
    }

    /// Reports that a message will be redelivered although it was [`Done`](Settle::Done), for example together with
    /// others that failed: then no subscriber runs for it again.
    pub fn comes_again_though_done(&self, queue: Option<&str>, delivery: &Delivery) {
        for queue in self.queues(queue) {
            queue.is_done_with(&delivery.message_id);
        }
    }

    /// Sets the visibility timeout of messages of `queue`: how long they wait before they are redelivered, a retry's
    /// delay or zero. Their receipt handles must be the transport's own. Does nothing unless the transport is a wire
    /// and the queue is one of the bus's.
    ///
    /// # Errors
    /// The first refusal; such messages are redelivered after the visibility timeout they have.
    pub async fn rest(&self, queue: &str, messages: &[(&Delivery, Duration)]) -> Result<(), TransportError> {
        let transport = &self.engine.transport;
        let Some(queue) = self.called(queue).filter(|_| transport.capabilities().wire) else { return Ok(()) };
        let changes = messages.iter().map(|(delivery, after)| (delivery.receipt.clone(), *after)).collect();
        transport.change_visibilities(&queue.name, changes).await.into_iter().collect()
    }

    /// The bus's maximum number of messages in flight.
    #[must_use]
    pub fn concurrency(&self) -> usize {
        self.engine.budget.limit()
    }

    /// Those that `name` stands for.
    fn queues(&self, name: Option<&str>) -> &[Queue] {
        let all = self.engine.queues.as_slice();
        let Some(name) = name else { return all };
        let own = || all.iter().find(|queue| queue.name == self.engine.transport.own_queue());
        self.called(name).or_else(own).map_or(all, std::slice::from_ref)
    }

    fn called(&self, name: &str) -> Option<&Queue> {
        let bare = self.engine.transport.without_prefix(name);
        let is = |name: &str| self.engine.queues.iter().find(|queue| queue.name == name);
        is(name).or_else(|| is(bare))
    }
}

/// Decodes `delivery` for each queue that it concerns; if it concerns none, for the first.
fn decoded<'a>(queues: &'a [Queue], delivery: &'a Delivery) -> Vec<(&'a Queue, Decoded<'a>)> {
    let mut all: Vec<_> = queues.iter().map(|queue| (queue, decode(queue, delivery))).collect();
    let concerns = |decoded: &Decoded<'_>| !matches!(decoded, Decoded::Unknown { .. });
    if all.iter().any(|(_, decoded)| concerns(decoded)) {
        all.retain(|(_, decoded)| concerns(decoded));
        // What nobody can read is one dead letter.
        let mut unreadable = false;
        all.retain(|(_, decoded)| {
            !matches!(decoded, Decoded::Unreadable { .. }) || !std::mem::replace(&mut unreadable, true)
        });
    } else {
        all.truncate(1);
    }
    all
}

/// Counts a message as received, and as released if the caller stops waiting for it.
struct Counted<'a>(Option<&'a Counters>);

impl<'a> Counted<'a> {
    fn received(counters: &'a Counters) -> Self {
        counters.received.fetch_add(1, Ordering::Relaxed);
        Self(Some(counters))
    }

    fn settled(mut self, taken: &Taken) {
        if let Some(counters) = self.0.take() {
            counters.count(taken.settle.fate(), taken.failures.len());
        }
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        if let Some(counters) = self.0 {
            counters.count(Some(Fate::Released), 0);
        }
    }
}

impl Taken {
    fn without_run(settle: Settle) -> Self {
        Self { event_type_name: None, settle, failures: Vec::new() }
    }

    fn of(handled: Handled) -> Self {
        let Handled { event_type_name, verdict, notes: Notes { failures, homeless } } = handled;
        let settle = match (verdict, homeless.map(|letter| *letter)) {
            (Verdict::Delete(_), Some(DeadLetter { reason, subscriber })) => Settle::Rejected { reason, subscriber },
            (Verdict::Delete(fate), None) => Settle::Done(fate),
            (Verdict::Retry(after), _) => Settle::Retry { after },
            (Verdict::Release(_) | Verdict::Lost, _) => Settle::Stopped,
        };
        Self { event_type_name: event_type_name.map(std::borrow::Cow::into_owned), settle, failures }
    }

    /// Of one message in two queues.
    fn and(mut self, other: Self) -> Self {
        self.event_type_name = self.event_type_name.or(other.event_type_name);
        self.failures.extend(other.failures);
        self.settle = self.settle.and(other.settle);
        self
    }
}

impl Settle {
    fn and(self, other: Self) -> Self {
        let rank = |settle: &Self| match settle {
            Self::Done(Fate::Handled) => 1,
            Self::Done(Fate::DeadLettered) => 2,
            Self::Done(_) => 0,
            Self::Rejected { .. } => 3,
            Self::Retry { .. } => 4,
            Self::Stopped => 5,
        };
        match (self, other) {
            (Self::Retry { after }, Self::Retry { after: other }) => Self::Retry { after: after.max(other) },
            (one, other) if rank(&other) > rank(&one) => other,
            (one, _) => one,
        }
    }

    /// As what it counts.
    fn fate(&self) -> Option<Fate> {
        match *self {
            Self::Done(fate) => Some(fate),
            Self::Retry { after } => Some(Fate::Retried { after }),
            Self::Stopped => Some(Fate::Released),
            Self::Rejected { .. } => None,
        }
    }
}

impl fmt::Debug for Intake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Intake").finish_non_exhaustive()
    }
}
