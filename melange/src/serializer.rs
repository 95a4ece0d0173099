//! The map from names to types that users of the Python library write by hand, built from the registry.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::any_event::AnyEvent;
use crate::attributes::Attributes;
use crate::error::build::BuildErrors;
use crate::event::{Event, EventDescriptor};
use crate::metadata::Metadata;
use crate::registry::versions::{read_as, written_version};
use crate::registry::{Readers, Reading, Registry};
use crate::transport::{Body, Inbound};
use crate::wire::{Format, Header, Incoming, WriteError, begin, read, write};
use crate::{EventId, Timestamp};

/// Writes events as JSON and reads them back by their name.
///
/// ```rust,standalone_crate
/// use melange::{Event, EventSerializer};
///
/// #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize, Event)]
/// #[event(topic = "orders")]
/// struct OrderPlaced { order_id: String }
///
/// let serializer = EventSerializer::linked()?;
/// let json = serializer.serialize(&OrderPlaced { order_id: "o-1".into() })?;
/// let event = serializer.deserialize(&json)?;
/// assert_eq!(event.name(), "OrderPlaced");
/// assert_eq!(event.downcast::<OrderPlaced>().unwrap().order_id, "o-1");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct EventSerializer {
    readers: Arc<Readers>,
    format: Format,
}

impl EventSerializer {
    /// For all linked events.
    ///
    /// # Errors
    /// If the events contradict each other: two with one name and version, an alias that collides, a gap in versions.
    #[cfg(not(target_family = "wasm"))]
    pub fn linked() -> Result<Self, BuildErrors> {
        Self::of(&Registry::everything_linked())
    }

    /// For the events of `registry`.
    ///
    /// # Errors
    /// If the events contradict each other.
    pub fn of(registry: &Registry) -> Result<Self, BuildErrors> {
        let events: Vec<_> = registry.events().collect();
        BuildErrors::check(crate::registry::check_events(&events))?;
        Ok(Self { readers: Arc::new(Readers::of(events)), format: Format::Melange })
    }

    /// Sets the format to write; every format can be read.
    #[must_use]
    pub fn format(mut self, format: Format) -> Self {
        self.format = format;
        self
    }

    /// The event as JSON, with a new id, as it would be published now.
    ///
    /// # Errors
    /// If the event is local, or serde cannot serialize it.
    pub fn serialize<E: Event>(&self, event: &E) -> Result<String, SerializeError> {
        let metadata = Metadata::of(event);
        write(self.format, E::DESCRIPTOR, &metadata, event)
            .map_err(|why| SerializeError { event: E::DESCRIPTOR.name(), why })
    }

    /// Reads the event in `json`: a bare event, as Melange, Python melange or a CloudEvents producer writes it.
    ///
    /// Messages from SNS or SQS may be in an envelope; `melange_aws` reads those.
    ///
    /// # Errors
    /// If it is not JSON, has no name or an unknown one, or does not fit the event of that name.
    pub fn deserialize(&self, json: &str) -> Result<AnyEvent, DeserializeError> {
        self.read(json, &Attributes::new(), &Origin::default())
    }

    /// Reads the event in `inbound`: for code that receives messages from a broker itself.
    ///
    /// # Errors
    /// As [`deserialize`](Self::deserialize).
    pub fn deserialize_message(&self, inbound: &Inbound) -> Result<AnyEvent, DeserializeError> {
        let origin = Origin {
            topic: inbound.topic.as_deref(),
            id: inbound.wrapper_id.as_deref(),
            sent_at: inbound.occurred_on,
            ..Origin::default()
        };
        match &inbound.body {
            Body::Json(json) => self.read(json, &inbound.attributes, &origin),
            Body::Typed(_) => {
                Err(DeserializeError::new(None, DeserializeErrorKind::Invalid, "it is local, not on a wire"))
            }
        }
    }

    pub(crate) fn read(
        &self,
        json: &str,
        attributes: &Attributes,
        origin: &Origin<'_>,
    ) -> Result<AnyEvent, DeserializeError> {
        // First in one walk, as most come. What cannot be read so is read with care, and judged then.
        if let Some(incoming) = begin(json, attributes, |name| self.readers.know(name)) {
            match self.event(&incoming, attributes, origin) {
                Ok(event) => return Ok(event),
                Err(error) if error.kind == DeserializeErrorKind::UnknownName && incoming.says_its_name() => {
                    return Err(error);
                }
                Err(_) => {}
            }
        }
        let incoming = read(json, attributes)
            .map_err(|why| DeserializeError::new(None, DeserializeErrorKind::Invalid, why.to_string()))?;
        self.event(&incoming, attributes, origin)
    }

