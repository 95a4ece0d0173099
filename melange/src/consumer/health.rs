//! The health of a consumer: for probes, and for people.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::engine::Engine;
use crate::registry::Fingerprint;
use crate::transport::TransportError;

/// A queue whose polls have failed this often, for this long, is not healthy. A probe every 10 seconds sees it in time.
const FAILURES: u32 = 3;
const FAILING: Duration = Duration::from_secs(10);

/// A poll that takes this much longer than its wait hangs.
const OVERDUE: Duration = Duration::from_secs(30);

/// The health of a consumer: of an [`EventBus`](crate::EventBus), or of one that polls in the background.
///
/// ```rust,standalone_crate
/// # use std::time::Duration;
/// # #[derive(serde::Serialize, serde::Deserialize, melange::Event)]
/// # #[event(topic = "orders")]
/// # struct OrderPlaced(u64);
/// # #[melange::subscriber(listens_to = OrderPlaced)]
/// # async fn receipt(_: &OrderPlaced) {}
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let bus = melange::EventBus::builder().linked().build()?;
/// assert!(!bus.health().is_healthy()); // not started
/// bus.start().await?;
/// assert!(bus.health().is_healthy());  // what a probe asks; `{}` says more
/// # bus.shutdown(Duration::from_secs(1)).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Health {
    /// The fingerprint of its events and subscribers: the same in all processes of one build that are set up alike. If
    /// two processes of a service have different ones, they run different versions.
    pub fingerprint: Fingerprint,
    /// Each queue that is consumed.
    pub queues: Vec<QueueHealth>,
}

impl Health {
    /// Whether every queue is being polled, or would be if it were not paused or at its concurrency limit.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        self.queues.iter().all(QueueHealth::is_healthy)
    }
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_healthy() { "healthy" } else { "unhealthy" })?;
        write!(f, "; registry {}", self.fingerprint)?;
        self.queues.iter().try_for_each(|queue| write!(f, "; {queue}"))
    }
}

/// The health of one queue.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct QueueHealth {
    /// Its name, without any prefix.
    pub queue: String,
    /// Its state.
    pub state: QueueState,
    /// How long ago a poll last succeeded, with messages or without.
    pub last_successful_poll: Option<Duration>,
    /// Messages in flight.
    pub in_flight: usize,
    /// How long the oldest of them has been in flight.
    pub oldest_in_hand: Option<Duration>,
    /// How many polls have failed since the last success.
    pub consecutive_errors: u32,
    /// The error of the last of them.
    pub last_error: Option<String>,
}

/// The state of a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum QueueState {
    /// It has not been polled yet: `start()` was not called.
    NotStarted,
    /// It is being polled.
    Polling,
    /// The concurrency limit is reached: polling continues when handlers are done.
    Saturated,
    /// It is paused.
    Paused,
    /// Its polls fail, and are retried.
    Failing,
    /// A poll has had no answer for far longer than its wait time.
    Hanging,
    /// It was shut down.
    Stopped,
}

impl QueueHealth {
    /// Whether it is being polled, or would be if it were not paused or saturated.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        matches!(self.state, QueueState::Polling | QueueState::Saturated | QueueState::Paused)
    }
}

impl fmt::Display for QueueHealth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {:?}, {} in hand", self.queue, self.state, self.in_flight)?;
        if let Some(oldest) = self.oldest_in_hand {
            write!(f, ", the oldest for {oldest:?}")?;
        }
        if let Some(ago) = self.last_successful_poll {
            write!(f, ", polled {ago:?} ago")?;
        }
        if let Some(error) = &self.last_error {
            write!(f, ", {} errors: {error}", self.consecutive_errors)?;
        }
        Ok(())
    }
}

/// What is known of a queue's polls.
#[derive(Debug, Default)]
pub(crate) struct Status(Mutex<Polls>);

#[derive(Debug, Default)]
struct Polls {
    under_way: u32,
    /// When the last poll was begun, while one is under way.
    asked: Option<Instant>,
    succeeded: Option<Instant>,
    failing_since: Option<Instant>,
    errors: u32,
    last_error: Option<String>,
}

impl Status {
    /// A poll begins.
    pub(crate) fn asked(&self) {
        let mut polls = self.polls();
        polls.under_way += 1;
        polls.asked = Some(Instant::now());
    }

    /// A poll is over.
    pub(crate) fn answered(&self, error: Option<&TransportError>) {
        let now = Instant::now();
        let mut polls = self.polls();
        polls.under_way = polls.under_way.saturating_sub(1);
        match error {
            None => {
                polls.succeeded = Some(now);
                (polls.failing_since, polls.errors, polls.last_error) = (None, 0, None);
            }
            Some(error) => {
                polls.failing_since.get_or_insert(now);
                polls.errors = polls.errors.saturating_add(1);
                polls.last_error = Some(error.to_string());
            }
        }
    }

    fn polls(&self) -> MutexGuard<'_, Polls> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How the engine's queues are now.
pub(crate) fn health(engine: &Engine) -> Health {
    let now = Instant::now();
    let saturated = engine.budget.is_exhausted();
    let queues = engine.queues.iter().map(|queue| {
        let (in_flight, oldest) = queue.leases.in_hand();
        let polls = queue.status.polls();
        let since = |at: Option<Instant>| at.map(|at| now.saturating_duration_since(at));
        let lasts = |at: Option<Instant>, long: Duration| since(at).is_some_and(|time| time >= long);
        let state = if engine.stop.is_cancelled() {
            QueueState::Stopped
        } else if queue.settler.get().is_none() {
            QueueState::NotStarted
        } else if !queue.switch.is_on() {
            QueueState::Paused
        } else if polls.errors >= FAILURES && lasts(polls.failing_since, FAILING) {
            QueueState::Failing
        } else if polls.under_way > 0 && lasts(polls.asked, engine.wait + OVERDUE) {
            QueueState::Hanging
        } else if polls.under_way == 0 && saturated {
            QueueState::Saturated
        } else {
            QueueState::Polling
        };
        QueueHealth {
            queue: queue.name.clone(),
            state,
            last_successful_poll: since(polls.succeeded),
            in_flight,
            oldest_in_hand: since(oldest),
            consecutive_errors: polls.errors,
            last_error: polls.last_error.clone(),
        }
    });
    Health { fingerprint: engine.fingerprint(), queues: queues.collect() }
}
