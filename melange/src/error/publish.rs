//! Why an event was not published.

use std::error::Error;
use std::fmt;

use super::transport::{TransportError, TransportErrorKind};
use crate::EventId;
use crate::wire::WriteError;

/// Why an event was not published, or not sent to a queue.
///
/// If [`is_uncertain`](Self::is_uncertain), the broker may have it nevertheless, because its answer was lost. The
/// transport's own retries, which are over by then, used the same event id; publishing again makes a new one.
// One word, since each publish returns whether there is one.
pub struct PublishError(Box<Details>);

struct Details {
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
        Self(Box::new(Details { event, event_id, kind }))
    }

    /// The name of the event that was not published.
    #[must_use]
    pub fn event_name(&self) -> &'static str {
        self.0.event
    }

    /// The id it was given, if it got that far.
    #[must_use]
    pub fn event_id(&self) -> Option<&EventId> {
        self.0.event_id.as_ref()
    }

    /// The transport's error, if it got that far.
    #[must_use]
    pub fn transport_error(&self) -> Option<&TransportError> {
        match &self.0.kind {
            Kind::Transport(error) => Some(error),
            _ => None,
        }
    }

    /// The bus has been shut down.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        matches!(self.0.kind, Kind::Closed)
    }

    /// The bus is full.
    #[must_use]
    pub fn is_full(&self) -> bool {
        matches!(self.0.kind, Kind::Full)
    }

    /// The event cannot be published like this, now or later: it cannot be serialized, is too large, has characters
    /// that the broker refuses, or has a delay that the queue does not support.
    #[must_use]
    pub fn is_invalid(&self) -> bool {
        match &self.0.kind {
            Kind::Write(_) | Kind::TooManyAttributes(_) | Kind::Topic(_) => true,
            Kind::Transport(error) => error.kind() == TransportErrorKind::InvalidMessage,
            Kind::Closed | Kind::Full | Kind::NoBus => false,
        }
    }

    /// The same call may succeed later: the broker did not answer, was throttling, or the bus was full.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match &self.0.kind {
            Kind::Full => true,
            Kind::Transport(error) => error.is_retryable(),
            _ => false,
        }
    }

    /// The broker may have it, because its answer was lost. An event that was throttled or refused, it certainly has
    /// not.
    #[must_use]
    pub fn is_uncertain(&self) -> bool {
        matches!(&self.0.kind, Kind::Transport(error) if error.is_uncertain())
    }
}

impl fmt::Debug for PublishError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Details { event, event_id, kind } = self.0.as_ref();
        f.debug_struct("PublishError").field("event", event).field("event_id", event_id).field("kind", kind).finish()
    }
}

impl fmt::Display for PublishError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "event {}", self.0.event)?;
        if let Some(id) = &self.0.event_id {
            write!(f, " ({id})")?;
        }
        f.write_str(if self.is_uncertain() { " may not have been published: " } else { " was not published: " })?;
        match &self.0.kind {
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
            // Not as the source: who prints one line only must see why.
            Kind::Transport(error) => error.fmt(f),
        }
    }
}

impl Error for PublishError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.0.kind {
            Kind::Transport(error) => error.source(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use TransportErrorKind as T;

    fn failed(error: TransportError) -> PublishError {
        PublishError::new("OrderPlaced", None, Kind::Transport(error))
    }

    /// Retryable, uncertain, invalid.
    fn answers(error: &PublishError) -> (bool, bool, bool) {
        (error.is_retryable(), error.is_uncertain(), error.is_invalid())
    }

    #[test]
    fn only_what_was_not_answered_is_uncertain() {
        for (kind, expected) in [
            (T::Unavailable, (true, true, false)),
            (T::Throttled, (true, false, false)),
            (T::Denied, (false, false, false)),
            (T::NotFound, (false, false, false)),
            (T::Configuration, (false, false, false)),
            (T::InvalidMessage, (false, false, true)),
        ] {
            assert_eq!(answers(&failed(TransportError::new(kind, "x"))), expected, "{kind:?}");
        }
        for (kind, expected) in [
            (Kind::Closed, (false, false, false)),
            (Kind::Full, (true, false, false)),
            (Kind::NoBus, (false, false, false)),
            (Kind::TooManyAttributes(9), (false, false, true)),
            (Kind::Topic(String::new()), (false, false, true)),
        ] {
            assert_eq!(answers(&PublishError::new("OrderPlaced", None, kind)), expected);
        }
    }

    #[test]
    fn a_transport_that_knows_better_says_so() {
        let never_sent = failed(TransportError::new(T::Unavailable, "x").certain());
        assert_eq!(answers(&never_sent), (true, false, false));
        let sent_before = failed(TransportError::new(T::Throttled, "x").uncertain());
        assert_eq!(answers(&sent_before), (true, true, false));
    }

    #[test]
    fn one_line_says_which_event_and_why_and_the_sources_do_not_repeat_it() {
        let why = TransportError::new(T::Throttled, "sns:Publish on topic orders: Throttling").with_source("the cause");
        let error = failed(why);
        assert_eq!(error.to_string(), "event OrderPlaced was not published: sns:Publish on topic orders: Throttling");
        assert_eq!(error.source().map(ToString::to_string).as_deref(), Some("the cause"));
    }

    #[test]
    fn what_somebody_may_have_is_not_called_unpublished() {
        let lost = failed(TransportError::new(T::Unavailable, "the answer was lost"));
        assert_eq!(lost.to_string(), "event OrderPlaced may not have been published: the answer was lost");
    }
}
