//! An account of topics and queues within the process: what SNS and SQS do, without them.

mod account;
mod deduplication;
mod direct;
#[cfg(test)]
mod fixture;
mod inspect;
mod order;
mod queue;
mod receipt;
mod signal;
mod stored;
mod topic;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

pub use inspect::{DeadLetterRecord, QueueDepth};

use super::{
    Capabilities, DeadLetter, Delivery, Message, MoveStatus, Receipt, Topology, Transport, TransportError,
    TransportErrorKind,
};
use account::Account;

/// The own queue of an account that was given no other.
const OWN_QUEUE: &str = "melange";

const CAPABILITIES: Capabilities = Capabilities::wire("memory").in_process();

/// Topics and queues within the process, with the semantics of SNS and SQS: the default transport.
///
/// Topics fan out to queues by the `event_type`s they want; what is received stays invisible until it is deleted, given
/// back, or its time is over; what is received too often, or given up, goes to a dead-letter queue. A queue `billing` has
/// `billing-dlq`, a queue `billing.fifo` has `billing-dlq.fifo`. Names that end in `.fifo` are FIFO: deduplicated for five
/// minutes, in order by key. What is sent to a queue itself may be delayed by up to 15 minutes. Everything runs on tokio's clock, so that a test can pause time.
///
/// Cloning is cheap and shares the account; [`queue`](Self::queue) gives another service of it:
///
/// ```
/// use melange::transport::{MemoryTransport, Transport};
///
/// let account = MemoryTransport::new();
/// let billing = account.queue("billing");                 // for one bus
/// let shipping = account.queue("shipping");               // for another: what one publishes reaches both
/// assert_eq!(billing.own_queue(), "billing");
/// assert_eq!(shipping.dead_letters("billing").len(), 0);  // any of them shows the whole account
/// ```
///
/// Where it is stricter than AWS, so that what works here works there:
///
/// - A receipt whose time is over settles nothing: deleting with it is
///   [`LeaseLost`](TransportErrorKind::LeaseLost), as it is for FIFO queues. A standard queue of SQS may or may not delete.
/// - A receive hands out at most one message of a FIFO group, though SQS may hand out several in order.
///
/// Where it keeps more order than AWS: on standard queues too, messages with a key are handed out in the order they were
/// published, and not while another one of the key is in hand. One that rests for a retry does not hold back the others.
/// It rests once its visibility was changed, unless to the queue's own visibility time-out, by which handlers that go on
/// extend theirs.
#[derive(Clone)]
pub struct MemoryTransport {
    account: Arc<Mutex<Account>>,
    own_queue: Arc<str>,
    /// What its queues were fed with before it declared its own, by queue.
    before: Arc<Mutex<BTreeMap<String, BTreeSet<String>>>>,
}

impl MemoryTransport {
    /// A new account. Its own queue is called `melange`.
    #[must_use]
    pub fn new() -> Self {
        Self { account: Arc::default(), own_queue: OWN_QUEUE.into(), before: Arc::default() }
    }

    /// The same account, for a service whose own queue is `name`.
    #[must_use]
    pub fn queue(&self, name: impl Into<Arc<str>>) -> Self {
        Self { account: Arc::clone(&self.account), own_queue: name.into(), before: Arc::default() }
    }

    fn account(&self) -> MutexGuard<'_, Account> {
        // Nothing under this lock runs code of others, so what a panic left behind is whole.
        self.account.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryTransport {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryTransport").field("own_queue", &self.own_queue).finish_non_exhaustive()
    }
}

impl Transport for MemoryTransport {
    fn capabilities(&self) -> Capabilities {
        CAPABILITIES
    }

    fn own_queue(&self) -> &str {
        &self.own_queue
    }

    /// Also makes the topology, so that what is published before `start()` waits in the queues.
    fn check(&self, topology: &Topology) -> Result<(), Vec<String>> {
        let mut account = self.account();
        let mut before = self.before.lock().unwrap_or_else(PoisonError::into_inner);
        for plan in &topology.queues {
            before.entry(plan.name.clone()).or_insert_with(|| account.event_types(&plan.name));
        }
        account.declare(topology)
    }

    async fn prepare(&self, topology: &Topology) -> Result<(), TransportError> {
        self.account()
            .declare(topology)
            .map_err(|refused| TransportError::new(TransportErrorKind::Configuration, refused.join("; ")))
    }

    async fn is_wanted(&self, _: &Topology, queue: &str, event_type: &str) -> bool {
        let before = self.before.lock().unwrap_or_else(PoisonError::into_inner);
        let is_left_over = before.get(queue).is_some_and(|names| names.contains(event_type));
        drop(before);
        !is_left_over && self.account().event_types(queue).contains(event_type)
    }

    async fn publish(&self, messages: Vec<Message>) -> Vec<Result<(), TransportError>> {
        let now = Instant::now();
        let mut account = self.account();
        messages.into_iter().map(|message| account.publish(message, now)).collect()
    }

    async fn send(
        &self,
        queue: &str,
        messages: Vec<Message>,
        delay: Option<Duration>,
    ) -> Vec<Result<(), TransportError>> {
        let now = Instant::now();
        let mut account = self.account();
        messages.into_iter().map(|message| account.send(queue, message, delay, now)).collect()
    }

    async fn receive(&self, queue: &str, max: usize, wait: Duration) -> Result<Vec<Delivery>, TransportError> {
        let max = max.clamp(1, CAPABILITIES.max_batch);
        let signal = self.account().signal(queue)?;
        signal.receive(wait, || self.account().receive(queue, max, Instant::now())).await
    }

    async fn delete(&self, queue: &str, receipts: Vec<Receipt>) -> Vec<Result<(), TransportError>> {
        let now = Instant::now();
        let mut account = self.account();
        receipts.iter().map(|receipt| account.delete(queue, receipt, now)).collect()
    }

    async fn change_visibility(
        &self,
        queue: &str,
        receipts: Vec<(Receipt, Duration)>,
    ) -> Vec<Result<(), TransportError>> {
        let now = Instant::now();
        let mut account = self.account();
        receipts.iter().map(|(receipt, time)| account.change_visibility(queue, receipt, *time, now)).collect()
    }

    async fn redrive(&self, queue: &str, letter: &Delivery, redrives: u32) -> Result<(), TransportError> {
        self.account().redrive_one(queue, &letter.receipt, redrives, Instant::now())
    }

    async fn start_move(&self, queue: &str) -> Result<String, TransportError> {
        Ok(Self::redrive(self, queue).to_string())
    }

    async fn move_status(&self, _: &str, task: &str) -> Result<MoveStatus, TransportError> {
        // It was done when it was begun; the task is how many that were.
        Ok(MoveStatus::done(task.parse().unwrap_or(0)))
    }

    async fn dead_letter(&self, queue: &str, delivery: &Delivery, letter: &DeadLetter) -> Result<(), TransportError> {
        self.account().dead_letter(queue, &delivery.receipt, letter, Instant::now())
    }
}

/// The moment `time` after `now`, which no time is too long for.
fn later(now: Instant, time: Duration) -> Instant {
    const FOREVER: Duration = Duration::from_secs(365 * 24 * 60 * 60);
    now + time.min(FOREVER)
}

fn is_fifo(name: &str) -> bool {
    name.ends_with(".fifo")
}

/// The name of the dead-letter queue of `queue`.
fn dead_letter_queue(queue: &str) -> String {
    match queue.strip_suffix(".fifo") {
        Some(base) => format!("{base}-dlq.fifo"),
        None => format!("{queue}-dlq"),
    }
}
