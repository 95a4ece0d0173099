//! Why an event was not published.

use std::fmt;

use super::transport::{TransportError, TransportErrorKind};
use crate::EventId;
use crate::wire::WriteError;

/// Why an event was not published: nobody has it.
///
/// After [`is_uncertain`](Self::is_uncertain) somebody may have it all the same: the answer was lost. Publishing it again
/// under the same id is what the transport's own retries do.
#[derive(Debug)]
pub struct PublishError {
    event: &'static str,
    event_id: Option<EventId>,
    kind: Kind,
}

#[derive(Debug)]
pub(crate) enum Kind {
    Closed,
    Full,
    NoBus,
    Write(WriteError),
    TooManyAttributes(usize),
    Topic(String),
    Transport(TransportError),
}

impl PublishError {
    pub(crate) fn new(event: &'static str, event_id: Option<EventId>, kind: Kind) -> Self {
        Self { event, event_id, kind }
    }

    /// The name of the event that was not published.
    #[must_use]
    pub fn event_name(&self) -> &'static str {
        self.event
    }

    /// The id it had got, where it got that far.
    #[must_use]
    pub fn event_id(&self) -> Option<&EventId> {
        self.event_id.as_ref()
    }

    /// The bus has been shut down.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        matches!(self.kind, Kind::Closed)
    }

    /// The bus holds as many events as it may.
    #[must_use]
    pub fn is_full(&self) -> bool {
        matches!(self.kind, Kind::Full)
    }

    /// The event itself cannot be published, now or later.
    #[must_use]
    pub fn is_invalid(&self) -> bool {
        match &self.kind {
            Kind::Write(_) | Kind::TooManyAttributes(_) | Kind::Topic(_) => true,
            Kind::Transport(error) => error.kind() == TransportErrorKind::InvalidMessage,
            Kind::Closed | Kind::Full | Kind::NoBus => false,
        }
    }

    /// The same call may succeed later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match &self.kind {
            Kind::Full => true,
            Kind::Transport(error) => error.is_retryable(),
            _ => false,
        }
    }

    /// The broker may have it, since its answer was lost.
    #[must_use]
    pub fn is_uncertain(&self) -> bool {
        matches!(&self.kind, Kind::Transport(error) if error.is_retryable())
    }
}

impl fmt::Display for PublishError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "event {}", self.event)?;
        if let Some(id) = &self.event_id {
            write!(f, " ({id})")?;
        }
        f.write_str(" was not published: ")?;
        match &self.kind {
            Kind::Closed => f.write_str("the bus has been shut down"),
            Kind::Full => {
                f.write_str("the bus is full; publish later, or give it more `.capacity(..)` or `.workers(..)`")
            }
            Kind::NoBus => f.write_str("there is no global bus; call `EventBus::init(bus)` first"),
            Kind::Write(error) => error.fmt(f),
            Kind::TooManyAttributes(count) => {
                write!(
                    f,
                    "it has {count} message attributes, and at most {} get through",
                    crate::attributes::MAX_ATTRIBUTES
                )
            }
            Kind::Topic(why) => f.write_str(why),
            Kind::Transport(_) => f.write_str("the transport did not take it"),
        }
    }
}

impl std::error::Error for PublishError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.kind {
            Kind::Transport(error) => Some(error),
            _ => None,
        }
    }
}
