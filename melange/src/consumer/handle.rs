//! Stopping what runs in the background.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::time::timeout;

use super::control::QueueControl;
use super::engine::Engine;
use super::health::{Health, health};
use super::report::ConsumerMetrics;
use crate::runtime::timer;

/// How long after the deadline to wait until messages have been returned to the queue.
const HANDING_BACK: Duration = Duration::from_secs(3);

/// A consumer that polls in the background. Dropping it stops polling; messages in flight are finished.
#[must_use = "dropping the handle stops the consumer"]
pub struct ConsumerHandle {
    engine: Arc<Engine>,
}

impl ConsumerHandle {
    pub(crate) fn new(engine: Arc<Engine>) -> Self {
        Self { engine }
    }

    /// What has been done so far.
    #[must_use]
    pub fn metrics(&self) -> ConsumerMetrics {
        self.engine.counters.snapshot()
    }

    /// Its health.
    #[must_use]
    pub fn health(&self) -> Health {
        health(&self.engine)
    }

    /// A queue it consumes from, to pause it or to change its weight; `None` for other queues.
    #[must_use]
    pub fn queue(&self, name: &str) -> Option<QueueControl> {
        QueueControl::of(&self.engine, name)
    }

    /// Sets the maximum number of messages in flight, over all queues, from now on; at least 1.
    pub fn set_concurrency(&self, messages: usize) {
        self.engine.budget.set_limit(messages);
    }

    /// Stops receiving, lets handlers finish within `deadline`, then cancels those that have not and returns their
    /// messages to the queue, so that others can receive them at once.
    ///
    /// # Errors
    /// If messages could not be returned to the queue: they are redelivered after their visibility timeout. A message
    /// whose visibility timeout had already ended is not an error.
    pub async fn shutdown(self, deadline: Duration) -> Result<Shutdown, ShutdownError> {
        shutdown(&self.engine, &self.engine.counters.snapshot(), deadline).await
    }
}

impl Drop for ConsumerHandle {
    fn drop(&mut self) {
        self.engine.stop.cancel();
    }
}

impl fmt::Debug for ConsumerHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConsumerHandle").field("metrics", &self.metrics()).finish()
    }
}

/// Reports what was done since `before`.
pub(crate) async fn shutdown(
    engine: &Engine,
    before: &ConsumerMetrics,
    deadline: Duration,
) -> Result<Shutdown, ShutdownError> {
    engine.stop.cancel();
    engine.settlers.close();
    // Of a bus that was not started there is nothing to wait for.
    if engine.settlers.wait().now_or_never().is_none() {
        let within = |limit| timer(engine.runtime.get(), || timeout(limit, engine.settlers.wait()));
        if within(deadline).await.is_err() {
            engine.abort.cancel();
            // Returning them is one short call for all; a handler that blocks its thread cannot be stopped at all.
            let _ = within(HANDING_BACK).await;
        }
    }
    let now = engine.counters.snapshot();
    let settled = |m: &ConsumerMetrics| m.handled + m.ignored + m.retried + m.dead_lettered + m.rejected;
    let report = Shutdown {
        finished: settled(&now).saturating_sub(settled(before)),
        released: now.released.saturating_sub(before.released),
        taken_back: now.leases_lost.saturating_sub(before.leases_lost),
        unreleased: now.unsettled.saturating_sub(before.unsettled),
        // The counters are read one by one, while others may still change them.
        lost: now.received.saturating_sub(settled(&now) + now.released + now.leases_lost + now.unsettled),
    };
    tracing::info!(?report, "stopped");
    if report.unreleased == 0 && report.lost == 0 { Ok(report) } else { Err(ShutdownError { report }) }
}

/// What happened to the messages that were in flight at a shutdown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Shutdown {
    /// Handled to the end, or returned for a retry as usual.
    pub finished: u64,
    /// Returned to the queue at the deadline: others can receive them at once.
    pub released: u64,
    /// No longer in flight for this consumer: the broker had made them visible again by itself. Nothing had to be
    /// returned, so this is not an error.
    pub taken_back: u64,
    /// Not returned, because the broker refused or did not answer: they are redelivered after their visibility timeout.
    pub unreleased: u64,
    /// Received and none of the above: still held by a handler that blocks and cannot be stopped, or waiting for a
    /// broker that has not answered in time. These are redelivered too, since nothing was deleted.
    pub lost: u64,
}

/// Not every message was returned to the queue in time. None is lost: they are redelivered after their visibility
/// timeout.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct ShutdownError {
    /// What happened to the messages in flight.
    pub report: Shutdown,
}

impl fmt::Display for ShutdownError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shutdown { unreleased, lost, .. } = self.report;
        write!(
            f,
            "{} messages could not be handed back at the shutdown and come again when their visibility ends; give it a longer \
             deadline, or let handlers heed their `CancellationToken`",
            unreleased + lost
        )
    }
}

impl std::error::Error for ShutdownError {}
