//! What all tasks of a consumer share.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::budget::Budget;
use super::queue::Queue;
use super::report::Counters;
use super::{UnknownEvents, UnknownVersions};
use crate::context::States;
use crate::event::EventDescriptor;
use crate::registry::Fingerprint;
use crate::transport::{DynTransport, Topology};

/// What all tasks of a consumer share.
pub(crate) struct Engine {
    pub(crate) transport: DynTransport,
    pub(crate) topology: Topology,
    /// All that are registered or listened to, by name and version.
    pub(crate) events: Vec<&'static EventDescriptor>,
    pub(crate) queues: Vec<Queue>,
    pub(crate) states: Arc<States>,
    /// Once it has been asked for.
    pub(super) fingerprint: OnceLock<Fingerprint>,
    pub(crate) unknown_events: UnknownEvents,
    pub(crate) unknown_versions: UnknownVersions,
    pub(crate) budget: Arc<Budget>,
    /// How long a poll waits for a message.
    pub(crate) wait: Duration,
    pub(crate) counters: Counters,
    /// Receive.
    pub(crate) polls: TaskTracker,
    /// Handle.
    pub(crate) lanes: TaskTracker,
    /// Extend leases, and settle.
    pub(crate) settlers: TaskTracker,
    /// The runtime that all of these run on, once they do.
    pub(crate) runtime: OnceLock<Handle>,
    /// Cancelled: nothing more is received.
    pub(crate) stop: CancellationToken,
    /// Cancelled, at the latest with `stop`: settling no longer waits to be batched.
    pub(crate) hurry: CancellationToken,
    /// Cancelled: messages in flight are returned to the queue.
    pub(crate) abort: CancellationToken,
    /// Cancelled: no message is in flight any more.
    pub(crate) settled: CancellationToken,
}

impl Engine {
    /// Of the bus's events and subscribers.
    pub(crate) fn fingerprint(&self) -> Fingerprint {
        let subscribers = || self.queues.iter().flat_map(|queue| &queue.subscribers);
        let make = || Fingerprint::of(&self.events, subscribers().map(|member| member.subscription.descriptor()));
        *self.fingerprint.get_or_init(make)
    }
}
