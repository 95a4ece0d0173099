//! What all polls and runs of a consumer share.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::UnknownEvents;
use super::queue::Queue;
use super::report::Counters;
use crate::context::States;
use crate::transport::{DynTransport, Topology};

/// What all polls and runs of a consumer share.
pub(crate) struct Engine {
    pub(crate) transport: DynTransport,
    pub(crate) topology: Topology,
    pub(crate) queues: Vec<Queue>,
    pub(crate) states: Arc<States>,
    pub(crate) unknown_events: UnknownEvents,
    /// One permit for each message in hand, of all queues together.
    pub(crate) permits: Arc<Semaphore>,
    pub(crate) concurrency: usize,
    pub(crate) wait: std::time::Duration,
    pub(crate) counters: Counters,
    pub(crate) polls: TaskTracker,
    pub(crate) lanes: TaskTracker,
    /// Cancelled: nothing more is received.
    pub(crate) stop: CancellationToken,
    /// Cancelled: what is in hand is handed back.
    pub(crate) abort: CancellationToken,
}
