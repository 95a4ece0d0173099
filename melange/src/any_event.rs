//! An event whose type is known only by its name.

use std::fmt;
use std::sync::Arc;

use crate::event::{Erased, Event, EventDescriptor};
use crate::metadata::Metadata;

/// An event that was read without knowing its type: look at its name, then [`downcast`](Self::downcast) it.
pub struct AnyEvent {
    descriptor: &'static EventDescriptor,
    metadata: Box<Metadata>,
    event: Erased,
}

impl AnyEvent {
    pub(crate) fn new(descriptor: &'static EventDescriptor, metadata: Metadata, event: Erased) -> Self {
        Self { descriptor, metadata: Box::new(metadata), event }
    }

    /// The name of the event type: the current one, if it came under an alias.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.descriptor.name()
    }

    /// The version of the event type: the current one, if it came as an older one.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.descriptor.version()
    }

    /// Its metadata.
    #[must_use]
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// The descriptor of its type.
    #[must_use]
    pub fn descriptor(&self) -> &'static EventDescriptor {
        self.descriptor
    }

    /// Whether it is an `E`.
    #[must_use]
    pub fn is<E: Event>(&self) -> bool {
        self.event.is::<E>()
    }

    /// The event, if it is an `E`.
    #[must_use]
    pub fn downcast_ref<E: Event>(&self) -> Option<&E> {
        self.event.downcast_ref()
    }

    /// The event itself, if it is an `E`.
    ///
    /// ```rust,standalone_crate
    /// use melange::{Event, EventSerializer};
    ///
    /// #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize, Event)]
    /// #[event(topic = "orders")]
    /// struct OrderPlaced { total_cents: u64 }
    ///
    /// let json = r#"{"event_type_name": "OrderPlaced", "total_cents": 4200}"#;
    /// let event = EventSerializer::linked()?.deserialize(json)?;
    /// assert_eq!(event.downcast::<OrderPlaced>().unwrap(), OrderPlaced { total_cents: 4200 });
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns itself if it is something else.
    pub fn downcast<E: Event>(self) -> Result<E, Self> {
        let Self { descriptor, metadata, event } = self;
        match event.downcast::<E>() {
            Ok(event) => Arc::try_unwrap(event).map_err(|event| Self { descriptor, metadata, event }),
            Err(event) => Err(Self { descriptor, metadata, event }),
        }
    }
}

impl fmt::Debug for AnyEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Never the event: payloads do not belong in logs.
        f.debug_struct("AnyEvent")
            .field("type", &format_args!("{}", self.descriptor))
            .field("event_id", &self.metadata.event_id)
            .finish_non_exhaustive()
    }
}
