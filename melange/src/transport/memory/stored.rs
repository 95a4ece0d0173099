//! A message as queues keep it.

use std::sync::Arc;

use super::receipt::MemoryReceipt;
use crate::attributes::{AttributeValue, Attributes, ORIGINAL_QUEUE, REASON, REDRIVES, SUBSCRIBER};
use crate::transport::{Body, DeadLetter, Delivery, Inbound, Message};
use crate::{EventId, Timestamp};

/// A message in one queue.
pub(super) struct Stored {
    pub(super) message_id: String,
    pub(super) content: Arc<Content>,
    pub(super) sent_at: Timestamp,
    /// How often it has been handed out.
    pub(super) receives: u32,
}

/// What was published, shared by the copies in all queues.
#[derive(Clone)]
pub(super) struct Content {
    pub(super) event_id: EventId,
    pub(super) occurred_on: Timestamp,
    pub(super) body: Body,
    pub(super) attributes: Attributes,
    pub(super) topic: String,
    pub(super) key: Option<Arc<str>>,
}

impl Stored {
    /// A copy that was never handed out, under an id of its own.
    pub(super) fn new(content: Arc<Content>) -> Self {
        Self { message_id: EventId::new().to_string(), content, sent_at: Timestamp::now(), receives: 0 }
    }

    /// As it is handed out.
    pub(super) fn deliver(&self, receipt: MemoryReceipt) -> Delivery {
        let content = &self.content;
        Delivery {
            message_id: self.message_id.clone(),
            content: Ok(Inbound {
                body: content.body.clone(),
                attributes: content.attributes.clone(),
                topic: Some(content.topic.clone()),
                wrapper_id: Some(content.event_id.to_string()),
                occurred_on: Some(content.occurred_on),
            }),
            attempt: self.receives,
            sent_at: Some(self.sent_at),
            group: content.key.as_deref().map(str::to_owned),
            receipt: receipt.into(),
        }
    }

    /// A copy for the dead-letter queue of `queue`, with what `letter` says beside it.
    pub(super) fn dead_letter(&self, queue: &str, letter: &DeadLetter) -> Self {
        let mut content = Content::clone(&self.content);
        let text = |text: &str| AttributeValue::String(text.to_owned());
        content.attributes.set(REASON, text(&letter.reason));
        content.attributes.set(ORIGINAL_QUEUE, text(queue));
        if let Some(subscriber) = &letter.subscriber {
            content.attributes.set(SUBSCRIBER, text(subscriber));
        }
        Self { receives: self.receives, ..Self::new(Arc::new(content)) }
    }

    /// As it goes back from a dead-letter queue: as if new, but still for the one subscriber that gave it up.
    pub(super) fn redriven(&self, redrives: Option<u32>) -> Self {
        let mut content = Content::clone(&self.content);
        let stays = |(name, _): &(&str, &AttributeValue)| *name != REASON && *name != ORIGINAL_QUEUE;
        content.attributes = self
            .content
            .attributes
            .iter()
            .filter(stays)
            .map(|(name, value)| (name.to_owned(), value.clone()))
            .collect();
        if let Some(redrives) = redrives {
            content.attributes.set(REDRIVES, AttributeValue::Number(redrives.to_string()));
        }
        Self::new(Arc::new(content))
    }
}

impl From<Message> for Content {
    fn from(message: Message) -> Self {
        let Message { metadata, attributes, key, body, .. } = message;
        Self {
            event_id: metadata.event_id,
            occurred_on: metadata.occurred_on,
            body,
            attributes,
            topic: metadata.topic.into_owned(),
            key: key.map(Arc::from),
        }
    }
}
