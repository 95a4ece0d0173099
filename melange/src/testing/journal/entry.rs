//! What is written down of an event that was published, and of a run of a subscriber.

use std::sync::Arc;
use std::time::Duration;

use crate::event::{Erased, EventDescriptor};
use crate::metadata::Metadata;
use crate::testing::ending::Ending;
use crate::transport::{Body, Message};

/// When something happened, and before or after what: on a clock that stands still, much happens at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) at: Duration,
    pub(super) step: u64,
}

/// An event that the broker took.
#[derive(Clone)]
pub(crate) struct PublishedEntry {
    pub(crate) place: Place,
    pub(crate) event: &'static EventDescriptor,
    pub(crate) metadata: Metadata,
    pub(crate) body: Body,
    /// Where it was sent to past all topics, if it was.
    pub(crate) queue: Option<String>,
}

impl PublishedEntry {
    pub(crate) fn of(message: &Message, queue: Option<&str>, place: Place) -> Self {
        let Message { event, metadata, attributes, body, .. } = message;
        let metadata = Metadata { attributes: attributes.clone(), ..metadata.clone() };
        Self { place, event, metadata, body: body.clone(), queue: queue.map(str::to_owned) }
    }
}

/// A run of a subscriber.
#[derive(Clone)]
pub(crate) struct RunEntry {
    pub(crate) place: Place,
    pub(crate) ended: Option<Duration>,
    pub(crate) queue: Arc<str>,
    pub(crate) subscriber: &'static str,
    /// With its module.
    pub(crate) full_name: String,
    pub(crate) descriptor: &'static EventDescriptor,
    pub(crate) event: Erased,
    pub(crate) metadata: Arc<Metadata>,
    pub(super) has_timeout: bool,
    pub(crate) ending: Ending,
}

impl RunEntry {
    /// Ended, and the broker has not been told yet what is to become of it.
    pub(super) fn is_undecided(&self) -> bool {
        matches!(self.ending, Ending::Retried { after: None, .. })
    }
}
