//! One dead letter.

use std::fmt;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use crate::attributes::{Attributes, EVENT_TYPE, MANIFEST, ORIGINAL_QUEUE, REASON, REDRIVES, SUBSCRIBER};
use crate::serializer::{DeserializeError, EventSerializer};
use crate::transport::{Body, Delivery, Inbound, Undecodable};
use crate::{AnyEvent, Timestamp};

/// A message that was given up, as it is in the dead-letter queue.
#[derive(Clone)]
pub struct Letter {
    message_id: String,
    content: Result<Inbound, Undecodable>,
    sent_at: Option<Timestamp>,
}

impl Letter {
    pub(super) fn of(delivery: &Delivery) -> Self {
        Self { message_id: delivery.message_id.clone(), content: delivery.content.clone(), sent_at: delivery.sent_at }
    }

    /// The message id in the dead-letter queue.
    #[must_use]
    pub fn message_id(&self) -> &str {
        &self.message_id
    }

    /// Why it was given up. The broker gives no reason when it moves a message that was received too often.
    #[must_use]
    pub fn reason(&self) -> &str {
        self.text(REASON).unwrap_or("received too often, so that the broker moved it")
    }

    /// The subscriber that gave it up, with its module if another subscriber of the same event and queue has the same
    /// name; `None` if it could not be read, or the broker moved it.
    #[must_use]
    pub fn subscriber(&self) -> Option<&str> {
        self.text(SUBSCRIBER)
    }

    /// The queue it came from, as the broker knows it.
    #[must_use]
    pub fn original_queue(&self) -> Option<&str> {
        self.text(ORIGINAL_QUEUE)
    }

    /// The event's name from the message attributes; if only the body has it, use [`decode`](Self::decode).
    #[must_use]
    pub fn event_type_name(&self) -> Option<&str> {
        self.text(EVENT_TYPE).or_else(|| self.text(MANIFEST)).filter(|name| *name != "json")
    }

    /// How often it was redriven before.
    #[must_use]
    pub fn redrives(&self) -> u32 {
        self.text(REDRIVES).and_then(|count| count.parse().ok()).unwrap_or(0)
    }

    /// When it was sent to the dead-letter queue.
    #[must_use]
    pub fn sent_at(&self) -> Option<Timestamp> {
        self.sent_at
    }

    /// The message attributes.
    #[must_use]
    pub fn attributes(&self) -> Option<&Attributes> {
        self.content.as_ref().ok().map(|inbound| &inbound.attributes)
    }

    /// The body without its envelope, for people to look at; `None` for something that is not a message at all, and for
    /// local events, which have no JSON. It is a payload: do not log it.
    #[must_use]
    pub fn body(&self) -> Option<&str> {
        match &self.content.as_ref().ok()?.body {
            Body::Json(json) => Some(json),
            Body::Typed(_) => None,
        }
    }

    /// Reads the event, if `serializer` knows it.
    ///
    /// # Errors
    /// If it cannot be read, which is often the reason why it is a dead letter.
    pub fn decode(&self, serializer: &EventSerializer) -> Result<AnyEvent, DeserializeError> {
        match &self.content {
            Ok(inbound) => serializer.deserialize_message(inbound),
            Err(why) => Err(DeserializeError::unreadable(why.to_string())),
        }
    }

    /// Whether it is a message out of its wrappers, whoever can read it.
    pub(super) fn is_message(&self) -> bool {
        self.content.is_ok()
    }

    /// The same for what was put back and given up again.
    pub(super) fn identity(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.subscriber().hash(&mut hasher);
        match &self.content {
            Ok(inbound) => match &inbound.body {
                Body::Json(json) => json.hash(&mut hasher),
                Body::Typed(event) => Arc::as_ptr(event).addr().hash(&mut hasher),
            },
            // It cannot be told from others of its kind.
            Err(_) => self.message_id.hash(&mut hasher),
        }
        hasher.finish()
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.content.as_ref().ok()?.attributes.text(name)
    }
}

impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Never the content: payloads do not belong in logs.
        f.debug_struct("Letter")
            .field("message_id", &self.message_id)
            .field("event_type_name", &self.event_type_name())
            .field("subscriber", &self.subscriber())
            .field("reason", &self.reason())
            .field("redrives", &self.redrives())
            .finish_non_exhaustive()
    }
}
