//! From a topic into its queues.

use std::sync::Arc;

use tokio::time::Instant;

use super::account::Account;
use super::content::Content;
use super::deduplication::{DedupId, Given};
use super::envelope;
use super::is_fifo;
use super::limits::{Checked, Limits, MOST_ATTRIBUTES, TOPIC_BYTES, TOPIC_NAME, name_problem};
use super::queues::Queues;
use super::refused::Refused;
use super::stored::{Form, Stored};
use super::subscription::Feed;
use super::topic::Topic;
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
    pub(super) fn publish(&mut self, message: &Message, now: Instant) -> Result<(), TransportError> {
        let Self { topics, queues, undelivered, .. } = self;
        let Some(topic) = topics.get_mut(message.topic()) else {
            Limits::topic(message.topic(), TOPIC_BYTES).message(message, &mut Checked::default())?;
            return undeclared(message);
        };
        Limits::topic(message.topic(), topic.settings.max_size()).message(message, &mut topic.checked)?;
        let fifo = topic.fifo;
        if fifo {
            keyed(message, format_args!("topic `{}`", message.topic()))?;
        }
        if topic.feeds.is_empty() && !fifo {
            return Ok(());
        }
        let key: Option<Arc<str>> = message.key.as_deref().map(Arc::from);
        // Only FIFO topics and queues ask for it, and only FIFO topics feed FIFO queues.
        let id = fifo.then(|| DedupId::from(message.dedup_id()));
        let publication = Publication { content: message.into(), key, id, subject: None, is_own: true };
        fan_out(topic, queues, publication, now, undelivered);
        Ok(())
    }

    /// The same for whoever has found the topic, `name`: says what the message was given, or the first, if it is a duplicate.
    pub(super) fn publish_to(&mut self, name: &str, publication: Publication<'_>, now: Instant) -> Option<Given> {
        let Self { topics, queues, undelivered, .. } = self;
        Some(fan_out(topics.get_mut(name)?, queues, publication, now, undelivered))
    }
}

/// A topic that nobody declared has no subscribers. What could be no topic, or would not take the message, refuses it all the
/// same.
fn undeclared(message: &Message) -> Result<(), TransportError> {
    let topic = message.topic();
    name_problem("topic", topic, TOPIC_NAME).map_or(Ok(()), |problem| Err(Refused::parameter(problem)))?;
    if is_fifo(topic) { keyed(message, format_args!("topic `{topic}`")) } else { Ok(()) }
}

/// Puts a copy into every queue that wants it, unless it is a duplicate, and says what it, or the first, was given.
fn fan_out(
    topic: &mut Topic,
    queues: &mut Queues,
    publication: Publication<'_>,
    now: Instant,
    undelivered: &mut u64,
) -> Given {
    let Publication { content, key, id, subject, is_own } = publication;
    if let Some(given) = id.as_ref().and_then(|id| topic.known(key.as_ref(), id, now)) {
        return given;
    }
    let sequence = queues.next_place();
    let given = content.event_id.clone().unwrap_or_default();
    if let Some(id) = &id {
        topic.remember(key.as_ref(), id, (given.clone(), sequence), now);
    }
    let wrap = |content: &Content| envelope::wrap(content, subject, topic.fifo.then_some(sequence));
    let mut envelope = None;
    let mut deliver = |queue: &str, feed: &Feed, content: Content| {
        let wraps = matches!(feed, Feed::Told(told) if !told.raw.unwrap_or_default());
        let form = if !wraps {
            if is_own { Form::Own } else { Form::Bare }
        } else {
            let wrapped = envelope.get_or_insert_with(|| wrap(&content));
            wrapped.as_ref().map_or(Form::Own, |envelope| Form::Wrapped(Arc::clone(envelope)))
        };
        // A FIFO topic passes the group to FIFO queues only.
        let key = key.clone().filter(|_| !topic.fifo || is_fifo(queue));
        let stored = Stored::new(content, form, key, now);
        let dead_letters = match feed {
            Feed::Told(told) => told.dead_letters.as_deref(),
            Feed::Own(_) => None,
        };
        let left = queues.deliver(queue, stored, id.as_ref(), now);
        let left = left.and_then(|mut stored| match dead_letters {
            Some(dead) => {
                // More attributes than a queue takes have room in an envelope only.
                if stored.content.attributes.len() > MOST_ATTRIBUTES
                    && let Some(wrapped) = envelope.get_or_insert_with(|| wrap(&stored.content)).as_ref()
                {
                    stored.form = Form::Wrapped(Arc::clone(wrapped));
                }
                queues.deliver(dead, *stored, id.as_ref(), now)
            }
            None => Some(stored),
        });
        *undelivered += u64::from(left.is_some());
    };
    // The last gets the content itself, and mostly it is the only one.
    let mut last = None;
    for one in topic.feeds.iter().filter(|(_, feed)| feed.lets(&content)) {
        if let Some((queue, feed)) = last.replace(one) {
            deliver(queue, feed, content.clone());
        }
    }
    if let Some((queue, feed)) = last {
        deliver(queue, feed, content);
    }
    (given, sequence)
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
