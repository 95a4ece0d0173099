//! A topic: who wants what of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use tokio::time::Instant;

use super::deduplication::Deduplication;
use super::is_fifo;
use crate::attributes::{Attributes, EVENT_TYPE};
use crate::transport::{Message, TransportError, TransportErrorKind};

/// A topic.
pub(super) struct Topic {
    subscriptions: BTreeMap<String, Filter>,
    /// Only a FIFO topic deduplicates.
    deduplication: Option<Deduplication>,
}

/// What a subscribed queue wants.
#[derive(Default)]
struct Filter {
    event_types: BTreeSet<String>,
}

impl Topic {
    pub(super) fn new(name: &str) -> Self {
        Self { subscriptions: BTreeMap::new(), deduplication: is_fifo(name).then(Deduplication::default) }
    }

    /// Subscribes `queue` to these event types, besides those it was subscribed to before.
    pub(super) fn subscribe(&mut self, queue: &str, event_types: &BTreeSet<String>) {
        let filter = self.subscriptions.entry(queue.to_owned()).or_default();
        filter.event_types.extend(event_types.iter().cloned());
    }

    /// The event types that `queue` wants.
    pub(super) fn event_types(&self, queue: &str) -> impl Iterator<Item = &String> {
        self.subscriptions.get(queue).into_iter().flat_map(|filter| &filter.event_types)
    }

    /// The queues that want `message`: none when it was published before.
    ///
    /// # Errors
    /// When a FIFO topic would refuse it.
    pub(super) fn take(&mut self, message: &Message, now: Instant) -> Result<Vec<&str>, TransportError> {
        if let Some(deduplication) = &mut self.deduplication {
            keyed(message, format_args!("topic `{}`", message.topic()))?;
            if !deduplication.is_new(&message.dedup_id, now) {
                return Ok(Vec::new());
            }
        }
        let wants = self.subscriptions.iter().filter(|(_, filter)| filter.lets_through(&message.attributes));
        Ok(wants.map(|(queue, _)| queue.as_str()).collect())
    }
}

/// Refuses what has no key, on behalf of `who`, which is FIFO.
pub(super) fn keyed(message: &Message, who: impl fmt::Display) -> Result<(), TransportError> {
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

impl Filter {
    fn lets_through(&self, attributes: &Attributes) -> bool {
        attributes.text(EVENT_TYPE).is_some_and(|event_type| self.event_types.contains(event_type))
    }
}
