//! A message as a program without Melange receives it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::Timestamp;
use crate::attributes::{AttributeValue, Attributes};
use crate::transport::Receipt;

use super::content::plain_type;

/// The parameters of a receive on a [`MemoryAccount`](super::MemoryAccount).
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
    /// Up to this many messages, 1 to 10, without waiting.
    pub fn up_to(max: usize) -> Self {
        Self { max, wait: Duration::ZERO, visibility: None, attempt: None }
    }

    /// Waits up to this long for the first message, at most 20 seconds.
    pub fn wait(mut self, wait: Duration) -> Self {
        self.wait = wait;
        self
    }

    /// Overrides the queue's visibility timeout; at most 12 hours.
    pub fn visibility(mut self, visibility: Duration) -> Self {
        self.visibility = Some(visibility);
        self
    }

    /// FIFO: a receive with the same id within five minutes returns the same messages, with the same receipt handles
    /// and without counting as a receive, as long as none of them was deleted or had its visibility timeout changed.
    pub fn attempt_id(mut self, id: impl Into<String>) -> Self {
        self.attempt = Some(id.into());
        self
    }
}

/// A message as a program without Melange receives it, unchanged.
#[derive(Clone)]
#[non_exhaustive]
pub struct Received {
    /// The message id in this queue; a move task changes it.
    pub message_id: String,
    /// Its body: what was sent, or the topic's envelope. `None` for local events, which have no JSON.
    pub body: Option<Arc<str>>,
    /// Its message attributes; empty if the body is an envelope, which contains them.
    pub attributes: Attributes,
    pub(super) labels: Option<Arc<BTreeMap<String, String>>>,
    /// Its message group.
    pub group: Option<String>,
    /// FIFO: its deduplication id: the one it was sent with, or the SHA-256 of its body; in a dead-letter queue, its own id.
    pub dedup_id: Option<String>,
    /// FIFO: grows with every message.
    pub sequence_number: Option<String>,
    /// Its receive count, this time and other queues included.
    pub receives: u32,
    /// When it was sent to its queue.
    pub sent_at: Timestamp,
    /// In a dead-letter queue, the queue that moved it there; `None` if it was sent there.
    pub source: Option<String>,
    /// The receipt handle that settles it.
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

/// The result for a message that was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sent {
    /// Its message id, from the topic or the queue. A duplicate gets the id of the first.
    pub message_id: String,
    /// FIFO: grows with every message.
    pub sequence_number: Option<String>,
}
