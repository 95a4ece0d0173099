//! A message as queues keep it.

use std::sync::Arc;

use tokio::time::Instant;

use super::content::Content;
use super::limits::MOST_ATTRIBUTES;
use super::receipt::{MemoryReceipt, new_id};
use super::received::Received;
use crate::attributes::{AttributeValue, Attributes, ORIGINAL_QUEUE, REASON, REDRIVES, SUBSCRIBER};
use crate::transport::{Body, DeadLetter, Delivery, Inbound};
use crate::{EventId, Timestamp};

/// A message in one queue. What several queues have of it shares its body and its attributes.
#[derive(Clone)]
pub(super) struct Stored {
    pub(super) message_id: EventId,
    pub(super) content: Content,
    pub(super) form: Form,
    /// Its group.
    pub(super) key: Option<Arc<str>>,
    pub(super) dedup_id: Option<Arc<str>>,
    pub(super) sent_at: Timestamp,
    /// When its retention began.
    pub(super) sent: Instant,
    /// How often it has been handed out.
    pub(super) receives: u32,
    /// The queue that moved it to its dead-letter queue.
    pub(super) source: Option<Arc<str>>,
}

/// How it came.
#[derive(Clone)]
pub(super) enum Form {
    /// From a bus, with all that is known of it.
    Own,
    /// As its sender wrote it, with nothing known of it.
    Bare,
    /// In the topic's envelope, which is this.
    Wrapped(Arc<str>),
}

impl Stored {
    /// A message that was never handed out, under an id of its own.
    pub(super) fn new(content: Content, form: Form, key: Option<Arc<str>>, now: Instant) -> Self {
        Self {
            message_id: new_id(),
            content,
            form,
            key,
            dedup_id: None,
            sent_at: Timestamp::now(),
            sent: now,
            receives: 0,
            source: None,
        }
    }

    /// What it must not overtake: others of its group in a FIFO queue. Elsewhere a group of another program says nothing of the
    /// order, but what a bus puts in keeps that of its key.
    pub(super) fn lane(&self, fifo: bool) -> Option<&Arc<str>> {
        self.key.as_ref().filter(|_| fifo || matches!(self.form, Form::Own))
    }

    /// The bytes that a queue counts of it.
    pub(super) fn size(&self) -> usize {
        match &self.form {
            Form::Wrapped(envelope) => envelope.len(),
            Form::Own | Form::Bare => self.content.size(),
        }
    }

    /// Whether a queue that takes so many bytes takes it from a topic.
    pub(super) fn fits(&self, max_bytes: usize) -> bool {
        let is_raw = !matches!(self.form, Form::Wrapped(_));
        // Source: the SNS developer guide, message attributes: ten under raw delivery, and else the message is discarded.
        self.size() <= max_bytes && !(is_raw && self.content.attributes.len() > MOST_ATTRIBUTES)
    }

    /// As a bus gets it: out of its envelope.
    pub(super) fn deliver(&self, receipt: MemoryReceipt) -> Delivery {
        let content = &self.content;
        let is_known = !matches!(self.form, Form::Bare);
        let says_its_id = matches!((&self.form, &content.body), (Form::Own, Body::Json(_)));
        Delivery {
            message_id: self.message_id.to_text(),
            content: Ok(Inbound {
                body: content.body.clone(),
                attributes: content.attributes.clone(),
                topic: content.topic.clone().filter(|_| is_known),
                // What a bus writes says its id itself.
                wrapper_id: content.event_id.as_ref().filter(|_| is_known && !says_its_id).map(EventId::to_text),
                occurred_on: content.occurred_on.filter(|_| matches!(self.form, Form::Own)),
            }),
            attempt: self.receives,
            sent_at: Some(self.sent_at),
            group: self.key.as_deref().map(str::to_owned),
            receipt: receipt.into(),
        }
    }

    /// As any other program gets it: as it lies in the queue.
    pub(super) fn show(&self, receipt: MemoryReceipt) -> Received {
        let (body, attributes) = match &self.form {
            Form::Wrapped(envelope) => (Some(Arc::clone(envelope)), Attributes::new()),
            Form::Own | Form::Bare => (self.content.json().cloned(), self.content.attributes.clone()),
        };
        Received {
            message_id: self.message_id.to_text(),
            body,
            attributes,
            labels: self.content.labels.clone(),
            group: self.key.as_deref().map(str::to_owned),
            dedup_id: self.dedup_id.as_deref().map(str::to_owned),
            sequence_number: self.dedup_id.as_ref().map(|_| format!("{:020}", receipt.spot.place)),
            receives: self.receives,
            sent_at: self.sent_at,
            source: self.source.as_deref().map(str::to_owned),
            receipt: receipt.into(),
        }
    }

    /// A copy for the dead-letter queue of `queue`, with what `letter` says beside it.
    pub(super) fn dead_letter(&self, queue: &str, letter: &DeadLetter, now: Instant) -> Self {
        let mut content = self.content.clone();
        let text = |text: &str| AttributeValue::String(text.to_owned());
        content.attributes.set(REASON, text(&letter.reason));
        content.attributes.set(ORIGINAL_QUEUE, text(queue));
        if let Some(subscriber) = &letter.subscriber {
            content.attributes.set(SUBSCRIBER, text(subscriber));
        }
        let copy = Self::new(content, self.form.opened(), self.key.clone(), now);
        Self { receives: self.receives, ..copy.known_by_itself(self.dedup_id.is_some()) }
    }

    /// As the queue `queue` itself moves it to its dead-letter queue: the same message. In a FIFO queue it is kept as long
    /// as if new, and known by its id.
    pub(super) fn moved_from(mut self, queue: &str, fifo: bool, now: Instant) -> Self {
        self.source.get_or_insert_with(|| queue.into());
        if fifo {
            self.sent = now;
        }
        self.known_by_itself(fifo)
    }

    /// As a move task puts it into another queue: a new message.
    pub(super) fn moved(&self, fifo: bool, now: Instant) -> Self {
        let copy = Self::new(self.content.clone(), self.form.clone(), self.key.clone(), now);
        copy.known_by_itself(fifo)
    }

    /// As it goes back from a dead-letter queue: as if new, but still for the one subscriber that gave it up.
    pub(super) fn redriven(&self, redrives: Option<u32>, now: Instant) -> Self {
        let mut content = self.content.clone();
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
        let copy = Self::new(content, self.form.opened(), self.key.clone(), now);
        copy.known_by_itself(self.dedup_id.is_some())
    }

    fn known_by_itself(mut self, fifo: bool) -> Self {
        self.dedup_id = fifo.then(|| self.message_id.to_string().into());
        self
    }
}

impl Form {
    /// A copy that a bus makes is of what was in the envelope.
    fn opened(&self) -> Self {
        match self {
            Self::Own => Self::Own,
            Self::Bare | Self::Wrapped(_) => Self::Bare,
        }
    }
}
