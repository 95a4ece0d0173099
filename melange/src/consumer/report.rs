//! What became of messages, for the caller.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::dispatch::SubscriberError;

/// What [`consume_event`](crate::MessageConsumer::consume_event) did.
#[derive(Debug)]
#[non_exhaustive]
pub enum Consumed {
    /// No message came within the wait.
    Nothing,
    /// One message was processed and settled.
    Message(Processed),
}

impl Consumed {
    /// What became of the message, if there was one.
    #[must_use]
    pub fn message(&self) -> Option<&Processed> {
        match self {
            Self::Nothing => None,
            Self::Message(processed) => Some(processed),
        }
    }
}

/// What became of one message.
#[derive(Debug)]
#[non_exhaustive]
pub struct Processed {
    /// The event's name on the wire, where it could be read.
    pub event_type_name: Option<String>,
    /// What was done with the message in the end.
    pub fate: Fate,
    /// The subscribers that did not handle it this time.
    pub failures: Vec<SubscriberError>,
}

/// What was done with a message in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fate {
    /// Every subscriber is done with it: deleted.
    Handled,
    /// Nobody here listens to it: deleted.
    Ignored,
    /// A copy is in the dead-letter queue, and everyone else is done with it: deleted.
    DeadLettered,
    /// It comes again, after this long at the soonest.
    Retried {
        /// How long it stays invisible.
        after: Duration,
    },
    /// Handed back at once, not run to the end.
    Released,
    /// It was no longer ours when it came to settling it: it comes again.
    LeaseLost,
    /// The broker did not take the answer: it comes again when its visibility ends.
    Unsettled,
}

/// What a consumer has done since it was built.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConsumerMetrics {
    /// Messages received, redeliveries included.
    pub received: u64,
    /// Messages that every subscriber handled.
    pub handled: u64,
    /// Messages nobody here listens to.
    pub ignored: u64,
    /// Messages, each time they came, of an event that is known in a version that is not.
    pub unknown_versions: u64,
    /// Messages given back for a retry.
    pub retried: u64,
    /// Messages whose last subscribers gave them up.
    pub dead_lettered: u64,
    /// Messages that were given up without a dead-letter queue that takes them, as whoever gave them to the
    /// [`Intake`](crate::Intake) was told.
    pub rejected: u64,
    /// Copies put into dead-letter queues, one for each subscriber that gave a message up.
    pub dead_letters: u64,
    /// Messages handed back without being run to the end.
    pub released: u64,
    /// Messages that were no longer ours when they were done: the broker had taken them back already. One in a while is
    /// usual. Where they go on, handlers keep the process too busy to extend its leases, or the visibility is too short.
    pub leases_lost: u64,
    /// Messages whose settling the broker did not take, or did not answer: they come again when their visibility ends.
    pub unsettled: u64,
    /// Runs of subscribers that failed.
    pub failed_runs: u64,
    /// Polls that failed.
    pub failed_polls: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) received: AtomicU64,
    handled: AtomicU64,
    ignored: AtomicU64,
    pub(crate) unknown_versions: AtomicU64,
    retried: AtomicU64,
    dead_lettered: AtomicU64,
    rejected: AtomicU64,
    pub(crate) dead_letters: AtomicU64,
    released: AtomicU64,
    leases_lost: AtomicU64,
    unsettled: AtomicU64,
    failed_runs: AtomicU64,
    pub(crate) failed_polls: AtomicU64,
}

impl Counters {
    /// A message whose fate is none was rejected.
    pub(crate) fn count(&self, fate: Option<Fate>, failures: usize) {
        self.failed_runs.fetch_add(failures as u64, Ordering::Relaxed);
        let counter = match fate {
            Some(Fate::Handled) => &self.handled,
            Some(Fate::Ignored) => &self.ignored,
            Some(Fate::DeadLettered) => &self.dead_lettered,
            Some(Fate::Retried { .. }) => &self.retried,
            Some(Fate::Released) => &self.released,
            Some(Fate::LeaseLost) => &self.leases_lost,
            Some(Fate::Unsettled) => &self.unsettled,
            None => &self.rejected,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn snapshot(&self) -> ConsumerMetrics {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        ConsumerMetrics {
            received: read(&self.received),
            handled: read(&self.handled),
            ignored: read(&self.ignored),
            unknown_versions: read(&self.unknown_versions),
            retried: read(&self.retried),
            dead_lettered: read(&self.dead_lettered),
            rejected: read(&self.rejected),
            dead_letters: read(&self.dead_letters),
            released: read(&self.released),
            leases_lost: read(&self.leases_lost),
            unsettled: read(&self.unsettled),
            failed_runs: read(&self.failed_runs),
            failed_polls: read(&self.failed_polls),
        }
    }
}
