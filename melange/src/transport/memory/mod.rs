//! An account of topics and queues within the process: what SNS and SQS do, without them.

mod account;
mod attempts;
mod batch;
mod broker;
mod builder;
mod chance;
mod content;
mod deduplication;
mod direct;
mod envelope;
mod fan_out;
mod filter;
#[cfg(test)]
mod fixture;
mod inspect;
mod limits;
mod moves;
mod order;
mod outgoing;
mod queue;
mod queues;
mod receipt;
mod received;
mod receiving;
mod refused;
mod sending;
mod settings;
mod signal;
mod stored;
mod subscription;
mod topic;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

pub use batch::{BatchAnswer, FailedEntry};
pub use broker::MemoryAccount;
pub use builder::MemoryTransportBuilder;
pub use filter::FilterPolicy;
pub use inspect::{DeadLetterRecord, QueueDepth};
pub use moves::{MoveReport, MoveState, MoveTask};
pub use outgoing::Outgoing;
pub use received::{Receive, Received, Sent};
pub use refused::{Refused, RefusedKind};
pub use settings::{QueueSettings, TopicSettings};
pub use subscription::Subscription;

use super::{
    Capabilities, DeadLetter, Delivery, Message, MoveStatus, Receipt, Topology, Transport, TransportError,
    TransportErrorKind,
};
use account::Account;
use chance::Chance;
use queue::Ask;
use stored::Stored;

/// The own queue of an account that was given no other.
const OWN_QUEUE: &str = "melange";

