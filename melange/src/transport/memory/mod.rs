//! An in-memory account of topics and queues, which does what SNS and SQS do.

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
mod line;
mod moves;
mod order;
mod outgoing;
mod queue;
mod queues;
mod quiet;
mod receipt;
mod received;
mod receiving;
mod refused;
mod sending;
mod settings;
mod signal;
mod sorted;
mod stored;
mod subscription;
mod topic;
mod topic_settings;
mod transport;

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
pub use settings::QueueSettings;
pub use subscription::Subscription;
pub use topic_settings::TopicSettings;

use account::Account;
use chance::Chance;
pub(super) use receipt::MemoryReceipt;

/// The own queue of an account that was given no other.
const OWN_QUEUE: &str = "melange";

/// Topics and queues within the process, with the semantics of SNS and SQS: the default transport.
///
/// Topics fan out to queues, filtered by `event_type`. A received message is invisible until it is deleted, returned,
/// or its visibility timeout ends; a message that is received too often, or given up, goes to a dead-letter queue.
/// Queue `billing` has `billing-dlq`, queue `billing.fifo` has `billing-dlq.fifo`. Topics and queues whose names end in
/// `.fifo` are FIFO: deduplicated for five minutes, in order for each key. Messages sent directly to a queue may be
/// delayed by up to 15 minutes. Everything runs on tokio's clock, so that a test can pause time.
///
/// Cloning is cheap and shares the account; [`queue`](Self::queue) returns a handle for another service:
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
/// [`account`](Self::account) is the same account as other programs see it: your own queues, subscriptions and filter
/// policies, messages that Melange did not write, and every limit. `melange/docs/memory-account.md` lists what it does,
/// the source of each rule, and the test that pins it.
///
/// It keeps more order than AWS, unless it is [`shuffled`](MemoryTransportBuilder::shuffled): even from standard
/// queues, messages that buses publish with a key are received in publish order, and not while another one with that
/// key is in flight. A message that waits for a retry does not hold back the others. It counts as waiting once its
/// visibility timeout was changed, unless to the queue's own visibility timeout, which is what running handlers extend
/// it by.
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

    /// Whether there is no other handle to the account, so that it ends with this one.
    pub(crate) fn is_held_by_one(&self) -> bool {
        Arc::strong_count(&self.account) == 1
    }

    fn left_to(chance: Chance) -> Self {
        let account = Arc::new(Mutex::new(Account::left_to(chance)));
        Self { account, own_queue: OWN_QUEUE.into(), before: Arc::default() }
    }

    /// The account as any other program sees it: to make queues and subscriptions, and to call it as a broker is
    /// called.
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

/// The moment `time` after `now`, which no time is too long for.
fn later(now: Instant, time: Duration) -> Instant {
    const FOREVER: Duration = Duration::from_secs(365 * 24 * 60 * 60);
    now + time.min(FOREVER)
}

fn is_fifo(name: &str) -> bool {
    name.ends_with(".fifo")
}

/// The name of the dead-letter queue of `queue`.
pub(crate) fn dead_letter_queue(queue: &str) -> String {
    match queue.strip_suffix(".fifo") {
        Some(base) => format!("{base}-dlq.fifo"),
        None => format!("{queue}-dlq"),
    }
}
