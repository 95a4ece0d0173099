//! Values of events that people can look at: `#[event(example = ..)]`.

use std::fmt;
use std::sync::Arc;

use crate::attributes::AttributeValue;
use crate::event::{Erased, Event, EventDescriptor};
use crate::metadata::Metadata;
use crate::serializer::SerializeError;
use crate::wire::{Format, write};
use crate::{EventId, Timestamp};

/// The id of every example, so that a document is the same each time it is made.
const ID: &str = "019ab0b0-1c5c-7d2e-9a3b-5f1e8c0d4a17";

/// The moment of an example that says none itself.
const MOMENT: &str = "2026-01-31T09:30:00.000000+00:00";

/// A value of an event, given by `#[event(example = ..)]`, as it would be published.
///
/// ```
/// use melange::{Event, Format};
///
/// #[derive(serde::Serialize, serde::Deserialize, Event)]
/// #[event(topic = "orders", example = OrderPlaced { order_id: "o-1".into() })]
/// struct OrderPlaced { order_id: String }
///
/// for example in OrderPlaced::DESCRIPTOR.examples() {
///     assert!(example.body(Format::Melange)?.ends_with(r#""topic":"orders","order_id":"o-1"}"#));
/// }
/// # Ok::<(), melange::SerializeError>(())
/// ```
#[derive(Clone)]
pub struct Example {
    descriptor: &'static EventDescriptor,
    event: Erased,
    metadata: Metadata,
    key: Option<String>,
    attributes: Vec<(&'static str, AttributeValue)>,
}

impl Example {
    /// This value, with an id and a time that are the same for all examples.
    #[must_use]
    pub fn of<E: Event>(event: E) -> Self {
        let route = event.route();
        let mut metadata = Metadata::routed(E::DESCRIPTOR, &route);
        metadata.event_id = EventId::from_text(ID);
        if route.occurred_on.is_none() {
            metadata.occurred_on = MOMENT.parse().unwrap_or_else(|_| Timestamp::now());
        }
        let (key, attributes) = (route.key.map(|key| key.into_owned()), route.attributes);
        Self { descriptor: E::DESCRIPTOR, event: Arc::new(event), metadata, key, attributes }
    }

    /// Its body on the wire.
    ///
    /// # Errors
    /// If the event is local, or serde cannot serialize it.
    pub fn body(&self, format: Format) -> Result<String, SerializeError> {
        let written = write(format, self.descriptor, &self.metadata, &*self.event);
        written.map_err(|why| SerializeError::new(self.descriptor.name(), why))
    }

    /// Its ordering key, from the field marked `#[event(key)]`.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// Its own message attributes, from the fields marked `#[event(attribute)]`.
    pub fn attributes(&self) -> impl Iterator<Item = (&'static str, &AttributeValue)> {
        self.attributes.iter().map(|(name, value)| (*name, value))
    }
}

/// Where the derive puts them. Generated code only.
pub trait WithExamples {
    /// Each of them.
    const EXAMPLES: &'static [fn() -> Example];
}

impl fmt::Debug for Example {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Example").field("event", self.descriptor).finish_non_exhaustive()
    }
}
