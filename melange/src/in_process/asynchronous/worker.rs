//! The tasks that run the subscribers.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt as _;

use super::shared::Shared;
use super::state::{Job, State};
use crate::dispatch::{self, Run};

tokio::task_local! {
    /// By which worker of which bus the subscriber is run that runs here.
    static HERE: Here;
}

#[derive(Clone, Copy)]
struct Here {
    /// The address of its `Shared`, only ever compared.
    bus: usize,
    slot: usize,
}

impl Shared {
    fn address(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    /// The worker of this bus whose subscriber is calling, if one is.
    pub(super) fn caller(&self) -> Option<usize> {
        HERE.try_with(|here| (here.bus == self.address()).then_some(here.slot)).ok().flatten()
    }
}

/// Handles one event after the other until the bus is closed.
pub(super) async fn work(shared: Arc<Shared>, slot: usize, _alive: Arc<Alive>) {
    let here = Here { bus: shared.address(), slot };
    loop {
        if let Some(job) = shared.update(State::take) {
            let taken = Taken { shared: &shared, slot, job, finished: false };
            // Subscribers are contained one by one; this is for what else may panic, such as dropping an event.
            if AssertUnwindSafe(HERE.scope(here, taken.deliver())).catch_unwind().await.is_err() {
                tracing::error!("a panic outside any subscriber was contained");
            }
            // Subscribers that never wait must not keep the runtime from everyone else.
            tokio::task::coop::consume_budget().await;
        } else {
            tokio::select! {
                () = shared.work.notified() => {}
                () = shared.closed.cancelled() => return,
            }
        }
    }
}

/// An event in a worker's hands. Whatever becomes of it, dropping this accounts for it.
struct Taken<'a> {
    shared: &'a Shared,
    slot: usize,
    job: Job,
    finished: bool,
}

impl Taken<'_> {
    async fn deliver(mut self) {
        let Self { shared, slot, job, .. } = &self;
        let listeners = shared.table.of(job.event_type);
        let run = Run {
            event: Arc::clone(&job.event),
            metadata: Arc::clone(&job.metadata),
            states: Arc::clone(&shared.states),
            cancellation: shared.cancellation.clone(),
        };
        for listener in listeners.iter() {
            let _permit = match listener.limit {
                Some(limit) => Some(shared.permit(limit, *slot).await),
                None => None,
            };
            if shared.cancellation.is_cancelled() {
                return;
            }
            if let Err(failed) = dispatch::run(&listener.subscription, &run).await {
                shared.report(&failed.error, &run.metadata);
            }
        }
        self.finished = true;
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.shared.update(|state| state.done(self.slot, self.job.key.as_ref(), self.finished));
    }
}

/// Held by every worker: when the last one is gone and the bus is not closed, the runtime is gone, and with it everyone
/// who could handle what is queued.
pub(super) struct Alive(pub(super) Arc<Shared>);

impl Drop for Alive {
    fn drop(&mut self) {
        if self.0.closed.is_cancelled() {
            return;
        }
        let left = self.0.update(State::give_up);
        if left.len() > 0 {
            tracing::error!(
                dropped = left.len(),
                "the runtime ended before the bus was shut down: events were dropped"
            );
        }
    }
}
