//! Inspecting an account, for people and tests.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::account::Account;
use super::order::Standing;
use super::stored::Stored;
use super::{MemoryTransport, dead_letter_queue};
use crate::attributes::{Attributes, EVENT_TYPE, REASON, SUBSCRIBER};
use crate::{EventId, Timestamp};

/// How many messages a queue holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueueDepth {
    /// Waiting to be received, including those that wait for an earlier one with their key.
    pub visible: usize,
    /// In flight: received and not settled.
    pub in_hand: usize,
    /// Not receivable yet: delayed, or waiting for a retry.
    pub resting: usize,
}

impl QueueDepth {
    /// All of them.
    #[must_use]
    pub fn total(self) -> usize {
        self.visible + self.in_hand + self.resting
    }
}

/// A message in a dead-letter queue.
#[derive(Clone)]
#[non_exhaustive]
pub struct DeadLetterRecord {
    /// The event's name on the wire, from its attribute; empty if it has none.
    pub event_type: String,
    /// The event's id, if known.
    pub event_id: Option<EventId>,
    /// Why it is here.
    pub reason: String,
    /// The subscriber that gave it up; `None` if no subscriber could read it, or the queue itself moved it.
    pub subscriber: Option<String>,
    /// The topic it was published to; empty if another program sent it to a queue.
    pub topic: String,
    /// Its ordering key.
    pub key: Option<String>,
    /// Its body; `None` for local events, which have no JSON.
    pub body: Option<Arc<str>>,
    /// The message attributes.
    pub attributes: Attributes,
    /// How often it was received.
    pub attempts: u32,
    /// When it was sent to its queue.
    pub sent_at: Timestamp,
}

impl fmt::Debug for DeadLetterRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Never the body, the key or the attributes: payloads do not belong in logs.
        f.debug_struct("DeadLetterRecord")
            .field("event_type", &self.event_type)
            .field("event_id", &self.event_id)
            .field("reason", &self.reason)
            .field("subscriber", &self.subscriber)
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}

impl DeadLetterRecord {
    fn of(stored: &Stored) -> Self {
        let content = &stored.content;
        let text = |name| content.attributes.text(name).map(str::to_owned);
        // What the queue itself moves, it moves as it is.
        let moved = || format!("moved by the queue after {} receives", stored.receives);
        Self {
            event_type: text(EVENT_TYPE).unwrap_or_default(),
            event_id: content.event_id.clone(),
            reason: text(REASON).unwrap_or_else(moved),
            subscriber: text(SUBSCRIBER),
            topic: content.topic.as_deref().unwrap_or_default().to_owned(),
            key: stored.key.as_deref().map(str::to_owned),
            body: content.json().cloned(),
            attributes: content.attributes.clone(),
            attempts: stored.receives,
            sent_at: stored.sent_at,
        }
    }
}

/// Looking into the account. A queue that does not exist is as an empty one.
impl MemoryTransport {
    /// The messages in the dead-letter queue of `queue`, the oldest first.
    #[must_use]
    pub fn dead_letters(&self, queue: &str) -> Vec<DeadLetterRecord> {
        let mut account = self.lock();
        let Ok(dead) = account.queues.get(&dead_letter_queue(queue)) else {
            return Vec::new();
        };
        dead.messages(Instant::now()).map(|(stored, _)| DeadLetterRecord::of(stored)).collect()
    }

    /// Moves the messages in the dead-letter queue of `queue` back to it, and returns how many those were.
    ///
    /// They arrive as new messages, with new message ids, but each only for the subscriber that gave it up. Messages
    /// that are in flight from the dead-letter queue stay there.
    pub fn redrive(&self, queue: &str) -> usize {
        self.lock().redrive(queue, Instant::now())
    }

    /// How many messages `queue` holds now. Its dead-letter queue is counted under its own name, `<queue>-dlq`.
    #[must_use]
    pub fn depth(&self, queue: &str) -> QueueDepth {
        let mut depth = QueueDepth::default();
        let (mut account, now) = (self.lock(), Instant::now());
        let Account { moves, queues, .. } = &mut *account;
        moves.go_on(queues, now);
        let Ok(queue) = queues.get(queue) else {
            return depth;
        };
        for (_, standing) in queue.messages(now) {
            match standing {
                Standing::Visible => depth.visible += 1,
                Standing::InHand => depth.in_hand += 1,
                Standing::Away => depth.resting += 1,
            }
        }
        depth
    }

    /// Whether there is such a queue.
    #[cfg(feature = "test-util")]
    pub(crate) fn has_queue(&self, queue: &str) -> bool {
        self.lock().queues.get(queue).is_ok()
    }

    /// How long `queue` keeps a message.
    #[cfg(feature = "test-util")]
    pub(crate) fn retention(&self, queue: &str) -> Option<Duration> {
        self.lock().queues.get(queue).ok().map(|queue| queue.settings.retention)
    }

    /// Deletes all messages of `queue`, in flight or not, and returns how many those were. May be called as often as a
    /// test wants, unlike [`MemoryAccount::purge`](super::MemoryAccount::purge).
    pub fn purge(&self, queue: &str) -> usize {
        self.lock().queues.get(queue).map_or(0, super::queue::Queue::purge)
    }

    /// Delays messages published to `queue` from now on. Creates the queue if it does not exist yet, so that this can
    /// be called before a bus is built. Any duration is accepted, where SQS allows at most 15 minutes.
    pub fn set_delay(&self, queue: &str, delay: Duration) {
        self.lock().queues.get_or_new(queue).settings.delay = delay;
    }
}

#[cfg(test)]
mod tests;