/// What is left of the twelve hours that a message may be in hand when it is to rest for as long as can be.
const SPARE: Duration = Duration::from_secs(5);

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
/// [`account`](Self::account) is the same as any other program sees it: queues, subscriptions and filter policies of one's
/// own, messages that no Melange wrote, and every limit. `docs/memory-account.md` lists what it does, where that is known
/// from, and which test pins it.
///
/// It keeps more order than AWS, unless it is [`shuffled`](MemoryTransportBuilder::shuffled): on standard queues too,
/// messages with a key are handed out in the order they were published, and not while another one of the key is in hand.
/// One that rests for a retry does not hold back the others. It rests once its visibility was changed, unless to the
/// queue's own visibility time-out, by which handlers that go on extend theirs.
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
        Self::left_to(Chance::default())
    }

    /// A new account in which order and duplicates are left to a seed.
    pub fn builder() -> MemoryTransportBuilder {
        MemoryTransportBuilder::default()
    }

    fn left_to(chance: Chance) -> Self {
        let account = Arc::new(Mutex::new(Account::left_to(chance)));
        Self { account, own_queue: OWN_QUEUE.into(), before: Arc::default() }
    }

    /// The account as any other program sees it: to make queues and subscriptions, and to call it as a broker is called.
    #[must_use]
    pub fn account(&self) -> MemoryAccount {
        MemoryAccount::new(Arc::clone(&self.account))
    }

    /// The same account, for a service whose own queue is `name`.
    #[must_use]
    pub fn queue(&self, name: impl Into<Arc<str>>) -> Self {
        Self { account: Arc::clone(&self.account), own_queue: name.into(), before: Arc::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Account> {
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
        let mut account = self.lock();
        let mut before = self.before.lock().unwrap_or_else(PoisonError::into_inner);
        for plan in &topology.queues {
            before.entry(plan.name.clone()).or_insert_with(|| account.event_types(&plan.name));
        }
        account.declare(&self.own_queue, topology)
    }

    async fn prepare(&self, topology: &Topology) -> Result<(), TransportError> {
        self.lock()
            .declare(&self.own_queue, topology)
            .map_err(|refused| TransportError::new(TransportErrorKind::Configuration, refused.join("; ")))
    }

    async fn is_wanted(&self, _: &Topology, queue: &str, event_type: &str) -> bool {
        let before = self.before.lock().unwrap_or_else(PoisonError::into_inner);
        let is_left_over = before.get(queue).is_some_and(|names| names.contains(event_type));
        drop(before);
        !is_left_over && self.lock().event_types(queue).contains(event_type)
    }

    async fn publish(&self, messages: Vec<Message>) -> Vec<Result<(), TransportError>> {
        let now = Instant::now();
        let mut account = self.lock();
        messages.into_iter().map(|message| account.publish(message, now)).collect()
    }

    async fn send(
        &self,
        queue: &str,
        messages: Vec<Message>,
        delay: Option<Duration>,
    ) -> Vec<Result<(), TransportError>> {
        let now = Instant::now();
        let mut account = self.lock();
        messages.into_iter().map(|message| account.send(queue, message, delay, now)).collect()
    }

    async fn receive(&self, queue: &str, max: usize, wait: Duration) -> Result<Vec<Delivery>, TransportError> {
        let max = max.clamp(1, CAPABILITIES.max_batch);
        let signal = self.lock().queues.get(queue)?.signal();
        let ask = Ask { max, visibility: None, attempt: None, waits: !wait.is_zero() };
        let look = || self.lock().receive(queue, &ask, Instant::now(), Stored::deliver).map_err(TransportError::from);
        signal.receive(wait, look).await
    }

    async fn delete(&self, queue: &str, receipts: Vec<Receipt>) -> Vec<Result<(), TransportError>> {
        let now = Instant::now();
        let mut account = self.lock();
        let mut one = |receipt| account.queues.get(queue)?.delete(receipt, now);
        receipts.iter().map(|receipt| one(receipt).map_err(settling)).collect()
    }

    async fn change_visibility(
        &self,
        queue: &str,
        receipts: Vec<(Receipt, Duration)>,
    ) -> Vec<Result<(), TransportError>> {
        let now = Instant::now();
        let mut account = self.lock();
        let mut one = |receipt, time: Duration| {
            account.queues.get(queue)?.change_visibility(receipt, time.min(CAPABILITIES.max_in_hand - SPARE), now)
        };
        receipts.iter().map(|(receipt, time)| one(receipt, *time).map_err(settling)).collect()
    }

    async fn redrive(&self, queue: &str, letter: &Delivery, redrives: u32) -> Result<(), TransportError> {
        self.lock().redrive_one(queue, &letter.receipt, redrives, Instant::now()).map_err(settling)
    }

    async fn start_move(&self, queue: &str) -> Result<String, TransportError> {
        Ok(self.account().start_move(MoveTask::of(dead_letter_queue(queue)).to(queue))?)
    }

    async fn move_status(&self, queue: &str, task: &str) -> Result<MoveStatus, TransportError> {
        let dead = dead_letter_queue(queue);
        let report = self.account().moves(&dead)?.into_iter().find(|report| report.task == task);
        match report.map(|report| (report.state, report.moved)) {
            Some((MoveState::Running, moved)) => Ok(MoveStatus::running(moved)),
            Some((MoveState::Completed, moved)) => Ok(MoveStatus::done(moved)),
            Some((MoveState::Cancelled | MoveState::Failed, moved)) => {
                let what = format!("the move of the messages of queue `{dead}` ended after {moved} of them");
                Err(TransportError::new(TransportErrorKind::Configuration, what))
            }
            None => {
                let what = format!("nothing is known of this move of the messages of queue `{dead}`");
                Err(TransportError::new(TransportErrorKind::NotFound, what))
            }
        }
    }

    async fn dead_letter(&self, queue: &str, delivery: &Delivery, letter: &DeadLetter) -> Result<(), TransportError> {
        self.lock().dead_letter(queue, &delivery.receipt, letter, Instant::now()).map_err(settling)
    }
}

/// What a refusal means for a message that is to be settled: it is not ours any more, unless its queue is gone.
fn settling(refused: Refused) -> TransportError {
    let error = TransportError::from(refused);
    match error.kind() {
        TransportErrorKind::NotFound => error,
        _ => TransportError::new(TransportErrorKind::LeaseLost, error.to_string()),
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
