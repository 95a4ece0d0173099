//! A message that is ready to be sent.

use std::fmt;
use std::sync::Arc;

use melange::Attributes;

use crate::limits;

/// A message that is ready to be sent: checked, and in the body it travels in.
#[derive(Clone)]
pub(crate) struct Parcel {
    pub(crate) body: Arc<str>,
    pub(crate) attributes: Attributes,
    /// Its group: for order where there is a deduplication id, else only for a fair share of a queue.
    pub(crate) group: Option<String>,
    /// What goes to FIFO topics and queues has one.
    pub(crate) dedup_id: Option<String>,
    /// How long the queue is to keep it back, in seconds.
    pub(crate) delay: Option<i32>,
    /// What AWS counts of it.
    bytes: usize,
}

impl Parcel {
    pub(crate) fn new(body: Arc<str>, attributes: Attributes) -> Self {
        let bytes = limits::size(&body, &attributes);
        Self { body, attributes, group: None, dedup_id: None, delay: None, bytes }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The group whose order has to be kept.
    pub(crate) fn lane(&self) -> Option<&str> {
        self.group.as_deref().filter(|_| self.dedup_id.is_some())
    }
}

impl fmt::Debug for Parcel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Never the content, and not the group either, which is a field of the event.
        f.debug_struct("Parcel").field("bytes", &self.bytes).finish_non_exhaustive()
    }
}
