//! What goes to a transport, and what comes back from one.

use std::any::Any;
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use super::memory::MemoryReceipt;
use crate::Timestamp;
use crate::attributes::Attributes;
use crate::event::{Erased, EventDescriptor};
use crate::metadata::Metadata;

/// The content of a message.
#[derive(Clone)]
#[non_exhaustive]
pub enum Body {
    /// JSON, in a [`Format`](crate::Format).
    Json(Arc<str>),
    /// An `#[event(local)]` value, which in-process transports pass on unchanged.
    Typed(Erased),
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Never the content: payloads do not belong in logs.
        match self {
            Self::Json(json) => write!(f, "Json({} bytes)", json.len()),
            Self::Typed(_) => f.write_str("Typed"),
        }
    }
}

/// An event on its way out.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Message {
    /// Its type.
    pub event: &'static EventDescriptor,
    /// Its id, time, topic.
    pub metadata: Metadata,
    /// Its message attributes, including Melange's own; at most 8.
    pub attributes: Attributes,
    /// Its ordering key: the message group on FIFO topics.
    pub key: Option<String>,
    /// The FIFO deduplication id that the event itself sets. See [`dedup_id`](Self::dedup_id).
    pub dedup_id: Option<String>,
    /// Its content.
    pub body: Body,
}

impl Message {
    /// The topic to publish to, without any prefix.
    #[must_use]
    pub fn topic(&self) -> &str {
        &self.metadata.topic
    }

    /// Its FIFO deduplication id: the event's own, or the event id.
    #[must_use]
    pub fn dedup_id(&self) -> Cow<'_, str> {
        match &self.dedup_id {
            Some(own) => Cow::Borrowed(own),
            None => Cow::Owned(self.metadata.event_id.to_text()),
        }
    }
}

/// A message received from a queue, to be settled.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Delivery {
    /// The message id in this queue; a redrive changes it.
    pub message_id: String,
    /// The content, or why it cannot be read at all.
    pub content: Result<Inbound, Undecodable>,
    /// Its receive count, this time included.
    pub attempt: u32,
    /// When it was sent to the queue.
    pub sent_at: Option<Timestamp>,
    /// Its message group: messages of one group are handled in order, one at a time.
    pub group: Option<String>,
    /// What settles it.
    pub receipt: Receipt,
}

impl Delivery {
    /// A delivery on its first attempt, without a group.
    #[must_use]
    pub fn new(message_id: impl Into<String>, content: Result<Inbound, Undecodable>, receipt: Receipt) -> Self {
        Self { message_id: message_id.into(), content, attempt: 1, sent_at: None, group: None, receipt }
    }
}

/// The content of a received message, without envelopes.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Inbound {
    /// The body.
    pub body: Body,
    /// The message attributes.
    pub attributes: Attributes,
    /// The topic it came from, if the envelope tells.
    pub topic: Option<Cow<'static, str>>,
    /// The id of the message in its envelope: used if the body has no event id.
    pub wrapper_id: Option<String>,
    /// When the event happened, if the transport knows it: used if the body has no `occurred_on`.
    pub occurred_on: Option<Timestamp>,
}

impl Inbound {
    /// This body, without attributes.
    #[must_use]
    pub fn new(body: Body) -> Self {
        Self { body, attributes: Attributes::new(), topic: None, wrapper_id: None, occurred_on: None }
    }
}

/// Why something that was received is not a message: its envelope is broken, or of another kind. The text never quotes
/// it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undecodable(String);

impl Undecodable {
    /// Because of what `reason` says.
    pub fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

impl fmt::Display for Undecodable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Undecodable {}

/// The receipt handle that settles a delivery: the transport's own, opaque to everyone else.
#[derive(Clone)]
pub struct Receipt(Settles);

#[derive(Clone)]
enum Settles {
    /// Of the in-memory account: small enough to be passed on as it is.
    InMemory(MemoryReceipt),
    Any(Arc<dyn Any + Send + Sync>),
}

impl Receipt {
    /// Wraps what the transport needs to settle the delivery.
    pub fn new<T: Send + Sync + 'static>(inner: T) -> Self {
        Self(Settles::Any(Arc::new(inner)))
    }

    pub(super) fn in_memory(receipt: MemoryReceipt) -> Self {
        Self(Settles::InMemory(receipt))
    }

    /// What the transport wrapped, if it is a `T`.
    #[must_use]
    pub fn get<T: 'static>(&self) -> Option<&T> {
        match &self.0 {
            Settles::InMemory(receipt) => (receipt as &dyn Any).downcast_ref(),
            Settles::Any(inner) => inner.downcast_ref(),
        }
    }
}

impl fmt::Debug for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Never the handle: whoever has it can delete the message.
        f.write_str("Receipt")
    }
}
