//! A message as a program without Melange receives it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::Timestamp;
use crate::attributes::{AttributeValue, Attributes};
use crate::transport::Receipt;

use super::content::plain_type;

/// What a receive on a [`MemoryAccount`](super::MemoryAccount) asks for.
///
/// ```
/// use std::time::Duration;
/// use melange::transport::memory::Receive;
///
/// let ask = Receive::up_to(10).wait(Duration::from_secs(20)).visibility(Duration::from_secs(5));
/// # let _ = ask;
/// ```
#[derive(Debug, Clone)]
#[must_use = "give it to `receive`"]
pub struct Receive {
    pub(super) max: usize,
    pub(super) wait: Duration,
    pub(super) visibility: Option<Duration>,
    pub(super) attempt: Option<String>,
}

impl Receive {
    /// Up to so many messages, 1 to 10, without waiting for them.
    pub fn up_to(max: usize) -> Self {
        Self { max, wait: Duration::ZERO, visibility: None, attempt: None }
    }

    /// Waits up to so long for the first, 20 seconds at most.
    pub fn wait(mut self, wait: Duration) -> Self {
        self.wait = wait;
        self
    }

    /// They are invisible to others for so long, 12 hours at most, instead of for as long as the queue says.
    pub fn visibility(mut self, visibility: Duration) -> Self {
        self.visibility = Some(visibility);
        self
    }

    /// FIFO: asked again under the same id within five minutes, the same messages come, under the same receipts and without
    /// being counted, as long as none of them was deleted, extended or given back.
    pub fn attempt_id(mut self, id: impl Into<String>) -> Self {
        self.attempt = Some(id.into());
        self
    }
}

/// A message as a program without Melange receives it: as it lies in the queue.
#[derive(Clone)]
#[non_exhaustive]
pub struct Received {
    /// The queue's own id of the message; changes with a move task.
    pub message_id: String,
    /// Its body: what was sent, or the topic's envelope. `None` for local events, which have no JSON.
    pub body: Option<Arc<str>>,
    /// What came beside it; nothing beside an envelope, which holds it.
    pub attributes: Attributes,
    pub(super) labels: Option<Arc<BTreeMap<String, String>>>,
    /// Its group.
    pub group: Option<String>,
    /// FIFO: by what it was known: what it was sent with, or the SHA-256 of its body; in a dead-letter queue, its own id.
    pub dedup_id: Option<String>,
    /// FIFO: grows with every message.
    pub sequence_number: Option<String>,
    /// How often it has been handed out, this time and other queues included.
    pub receives: u32,
    /// When its queue got it.
    pub sent_at: Timestamp,
    /// In a dead-letter queue, the queue that moved it there; `None` if it was sent there.
    pub source: Option<String>,
    /// What settles it.
    pub receipt: Receipt,
}

impl Received {
    /// The type of the attribute `name`: `String`, `Number.float`, `String.Array`.
    #[must_use]
    pub fn data_type(&self, name: &str) -> Option<&str> {
        let value: &AttributeValue = self.attributes.get(name)?;
        let label = self.labels.as_ref().and_then(|labels| labels.get(name));
        Some(label.map_or_else(|| plain_type(value), String::as_str))
    }
}

impl fmt::Debug for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Never the content, nor the receipt.
        f.debug_struct("Received")
            .field("message_id", &self.message_id)
            .field("receives", &self.receives)
            .finish_non_exhaustive()
    }
}

/// What was given to a message that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sent {
    /// Its id: the topic's, or the queue's. A duplicate is given that of the first.
    pub message_id: String,
    /// FIFO: grows with every message.
    pub sequence_number: Option<String>,
}
