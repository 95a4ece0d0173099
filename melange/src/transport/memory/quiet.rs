//! Waiting until queues have come to rest: nothing in them can be received, and nothing is in hand.

use std::sync::Arc;

use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;
use tokio::time::Instant;

use super::MemoryTransport;

/// Who waits for a queue to come to rest. Mostly nobody does, and nothing is made for it.
#[derive(Default)]
pub(super) struct Quiet(Option<Arc<Notify>>);

impl Quiet {
    /// The queue has come to rest.
    #[inline]
    pub(super) fn is_there(&self) {
        if let Some(waited_for) = &self.0 {
            waited_for.notify_waiters();
        }
    }

    /// Heard from now on, before it is awaited too.
    pub(super) fn heard(&mut self) -> OwnedNotified {
        Arc::clone(self.0.get_or_insert_default()).notified_owned()
    }
}

impl MemoryTransport {
    /// The first of these queues in which something can be received or is in hand, and what ends once it is at rest. They are
    /// looked at all at one moment: what a handler of one puts into another is always in one of them.
    pub(crate) fn first_busy<'q, Q>(
        &self,
        queues: impl IntoIterator<Item = (&'q str, Q)>,
    ) -> Option<(Q, OwnedNotified)> {
        let (mut account, now) = (self.lock(), Instant::now());
        queues.into_iter().find_map(|(name, which)| Some((which, account.queues.get(name).ok()?.until_quiet(now)?)))
    }
}

#[cfg(test)]
mod tests;
