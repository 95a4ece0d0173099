//! How a queue is subscribed to a topic.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::content::Content;
use super::filter::FilterPolicy;
use crate::attributes::EVENT_TYPE;

/// A subscription of a queue to a topic, made by [`MemoryAccount::subscribe`](super::MemoryAccount::subscribe): wrapped
/// and without a filter by default.
///
/// ```
/// use melange::MemoryTransport;
/// use melange::transport::memory::{FilterPolicy, QueueSettings, Subscription, TopicSettings};
///
/// let account = MemoryTransport::new().account();
/// account.create_topic("orders", TopicSettings::new())?;
/// account.create_queue("audit", QueueSettings::new())?;
/// let large = FilterPolicy::body(r#"{"total_cents": [{"numeric": [">=", 100000]}]}"#)?;
/// account.subscribe(Subscription::new("orders", "audit").raw(true).filter(large))?;
/// # Ok::<(), melange::transport::memory::Refused>(())
/// ```
#[derive(Debug, Clone)]
#[must_use = "give it to `subscribe`"]
pub struct Subscription {
    pub(super) topic: String,
    pub(super) queue: String,
    pub(super) told: Told,
}

/// What a subscription is told. What is not said is as usual.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Told {
    pub(super) raw: Option<bool>,
    pub(super) filter: Option<FilterPolicy>,
    pub(super) dead_letters: Option<String>,
}

impl Subscription {
    /// Of this queue to this topic.
    pub fn new(topic: impl Into<String>, queue: impl Into<String>) -> Self {
        Self { topic: topic.into(), queue: queue.into(), told: Told::default() }
    }

    /// Raw message delivery: body and attributes as published, instead of the topic's envelope. A raw message with more
    /// than ten attributes is not delivered.
    pub fn raw(mut self, yes: bool) -> Self {
        self.told.raw = Some(yes);
        self
    }

    /// Delivers only messages that match this filter policy.
    pub fn filter(mut self, policy: FilterPolicy) -> Self {
        self.told.filter = Some(policy);
        self
    }

    /// Sends messages that cannot be delivered to this queue, instead of losing them: those that are too large for the
    /// queue, have too many attributes for raw message delivery, or whose queue was deleted.
    pub fn dead_letters(mut self, queue: impl Into<String>) -> Self {
        self.told.dead_letters = Some(queue.into());
        self
    }
}

impl Told {
    /// Whether all that is said is so in `known`.
    pub(super) fn agree_with(&self, known: &Self) -> bool {
        let policy = |told: &Self| told.filter.clone().filter(|policy| !policy.is_none());
        self.raw.is_none_or(|raw| raw == known.raw.unwrap_or_default())
            && (self.filter.is_none() || policy(self) == policy(known))
            && (self.dead_letters.is_none() || self.dead_letters == known.dead_letters)
    }
}

/// How a topic feeds a queue: as a bus declared it, or as somebody subscribed it.
#[derive(Clone)]
pub(super) enum Feed {
    /// These event types.
    Own(FxHashSet<String>),
    Told(Arc<Told>),
}

impl Feed {
    pub(super) fn lets(&self, content: &Content) -> bool {
        match self {
            // What has no name beside it may have one in its body.
            Self::Own(event_types) => {
                content.attributes.text(EVENT_TYPE).is_none_or(|event_type| event_types.contains(event_type))
            }
            Self::Told(told) => told.filter.as_ref().is_none_or(|policy| policy.lets(content)),
        }
    }

    pub(super) fn has_policy(&self) -> bool {
        match self {
            Self::Own(_) => true,
            Self::Told(told) => told.filter.as_ref().is_some_and(|policy| !policy.is_none()),
        }
    }
}
