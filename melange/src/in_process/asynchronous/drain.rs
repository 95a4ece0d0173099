//! How a bus ends.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::AbortHandle;
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

use super::shared::Shared;
use super::state::InHand;
use crate::runtime::timer;

/// How long subscribers have to react to the cancelled token before they are cut off.
const GRACE: Duration = Duration::from_millis(100);

/// What happened to the events that were in an [`AsynchronousEventBus`](crate::AsynchronousEventBus) when it was shut
/// down.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Drained {
    /// Events queued or running then, or published by subscribers since, for which all subscribers have run.
    pub delivered: u64,
    /// Those that were not started, or not finished, at the deadline.
    pub dropped: u64,
    /// Runs that cannot be stopped: sync subscribers that are still busy, on a blocking thread or inline. They go on
    /// until they return.
    pub still_running: usize,
}

/// The workers of a bus, held by its handles only.
pub(super) struct Crew {
    pub(super) shared: Arc<Shared>,
    pub(super) tasks: TaskTracker,
    pub(super) aborts: Vec<AbortHandle>,
    /// What they run on.
    pub(super) runtime: Option<Handle>,
}

impl Crew {
    pub(super) async fn shutdown(&self, deadline: Duration) -> Drained {
        let (first, before) = self.shared.update(|state| (state.start_drain(), state.in_hand().counts));
        if !first {
            return Drained::default();
        }
        self.tasks.close();
        if !self.gone_within(deadline).await {
            self.cut_off().await;
        }
        let after = self.shared.update(|state| state.in_hand().counts);
        Drained {
            delivered: after.delivered - before.delivered,
            dropped: after.dropped - before.dropped,
            still_running: Arc::strong_count(&self.shared.states) - 1,
        }
    }

    async fn cut_off(&self) {
        self.shared.cut_off();
        if !self.gone_within(GRACE).await {
            self.aborts.iter().for_each(AbortHandle::abort);
            // A task is gone as soon as its subscriber awaits something; one that never does is counted instead.
            self.gone_within(GRACE).await;
        }
    }

    async fn gone_within(&self, limit: Duration) -> bool {
        timer(self.runtime.as_ref(), || timeout(limit, self.tasks.wait())).await.is_ok()
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        let (first, InHand { queued, running, .. }) =
            self.shared.update(|state| (state.start_drain(), state.in_hand()));
        if !first {
            return;
        }
        self.tasks.close();
        if queued + running == 0 {
            tracing::debug!("an event bus was dropped without a shutdown, with nothing in hand");
        } else {
            tracing::warn!(
                queued,
                running,
                "an event bus was dropped without a shutdown: what is in hand is finished in the background"
            );
        }
    }
}
