//! What happened to events of one type.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::ending::Ending;
use super::journal::{PublishedEntry, RunEntry};
use super::show::{event_of, show};
use crate::attributes::EVENT_TYPE;
use crate::event::{Erased, Event};
use crate::metadata::Metadata;
use crate::registry::versions::read_as;
use crate::transport::memory::DeadLetterRecord;
use crate::wire::read;
use crate::{EventId, Timestamp};

/// An event that was published, or sent to a queue, and that the broker accepted.
#[non_exhaustive]
pub struct Published<E> {
    /// The event, as a subscriber reads it.
    pub event: Arc<E>,
    /// Its metadata.
    pub metadata: Metadata,
    /// The queue that it was sent to directly; `None` if it was published.
    pub queue: Option<String>,
    /// When that was, counted from the creation of the account.
    pub at: Duration,
}

/// One run of one subscriber.
#[non_exhaustive]
pub struct Attempt<E> {
    /// The event.
    pub event: Arc<E>,
    /// The subscriber.
    pub subscriber: &'static str,
    /// The queue the event came from.
    pub queue: String,
    /// The message's receive count, this time included.
    pub attempt: u32,
    /// The metadata that the subscriber was given.
    pub metadata: Arc<Metadata>,
    /// When it began, counted from the creation of the account.
    pub at: Duration,
    /// How long it took on the clock of the test; `None` while it runs.
    pub took: Option<Duration>,
    /// How it ended.
    pub ending: Ending,
}

/// An event in a dead-letter queue.
#[non_exhaustive]
pub struct DeadLettered<E> {
    /// The event.
    pub event: Arc<E>,
    /// Its id, if known.
    pub event_id: Option<EventId>,
    /// The subscriber that gave it up; `None` if the queue itself did, after too many receives.
    pub subscriber: Option<String>,
    /// Why.
    pub reason: String,
    /// The queue it was on before.
    pub queue: String,
    /// How often it was received.
    pub attempts: u32,
    /// When it was sent to the dead-letter queue.
    pub sent_at: Timestamp,
}

impl<E: Event> Published<E> {
    /// # Errors
    /// In words, if what was written cannot be read back.
    pub(super) fn of(entry: &PublishedEntry) -> Option<Result<Self, String>> {
        if !entry.event.is_same_type(E::DESCRIPTOR) {
            return None;
        }
        let event = event_of(entry.event, &entry.metadata, &entry.body);
        let event = event.and_then(|event| event.downcast().map_err(|_| "it is of another type".to_owned()));
        let (metadata, queue, at) = (entry.metadata.clone(), entry.queue.clone(), entry.place.at);
        Some(event.map(|event| Self { event, metadata, queue, at }))
    }
}

impl<E: Event> Attempt<E> {
    pub(super) fn of(run: &RunEntry) -> Option<Self> {
        Some(Self {
            event: Arc::clone(&run.event).downcast().ok()?,
            subscriber: run.subscriber,
            queue: run.queue.to_string(),
            attempt: run.metadata.attempt,
            metadata: Arc::clone(&run.metadata),
            at: run.place.at,
            took: run.ended.map(|ended| ended.saturating_sub(run.place.at)),
            ending: run.ending.clone(),
        })
    }
}

impl<E: Event> DeadLettered<E> {
    /// If it is an `E`, and can be read; `known` finds local events, which have no body.
    pub(super) fn of(
        queue: &str,
        letter: &DeadLetterRecord,
        known: impl Fn(&EventId) -> Option<Erased>,
    ) -> Option<Self> {
        let event: Erased = match &letter.body {
            Some(json) => {
                let incoming = read(json, &letter.attributes).ok()?;
                if !E::DESCRIPTOR.is_read_as(&incoming.header.name) {
                    return None;
                }
                let occurred_on = incoming.header.occurred_on.unwrap_or(letter.sent_at);
                read_as(E::DESCRIPTOR, &incoming, occurred_on).ok()?.0
            }
            None => {
                let name = letter.attributes.text(EVENT_TYPE);
                name.filter(|name| E::DESCRIPTOR.names().any(|own| own == *name))?;
                known(letter.event_id.as_ref()?)?
            }
        };
        Some(Self {
            event: event.downcast().ok()?,
            event_id: letter.event_id.clone(),
            subscriber: letter.subscriber.clone(),
            reason: letter.reason.clone(),
            queue: queue.to_owned(),
            attempts: letter.attempts,
            sent_at: letter.sent_at,
        })
    }
}

/// How a list in a failed test shows it.
pub(super) trait Line {
    fn line(&self) -> String;
}

fn shown<E: Event>(event: &Arc<E>) -> String {
    show(E::DESCRIPTOR, &(Arc::clone(event) as Erased))
}

fn moment(at: Duration) -> String {
    format!("{:>9.3}s", at.as_secs_f64())
}

impl<E: Event> Line for Published<E> {
    fn line(&self) -> String {
        let to = self.queue.as_ref().map(|queue| format!("to queue `{queue}`: ")).unwrap_or_default();
        format!("{}  {to}{}", moment(self.at), shown(&self.event))
    }
}

impl<E: Event> Line for Attempt<E> {
    fn line(&self) -> String {
        let Self { subscriber, attempt, ending, .. } = self;
        format!("{}  `{subscriber}`, attempt {attempt}, {ending}: {}", moment(self.at), shown(&self.event))
    }
}

impl<E: Event> Line for DeadLettered<E> {
    fn line(&self) -> String {
        let by = self.subscriber.as_ref().map_or_else(|| "its queue".to_owned(), |by| format!("`{by}`"));
        let Self { queue, attempts, reason, .. } = self;
        format!("given up by {by} on queue `{queue}`, at receive {attempts} ({reason}): {}", shown(&self.event))
    }
}

macro_rules! in_one_line {
    ($($type:ident),*) => {$(
        /// One line, with the event: it is for tests.
        impl<E: Event> fmt::Debug for $type<E> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.line().trim_start())
            }
        }
    )*};
}

in_one_line!(Published, Attempt, DeadLettered);
