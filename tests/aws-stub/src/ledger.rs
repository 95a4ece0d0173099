//! What was asked, what it would have cost, and what became of messages.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

/// What one request is billed for. Source: the pricing pages of SQS and SNS.
const CHUNK: usize = 64 * 1024;

/// Calls that are remembered; the oldest are forgotten.
const REMEMBERED: usize = 100_000;

/// One HTTP request, as it came.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Call {
    /// As in `ReceiveMessage`.
    pub action: &'static str,
    /// The name of the queue or topic it was about; empty for none.
    pub target: Arc<str>,
    /// How many messages it was about: those of a batch, or those that a receive brought.
    pub entries: usize,
    /// Bytes of those messages, attributes included.
    pub bytes: usize,
    /// Which try of the SDK it was, counted from 1; 0 if it did not say.
    pub attempt: u32,
    /// Where SQS long polls: how long it was to wait, in seconds.
    pub wait: Option<u64>,
    /// When it had come, whole.
    pub at: Instant,
    /// When it was answered; `None` for not yet, or never.
    pub answered: Option<Instant>,
    /// The status it was answered with.
    pub status: Option<u16>,
}

/// How often an action was called.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Count {
    /// HTTP requests, answered or not, the SDK's own tries included.
    pub requests: u64,
    /// What AWS would bill: every 64 KiB of messages is a request.
    pub billed: u64,
    /// Messages they were about.
    pub entries: u64,
}

/// How often each action was called.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Requests(BTreeMap<&'static str, Count>);

impl Requests {
    /// HTTP requests of this action.
    #[must_use]
    pub fn of(&self, action: &str) -> u64 {
        self.count(action).requests
    }

    /// All that is known of this action.
    #[must_use]
    pub fn count(&self, action: &str) -> Count {
        self.0.get(action).copied().unwrap_or_default()
    }

    /// HTTP requests of all actions.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.values().map(|count| count.requests).sum()
    }

    /// What AWS would bill for all actions.
    #[must_use]
    pub fn billed(&self) -> u64 {
        self.0.values().map(|count| count.billed).sum()
    }

    /// The actions that were called, by name.
    #[must_use]
    pub fn actions(&self) -> Vec<&'static str> {
        self.0.keys().copied().collect()
    }

    /// Every action with its count, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, Count)> {
        self.0.iter().map(|(action, count)| (*action, *count))
    }
}

/// What became of messages, since the stub was started or its counts were reset.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Messages {
    /// Taken by topics.
    pub published: u64,
    /// Put into queues by topics: once for each subscription.
    pub delivered: u64,
    /// Kept back by a filter policy: once for each subscription.
    pub filtered: u64,
    /// Lost between topic and queue, or put into the subscription's dead-letter queue: the queue's policy or key does not
    /// let SNS in, the queue is gone, the message is too large for it, has characters SQS refuses, or more than 10
    /// attributes under raw delivery.
    pub undeliverable: u64,
    /// Sent to queues directly.
    pub sent: u64,
    /// Not taken again by a FIFO topic or queue, which knew its deduplication id.
    pub deduplicated: u64,
    /// Handed out by queues, each time counted.
    pub received: u64,
    /// Of those, handed out before.
    pub redelivered: u64,
    /// Deleted by a receipt.
    pub deleted: u64,
    /// Deletes that deleted nothing: by a receipt that was not the latest, which a standard queue takes without a word, or of
    /// what was deleted already.
    pub stale_deletes: u64,
    /// Moved to a dead-letter queue by the queue's redrive policy.
    pub dead_lettered: u64,
    /// Older than their queue's retention.
    pub expired: u64,
}

/// Every request there was.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    requests: BTreeMap<&'static str, Count>,
    calls: VecDeque<Call>,
    /// The number of the first call in `calls`.
    first: u64,
}

impl Ledger {
    /// The number to answer it under.
    pub(crate) fn begin(&mut self, call: Call) -> u64 {
        let count = self.requests.entry(call.action).or_default();
        count.requests += 1;
        if self.calls.len() == REMEMBERED {
            self.calls.pop_front();
            self.first += 1;
        }
        self.calls.push_back(call);
        self.first + self.calls.len() as u64 - 1
    }

    /// It was carried out, or refused: what it was about is known now.
    pub(crate) fn carried(&mut self, number: u64, action: &'static str, entries: usize, bytes: usize) {
        let count = self.requests.entry(action).or_default();
        count.entries += entries as u64;
        count.billed += bytes.div_ceil(CHUNK).max(1) as u64;
        if let Some(call) = self.call(number) {
            call.entries = entries;
            call.bytes = bytes;
        }
    }

    pub(crate) fn answered(&mut self, number: u64, status: u16) {
        if let Some(call) = self.call(number) {
            call.answered = Some(Instant::now());
            call.status = Some(status);
        }
    }

    fn call(&mut self, number: u64) -> Option<&mut Call> {
        let at = usize::try_from(number.checked_sub(self.first)?).ok()?;
        self.calls.get_mut(at)
    }

    pub(crate) fn requests(&self) -> Requests {
        Requests(self.requests.clone())
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.iter().cloned().collect()
    }

    pub(crate) fn reset(&mut self) {
        self.requests.clear();
        self.first += self.calls.len() as u64;
        self.calls.clear();
    }
}
