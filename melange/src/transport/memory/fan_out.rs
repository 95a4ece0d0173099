//! From a topic into its queues.

use std::sync::Arc;

use tokio::time::Instant;

use super::account::Account;
use super::content::Content;
use super::deduplication::{DedupId, Given};
use super::envelope;
use super::is_fifo;
use super::limits::{Checked, Limits, TOPIC_BYTES, TOPIC_NAME, name_problem};
use super::refused::Refused;
use super::stored::{Form, Stored};
use super::subscription::Feed;
use crate::transport::{Message, TransportError, TransportErrorKind};

/// What is published, and beside which group and id.
pub(super) struct Publication<'a> {
    pub(super) content: Content,
    pub(super) key: Option<Arc<str>>,
    /// By what FIFO topics and queues know it.
    pub(super) id: Option<DedupId>,
    pub(super) subject: Option<&'a str>,
    /// Whether a bus publishes it, and so more is known of it than others write.
    pub(super) is_own: bool,
}

impl Account {
    /// Puts a copy of what a bus publishes into every queue that wants it.
    pub(super) fn publish(&mut self, message: Message, now: Instant) -> Result<(), TransportError> {
        let mut unknown = Checked::default();
        let topic = self.topics.get_mut(message.topic());
        let (bytes, checked, topic) = match topic {
            Some(topic) => (topic.settings.max_size(), &mut topic.checked, Some((topic.fifo, topic.feeds.is_empty()))),
            None => (TOPIC_BYTES, &mut unknown, None),
        };
        Limits::topic(message.topic(), bytes).message(&message, checked)?;
        let Some((fifo, is_empty)) = topic else { return undeclared(&message) };
        if fifo {
            keyed(&message, format_args!("topic `{}`", message.topic()))?;
        }
        if is_empty && !fifo {
            return Ok(());
        }
        let key: Option<Arc<str>> = message.key.as_deref().map(Arc::from);
        // Only FIFO topics and queues ask for it, and only FIFO topics feed FIFO queues.
        let id = fifo.then(|| DedupId::Told(message.dedup_id.as_str().into()));
        let publication = Publication { content: message.into(), key, id, subject: None, is_own: true };
        self.fan_out(publication, now);
        Ok(())
    }

    /// Puts a copy into every queue that wants it, unless it is a duplicate, and says what it, or the first, was given.
    pub(super) fn fan_out(&mut self, publication: Publication<'_>, now: Instant) -> Option<Given> {
        let Self { topics, queues, undelivered, .. } = self;
        let Publication { content, key, id, subject, is_own } = publication;
        let topic = topics.get_mut(content.topic.as_deref()?)?;
        if let Some(given) = id.as_ref().and_then(|id| topic.known(key.as_ref(), id, now)) {
            return Some(given);
        }
        let sequence = queues.next_place();
        let given = content.event_id.clone().unwrap_or_default();
        if let Some(id) = &id {
            topic.remember(key.as_ref(), id, (given.clone(), sequence), now);
        }
        let content = Arc::new(content);
        let mut envelope = None;
        for (queue, feed) in topic.feeds.iter().filter(|(_, feed)| feed.lets(&content)) {
            let wraps = matches!(feed, Feed::Told(told) if !told.raw.unwrap_or_default());
            let form = if !wraps {
                if is_own { Form::Own } else { Form::Bare }
            } else {
                let number = topic.fifo.then_some(sequence);
                let wrapped = envelope.get_or_insert_with(|| envelope::wrap(&content, subject, number));
                wrapped.as_ref().map_or(Form::Own, |envelope| Form::Wrapped(Arc::clone(envelope)))
            };
            // A FIFO topic passes the group to FIFO queues only.
            let key = key.clone().filter(|_| !topic.fifo || is_fifo(queue));
            let stored = Stored::new(Arc::clone(&content), form, key, now);
            let dead_letters = match feed {
                Feed::Told(told) => told.dead_letters.as_deref(),
                Feed::Own(_) => None,
            };
            let left = queues.deliver(queue, stored, id.as_ref(), now);
            let left = left.and_then(|stored| match dead_letters {
                Some(dead) => queues.deliver(dead, stored, id.as_ref(), now),
                None => Some(stored),
            });
            *undelivered += u64::from(left.is_some());
        }
        Some((given, sequence))
    }
}

/// A topic that nobody declared has no subscribers. What could be no topic, or would not take the message, refuses it all the
/// same.
fn undeclared(message: &Message) -> Result<(), TransportError> {
    let topic = message.topic();
    name_problem("topic", topic, TOPIC_NAME).map_or(Ok(()), |problem| Err(Refused::parameter(problem)))?;
    if is_fifo(topic) { keyed(message, format_args!("topic `{topic}`")) } else { Ok(()) }
}

/// Refuses what has no key, on behalf of `who`, which is FIFO.
pub(super) fn keyed(message: &Message, who: std::fmt::Arguments<'_>) -> Result<(), TransportError> {
    if message.key.as_deref().is_some_and(|key| !key.is_empty()) {
        return Ok(());
    }
    Err(TransportError::new(
        TransportErrorKind::InvalidMessage,
        format!(
            "{who} is FIFO and takes no {} without a key: mark the field that orders them with `#[event(key)]`, and never \
             leave it empty",
            message.event.name(),
        ),
    ))
}

#[cfg(test)]
mod tests;
