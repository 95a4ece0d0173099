//! A message in the line, and the call that it came with.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::outbox::Answer;
use crate::outbox::parcel::Parcel;

/// One call to publish or send, which its messages have in common.
#[derive(Debug, Default)]
pub(in crate::outbox) struct Call {
    /// The groups of which a message was not sent for good: what comes later in them is not sent either.
    broken: Mutex<HashSet<String>>,
}

impl Call {
    pub(super) fn broken(&self) -> MutexGuard<'_, HashSet<String>> {
        self.broken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A message in the line, and who waits for its answer.
#[derive(Debug)]
pub(in crate::outbox) struct Held {
    pub(super) parcel: Arc<Parcel>,
    pub(super) call: Arc<Call>,
    pub(super) answer: oneshot::Sender<Answer>,
    pub(super) since: Instant,
    /// When its retries end.
    pub(super) until: Option<Instant>,
    pub(super) tries: u32,
    /// One of its tries may have arrived.
    pub(super) uncertain: bool,
    /// To be sent in a request of its own, since one that it shared was refused as a whole.
    pub(super) alone: bool,
}

impl Held {
    pub(in crate::outbox) fn new(parcel: Arc<Parcel>, call: Arc<Call>, answer: oneshot::Sender<Answer>) -> Self {
        let since = Instant::now();
        Self { parcel, call, answer, since, until: None, tries: 0, uncertain: false, alone: false }
    }

    pub(super) fn is_of(&self, call: &Arc<Call>) -> bool {
        Arc::ptr_eq(&self.call, call)
    }

    pub(super) fn is_broken(&self) -> bool {
        self.parcel.lane().is_some_and(|lane| self.call.broken().contains(lane))
    }
}
