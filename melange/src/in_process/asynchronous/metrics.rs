//! What a bus has done so far.

use std::sync::atomic::{AtomicU64, Ordering};

use super::shared::Shared;
use super::state::InHand;
use crate::dispatch::{SubscriberError, SubscriberErrorKind};

/// What an [`AsynchronousEventBus`](crate::AsynchronousEventBus) has done so far, and the events in it now.
///
/// Of events, at every moment: `published = delivered + dropped + queued + running`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct InProcessMetrics {
    /// Events accepted.
    pub published: u64,
    /// Events for which all subscribers have run, whether they failed or not; including those nobody listens to.
    pub delivered: u64,
    /// Events accepted and then dropped at a shutdown's deadline, or with the runtime.
    pub dropped: u64,
    /// Events that wait for a worker.
    pub queued: usize,
    /// Events whose subscribers are running.
    pub running: usize,
    /// Calls of `publish` that wait for room.
    pub waiting: usize,
    /// Runs of a subscriber that did not handle the event, for whatever reason.
    pub failed_runs: u64,
    /// Those of them in which it panicked.
    pub panicked_runs: u64,
    /// Those of them that took longer than the subscriber's timeout.
    pub timed_out_runs: u64,
}

/// What is counted outside the lock.
#[derive(Debug, Default)]
pub(super) struct Runs {
    failed: AtomicU64,
    panicked: AtomicU64,
    timed_out: AtomicU64,
}

impl Runs {
    pub(super) fn count(&self, error: &SubscriberError) {
        self.failed.fetch_add(1, Ordering::Relaxed);
        match error.kind() {
            SubscriberErrorKind::Panicked => self.panicked.fetch_add(1, Ordering::Relaxed),
            SubscriberErrorKind::TimedOut => self.timed_out.fetch_add(1, Ordering::Relaxed),
            _ => 0,
        };
    }
}

impl Shared {
    pub(super) fn metrics(&self) -> InProcessMetrics {
        let InHand { queued, running, waiting, counts } = self.update(|state| {
            state.collect();
            state.in_hand()
        });
        InProcessMetrics {
            published: counts.published,
            delivered: counts.delivered,
            dropped: counts.dropped,
            queued,
            running,
            waiting,
            failed_runs: self.runs.failed.load(Ordering::Relaxed),
            panicked_runs: self.runs.panicked.load(Ordering::Relaxed),
            timed_out_runs: self.runs.timed_out.load(Ordering::Relaxed),
        }
    }
}
