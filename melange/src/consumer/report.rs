//! What happened to messages, for the caller.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::dispatch::SubscriberError;

/// What [`consume_event`](crate::MessageConsumer::consume_event) did.
#[derive(Debug)]
#[non_exhaustive]
pub enum Consumed {
    /// No message arrived within the wait time.
    Nothing,
    /// One message was processed and settled.
    Message(Processed),
}

impl Consumed {
    /// What happened to the message, if there was one.
    #[must_use]
    pub fn message(&self) -> Option<&Processed> {
        match self {
            Self::Nothing => None,
            Self::Message(processed) => Some(processed),
        }
    }
}

/// What happened to one message.
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
    /// It will be redelivered, `after` at the earliest.
    Retried {
        /// How long it stays invisible.
        after: Duration,
    },
    /// Returned to the queue at once, without having been run to the end.
    Released,
    /// Its visibility timeout had ended before it could be settled: it is redelivered.
    LeaseLost,
    /// The broker did not accept its settling: it is redelivered after its visibility timeout.
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
    /// Receives of messages whose event is known but whose version is not.
    pub unknown_versions: u64,
    /// Messages returned for a retry.
    pub retried: u64,
    /// Messages that their last remaining subscribers gave up.
    pub dead_lettered: u64,
    /// Messages that were given up while there was no dead-letter queue for them, as reported to the caller of the
    /// [`Intake`](crate::Intake).
    pub rejected: u64,
    /// Copies sent to dead-letter queues, one for each subscriber that gave a message up.
    pub dead_letters: u64,
    /// Messages returned to the queue without having been run to the end.
    pub released: u64,
    /// Messages whose visibility timeout ended before they were settled. An occasional one is normal. If they continue,
    /// handlers keep the process too busy to extend its leases, or the visibility timeout is too short.
    pub leases_lost: u64,
    /// Messages whose settling the broker refused or did not answer: they are redelivered after their visibility
    /// timeout.
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
    /// Counts a message; one without a fate was rejected.
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
