//! What is known of an event beside what it says itself.

use std::any::Any;
use std::borrow::Cow;

use crate::attributes::{Attributes, TRACEPARENT};
use crate::{EventId, Timestamp};

/// What is known about an event besides its own fields: a subscriber takes it as `&Metadata`.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Metadata {
    /// Stays the same through publish retries, redeliveries and redrives: use it for deduplication.
    pub event_id: EventId,
    /// The name on the wire (`event_type_name`) as it was received: an old name, if the event came under an alias.
    pub event_type_name: Cow<'static, str>,
    /// The version on the wire as it was received: after an upcast, older than the version of the event type.
    pub version: u32,
    /// When it happened, by the publisher's clock, to the microsecond.
    pub occurred_on: Timestamp,
    /// The topic it was published to; empty if the message names none.
    pub topic: Cow<'static, str>,
    /// How often this message has been received, this time included; 1 on an in-process bus.
    pub attempt: u32,
    /// The message attributes.
    pub attributes: Attributes,
}

impl Metadata {
    /// Metadata of an event named `name` that happens now: for tests that call a subscriber directly.
    ///
    /// ```
    /// let meta = melange::Metadata::now("OrderPlaced");
    /// assert_eq!((meta.event_type_name.as_ref(), meta.version, meta.attempt), ("OrderPlaced", 1, 1));
    /// ```
    #[must_use]
    pub fn now(name: impl Into<Cow<'static, str>>) -> Self {
        Self {
            event_id: EventId::new(),
            event_type_name: name.into(),
            version: 1,
            occurred_on: Timestamp::now(),
            topic: Cow::Borrowed(""),
            attempt: 1,
            attributes: Attributes::new(),
        }
    }

    /// Sets how often the message has been received, counted from 1: for tests that call a subscriber directly.
    #[must_use]
    pub fn with_attempt(mut self, attempt: u32) -> Self {
        self.attempt = attempt;
        self
    }

    /// Sets when the event happened: for tests that call a subscriber directly.
    #[must_use]
    pub fn with_occurred_on(mut self, occurred_on: Timestamp) -> Self {
        self.occurred_on = occurred_on;
        self
    }

    /// Sets the event's id: for tests that call a subscriber directly.
    #[must_use]
    pub fn with_event_id(mut self, event_id: EventId) -> Self {
        self.event_id = event_id;
        self
    }

    /// The W3C `traceparent` the message came with.
    #[must_use]
    pub fn traceparent(&self) -> Option<&str> {
        self.attributes.text(TRACEPARENT)
    }
}

impl Metadata {
    /// The metadata `event` would have if it were published now: its name, version and topic, a new id, and what its
    /// own fields set.
    ///
    /// ```
    /// # #[derive(serde::Serialize, serde::Deserialize, melange::Event)]
    /// # #[event(topic = "orders", version = 2)]
    /// # struct OrderPlaced { total_cents: u64 }
    /// let meta = melange::Metadata::of(&OrderPlaced { total_cents: 4200 }).with_attempt(3);
    /// assert_eq!((meta.version, meta.topic.as_ref(), meta.attempt), (2, "orders", 3));
    /// ```
    #[must_use]
    pub fn of<E: crate::Event>(event: &E) -> Self {
        Self::routed(E::DESCRIPTOR, &event.route())
    }

    /// The same for a type-erased event.
    pub(crate) fn of_erased(descriptor: &'static crate::EventDescriptor, event: &(dyn Any + Send + Sync)) -> Self {
        Self::routed(descriptor, &descriptor.route(event).unwrap_or_default())
    }

    pub(crate) fn routed(descriptor: &'static crate::EventDescriptor, route: &crate::event::Route<'_>) -> Self {
        let now = Timestamp::now();
        Self {
            event_id: EventId::made_at(now),
            event_type_name: Cow::Borrowed(descriptor.name()),
            version: descriptor.version(),
            occurred_on: route.occurred_on.unwrap_or(now),
            topic: match &route.topic {
                Some(topic) => Cow::Owned(topic.clone().into_owned()),
                None => Cow::Borrowed(descriptor.topic().unwrap_or("")),
            },
            attempt: 1,
            attributes: Attributes::new(),
        }
    }
}