    fn event(
        &self,
        incoming: &Incoming<'_>,
        attributes: &Attributes,
        origin: &Origin<'_>,
    ) -> Result<AnyEvent, DeserializeError> {
        let newest = self.newest(&incoming.header)?;
        let occurred_on = origin.occurred_on(&incoming.header);
        let (event, header) = read_as(newest, incoming, occurred_on).map_err(|why| {
            DeserializeError::new(Some(&incoming.header.name), DeserializeErrorKind::Invalid, why.to_string())
        })?;
        Ok(AnyEvent::new(newest, origin.metadata(&header, newest, occurred_on, attributes), event))
    }

    fn newest(&self, header: &Header<'_>) -> Result<&'static EventDescriptor, DeserializeError> {
        let name = Some(header.name.as_ref());
        match self.readers.find(&header.name, header.version) {
            Reading::Into(types) => types.first().copied().ok_or_else(|| {
                DeserializeError::new(name, DeserializeErrorKind::UnknownName, "no event has this name")
            }),
            Reading::UnknownName => Err(DeserializeError::new(
                name,
                DeserializeErrorKind::UnknownName,
                "no linked event has this name; is its crate named somewhere (`use orders as _;`)?",
            )),
            Reading::UnknownVersion { known } => Err(DeserializeError::new(
                name,
                DeserializeErrorKind::UnknownVersion,
                format!(
                    "it is of version {}, and only {} can be read; deploy the newer event, or add `upcast_from`",
                    header.version.unwrap_or(1),
                    known.iter().map(|v| format!("v{v}")).collect::<Vec<_>>().join(", ")
                ),
            )),
        }
    }
}

/// What is known of a message besides its body: stands in for what the body lacks.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Origin<'a> {
    pub(crate) topic: Option<&'a str>,
    pub(crate) id: Option<&'a str>,
    pub(crate) sent_at: Option<Timestamp>,
    pub(crate) attempt: u32,
}

impl Origin<'_> {
    /// When it happened, as far as is known of it so far.
    pub(crate) fn occurred_on(&self, header: &Header<'_>) -> Timestamp {
        header.occurred_on.or(self.sent_at).unwrap_or_else(Timestamp::now)
    }

    /// `occurred_on` is when it happened if the header does not say it.
    pub(crate) fn metadata(
        &self,
        header: &Header<'_>,
        read_as: &'static EventDescriptor,
        occurred_on: Timestamp,
        attributes: &Attributes,
    ) -> Metadata {
        // An event may leave its own topic empty, to be published to that of its type.
        let topic = header.topic.as_deref().filter(|topic| !topic.is_empty()).or(self.topic);
        Metadata {
            event_id: header.event_id.clone().or_else(|| self.id.map(EventId::from_text)).unwrap_or_default(),
            event_type_name: usual_or_own(&header.name, read_as.name()),
            version: written_version(read_as, header),
            occurred_on: header.occurred_on.unwrap_or(occurred_on),
            topic: topic.map_or(Cow::Borrowed(""), |topic| usual_or_own(topic, read_as.topic().unwrap_or_default())),
            attempt: self.attempt.max(1),
            attributes: attributes.clone(),
        }
    }
}

/// A text that came: nearly always what the type says too.
pub(crate) fn usual_or_own(text: &str, usual: &'static str) -> Cow<'static, str> {
    if text == usual { Cow::Borrowed(usual) } else { Cow::Owned(text.to_owned()) }
}

/// An event could not be serialized.
#[derive(Debug)]
pub struct SerializeError {
    event: &'static str,
    why: WriteError,
}

impl SerializeError {
    pub(crate) fn new(event: &'static str, why: WriteError) -> Self {
        Self { event, why }
    }
}

impl fmt::Display for SerializeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "event {} was not serialized: {}", self.event, self.why)
    }
}

impl std::error::Error for SerializeError {}

/// A text could not be read as an event. The error never quotes the text.
#[derive(Debug, Clone)]
pub struct DeserializeError {
    name: Option<String>,
    kind: DeserializeErrorKind,
    why: String,
}

/// Why a text could not be read as an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DeserializeErrorKind {
    /// No event has this name: it may be somebody else's, on a shared topic.
    UnknownName,
    /// The event is known, but not in this version.
    UnknownVersion,
    /// It is not JSON, has no name, or does not fit its event.
    Invalid,
}

impl DeserializeError {
    fn new(name: Option<&str>, kind: DeserializeErrorKind, why: impl Into<String>) -> Self {
        Self { name: name.map(str::to_owned), kind, why: why.into() }
    }

    pub(crate) fn unreadable(why: String) -> Self {
        Self::new(None, DeserializeErrorKind::Invalid, why)
    }

    /// Why.
    #[must_use]
    pub fn kind(&self) -> DeserializeErrorKind {
        self.kind
    }

    /// The event's name, where it had one.
    #[must_use]
    pub fn event_name(&self) -> Option<&str> {
        self.name.as_deref()
    }
}

impl fmt::Display for DeserializeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "event {name:?} was not read: {}", self.why),
            None => write!(f, "no event was read: {}", self.why),
        }
    }
}

impl std::error::Error for DeserializeError {}
