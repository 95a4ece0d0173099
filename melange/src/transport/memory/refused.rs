//! What the account does not do.

use std::error::Error;
use std::fmt;

use crate::transport::{TransportError, TransportErrorKind};

/// Why a call on a [`MemoryAccount`](super::MemoryAccount) was refused.
///
/// ```
/// use melange::MemoryTransport;
/// use melange::transport::memory::{Outgoing, RefusedKind};
///
/// let account = MemoryTransport::new().account();
/// let refused = account.send("nowhere", Outgoing::new("{}")).unwrap_err();
/// assert_eq!(refused.kind(), RefusedKind::NotFound);
/// assert!(refused.to_string().contains("`nowhere`"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    kind: RefusedKind,
    what: String,
}

/// The kind of a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RefusedKind {
    /// There is no such topic, queue, subscription or task.
    NotFound,
    /// It exists already, with other settings.
    AlreadyExists,
    /// A queue of this name was deleted less than 60 seconds ago.
    DeletedRecently,
    /// The queue was purged less than 60 seconds ago.
    PurgeInProgress,
    /// The message is not in flight, or in flight with another receipt handle.
    NotInFlight,
    /// The receipt handle is not one of this queue, or has expired where that matters.
    InvalidReceipt,
    /// Too many messages are in flight.
    OverLimit,
    /// An empty batch.
    EmptyBatch,
    /// A batch of more than ten.
    TooManyEntries,
    /// A batch in which an id occurs twice.
    IdsNotDistinct,
    /// An entry's id is not valid.
    InvalidEntryId,
    /// A batch that is too large as a whole.
    BatchTooLong,
    /// A body or an attribute with characters that are not allowed.
    InvalidContents,
    /// A filter policy that is not valid, or is too complex.
    InvalidFilter,
    /// Too many filter policies.
    FilterLimit,
    /// Too many topics.
    TopicLimit,
    /// Too many subscriptions of a topic that is FIFO, or takes large messages.
    SubscriptionLimit,
    /// Something else is missing, too large, or not for this kind of queue or topic.
    InvalidParameter,
    /// The operation is not possible now, or not on this.
    Unsupported,
}

impl Refused {
    pub(super) fn new(kind: RefusedKind, what: impl Into<String>) -> Self {
        Self { kind, what: what.into() }
    }

    pub(super) fn parameter(what: impl Into<String>) -> Self {
        Self::new(RefusedKind::InvalidParameter, what)
    }

    pub(super) fn no_queue(name: &str) -> Self {
        let what = format!(
            "there is no queue `{name}` in this memory account: it is made by building a bus that consumes from it, or by \
             `account.create_queue(..)`"
        );
        Self::new(RefusedKind::NotFound, what)
    }

    pub(super) fn no_topic(name: &str) -> Self {
        let what = format!(
            "there is no topic `{name}` in this memory account: it is made by building a bus whose events go there, or by \
             `account.create_topic(..)`"
        );
        Self::new(RefusedKind::NotFound, what)
    }

    /// The kind of a refusal.
    #[must_use]
    pub fn kind(&self) -> RefusedKind {
        self.kind
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl Error for Refused {}

impl From<Refused> for TransportError {
    fn from(refused: Refused) -> Self {
        let kind = match refused.kind {
            RefusedKind::NotFound => TransportErrorKind::NotFound,
            RefusedKind::NotInFlight | RefusedKind::InvalidReceipt => TransportErrorKind::LeaseLost,
            RefusedKind::OverLimit | RefusedKind::PurgeInProgress => TransportErrorKind::Throttled,
            RefusedKind::DeletedRecently => TransportErrorKind::Unavailable,
            RefusedKind::InvalidContents | RefusedKind::BatchTooLong | RefusedKind::InvalidParameter => {
                TransportErrorKind::InvalidMessage
            }
            _ => TransportErrorKind::Configuration,
        };
        Self::new(kind, refused.what)
    }
}
