//! What goes into an account, from programs without Melange.

use std::fmt::Write as _;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

use super::account::Account;
use super::batch::{self, BatchAnswer};
use super::broker::MemoryAccount;
use super::deduplication::{DedupId, Given};
use super::direct;
use super::fan_out::Publication;
use super::limits::{Limits, QUEUE_BYTES, is_id};
use super::outgoing::Outgoing;
use super::received::Sent;
use super::refused::{Refused, RefusedKind};
use super::settings::LONGEST_DELAY;
use super::stored::{Form, Stored};
use crate::{EventId, Timestamp};

/// Longest subject. Source: the SNS API reference, `Publish`: less than 100 characters.
const SUBJECT: usize = 99;

impl MemoryAccount {
    /// Publishes to a topic.
    ///
    /// # Errors
    /// When there is no such topic, or SNS would refuse the message.
    pub fn publish(&self, topic: &str, message: Outgoing) -> Result<Sent, Refused> {
        self.lock().publish_told(topic, message, Instant::now())
    }

    /// Publishes up to ten messages to a topic, each under an id of its own. Each has its own result.
    ///
    /// # Errors
    /// When there is no such topic, or the batch as a whole is refused: empty, too many, too large, its ids not
    /// distinct.
    pub fn publish_batch<N: Into<String>>(
        &self,
        topic: &str,
        entries: impl IntoIterator<Item = (N, Outgoing)>,
    ) -> Result<BatchAnswer<Sent>, Refused> {
        let (mut account, now) = (self.lock(), Instant::now());
        let most = account.topics.get(topic).ok_or_else(|| Refused::no_topic(topic))?.settings.max_size();
        let whole = |entries: &[(String, Outgoing)]| batch::total(&format!("topic `{topic}`"), size(entries), most);
        batch::each(named(entries), whole, |message| account.publish_told(topic, message, now))
    }

    /// Sends directly to a queue.
    ///
    /// # Errors
    /// When there is no such queue, or SQS would refuse the message.
    pub fn send(&self, queue: &str, message: Outgoing) -> Result<Sent, Refused> {
        self.lock().send_told(queue, message, Instant::now())
    }

    /// Sends up to ten messages to a queue, each under an id of its own. Each has its own result.
    ///
    /// # Errors
    /// When there is no such queue, or the batch as a whole is refused: empty, too many, too large, its ids not
    /// distinct.
    pub fn send_batch<N: Into<String>>(
        &self,
        queue: &str,
        entries: impl IntoIterator<Item = (N, Outgoing)>,
    ) -> Result<BatchAnswer<Sent>, Refused> {
        let (mut account, now) = (self.lock(), Instant::now());
        account.queues.get(queue)?;
        let whole =
            |entries: &[(String, Outgoing)]| batch::total(&format!("queue `{queue}`"), size(entries), QUEUE_BYTES);
        batch::each(named(entries), whole, |message| account.send_told(queue, message, now))
    }
}

fn named<N: Into<String>>(entries: impl IntoIterator<Item = (N, Outgoing)>) -> Vec<(String, Outgoing)> {
    entries.into_iter().map(|(id, message)| (id.into(), message)).collect()
}

fn size(entries: &[(String, Outgoing)]) -> usize {
    entries.iter().map(|(_, message)| message.size()).sum()
}

impl Account {
    fn publish_told(&mut self, name: &str, message: Outgoing, now: Instant) -> Result<Sent, Refused> {
        let topic = self.topics.get(name).ok_or_else(|| Refused::no_topic(name))?;
        let limits = Limits::topic(name, topic.settings.max_size());
        limits.outgoing(&message)?;
        if message.delay.is_some() {
            return Err(Refused::parameter(format!(
                "{limits}: a topic delays nothing; send to a queue, or let the queue do it"
            )));
        }
        let is_subject =
            |subject: &str| (1..=SUBJECT).contains(&subject.chars().count()) && !subject.contains(char::is_control);
        if message.subject.as_deref().is_some_and(|subject| !is_subject(subject)) {
            return Err(Refused::parameter(format!(
                "{limits}: a subject has 1 to {SUBJECT} characters, and no line breaks"
            )));
        }
        let fifo = topic.fifo;
        let id = ids(limits, fifo, topic.settings.by_content(), &message)?;
        let mut content = message.content();
        content.event_id = Some(EventId::new());
        content.occurred_on = Some(Timestamp::now());
        content.topic = Some(name.to_owned().into());
        let key = message.group.as_deref().map(Arc::from);
        let publication = Publication { content, key, id, subject: message.subject.as_deref(), is_own: false };
        let given = self.publish_to(name, publication, now).ok_or_else(|| Refused::no_topic(name))?;
        Ok(sent(given, fifo))
    }

    fn send_told(&mut self, name: &str, message: Outgoing, now: Instant) -> Result<Sent, Refused> {
        let queue = self.queues.get(name)?;
        let limits = Limits::queue(name, queue.settings.max_bytes);
        limits.outgoing(&message)?;
        if message.subject.is_some() {
            return Err(Refused::parameter(format!("{limits}: only what is published has a subject")));
        }
        let fifo = queue.fifo;
        if fifo && message.delay.is_some() {
            return Err(Refused::parameter(format!("{limits}: a FIFO queue delays all messages alike")));
        }
        if message.delay.is_some_and(|delay| delay > LONGEST_DELAY) {
            return Err(Refused::parameter(format!("{limits}: a message is delayed by 15 minutes at most")));
        }
        let id = ids(limits, fifo, queue.settings.dedup_by_content, &message)?;
        let key = message.group.as_deref().map(Arc::from);
        let stored = Stored::new(message.content(), Form::Bare, key, now);
        let given = self.queues.send(name, stored, id.as_ref(), message.delay.map(direct::whole_seconds), now)?;
        Ok(sent(given, fifo))
    }
}

/// By what FIFO topics and queues know the message; others know it by nothing, and take no such id.
fn ids(limits: Limits<'_>, fifo: bool, by_content: bool, message: &Outgoing) -> Result<Option<DedupId>, Refused> {
    let told = [("group", &message.group), ("deduplication id", &message.dedup_id)];
    for (what, id) in told {
        if id.as_deref().is_some_and(|id| !is_id(id)) {
            return Err(Refused::parameter(format!(
                "{limits}: a {what} has 1 to 128 letters, digits and punctuation marks of ASCII"
            )));
        }
    }
    let missing = |what: &str| Err(Refused::new(RefusedKind::InvalidParameter, format!("{limits} is FIFO: {what}")));
    match (&message.group, &message.dedup_id) {
        (_, None) if !fifo => Ok(None),
        (_, Some(_)) if !fifo => {
            Err(Refused::parameter(format!("{limits} is not FIFO, and takes no deduplication id")))
        }
        (None, _) => missing("a message needs a group"),
        (Some(_), Some(id)) => Ok(Some(id.as_str().into())),
        (Some(_), None) if by_content => Ok(Some(hash_of(&message.body).into())),
        (Some(_), None) => missing("a message needs a deduplication id, unless bodies are to tell messages apart"),
    }
}

/// The SHA-256 of a body, in hex. Source: the SQS developer guide, content-based deduplication.
fn hash_of(body: &str) -> String {
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(body.as_bytes()) {
        // A `String` takes everything.
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

fn sent((message_id, place): Given, fifo: bool) -> Sent {
    Sent { message_id: message_id.to_string(), sequence_number: fifo.then(|| format!("{place:020}")) }
}

#[cfg(test)]
mod tests;
