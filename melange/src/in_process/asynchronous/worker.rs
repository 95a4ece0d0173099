//! The tasks that run the subscribers.

use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Weak};
use std::task::Poll;

use futures_util::FutureExt as _;

use super::batch::Batch;
use super::direct::{At, How, Seen};
use super::lanes::Ready;
use super::shared::Shared;
use super::state::{Job, Phase, State};
use crate::context::{Known, RunToken, SharedMetadata};
use crate::dispatch::{self, Scene};
use crate::in_process::queued::Way;

/// After so many events a worker lets other tasks run. Subscribers that never wait must not keep the runtime from everyone
/// else.
const STRETCH: usize = 128;

tokio::task_local! {
    /// By which worker of which bus the subscriber is run that runs here.
    static HERE: Here;
}

#[derive(Clone)]
struct Here {
    /// The address of its `Shared`, only ever compared.
    bus: usize,
    slot: usize,
    /// On another thread: there as long as the worker waits for it.
    run: Option<Weak<()>>,
}

impl Here {
    fn is_current(&self) -> bool {
        self.run.as_ref().is_none_or(|run| run.strong_count() > 0)
    }
}

/// `run`, for a thread of its own: what it publishes there is published by the subscriber that is run here, as long as what
/// comes beside it is held.
pub(crate) fn on_a_thread<R>(run: impl FnOnce() -> R) -> (impl FnOnce() -> R, Option<Arc<()>>) {
    let here = HERE.try_with(|here| {
        let waited_for = Arc::new(());
        (Here { run: Some(Arc::downgrade(&waited_for)), ..here.clone() }, waited_for)
    });
    let (here, waited_for) = here.ok().unzip();
    let run = move || match here {
        Some(here) => HERE.sync_scope(here, run),
        None => run(),
    };
    (run, waited_for)
}

impl Shared {
    fn address(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    /// The worker of this bus whose subscriber is calling, if one is.
    pub(super) fn caller(&self) -> Option<usize> {
        let is_own = |here: &Here| here.bus == self.address() && here.is_current();
        HERE.try_with(|here| is_own(here).then_some(here.slot)).ok().flatten()
    }
}

/// Handles one event after the other until the bus is closed.
pub(super) async fn work(shared: Arc<Shared>, slot: usize, _alive: Arc<Alive>) {
    // Counted, in case it never comes back from a subscriber.
    let _states = Arc::clone(&shared.states);
    let mut hand = Hand { shared: &shared, batch: Batch::new(slot), current: None, stretch: 0 };
    let here = Here { bus: shared.address(), slot, run: None };
    HERE.scope(here, async {
        // Subscribers are contained one by one; this is for what else may panic, such as dropping an event.
        while AssertUnwindSafe(hand.work()).catch_unwind().await.is_err() {
            tracing::error!("a panic outside any subscriber was contained");
        }
    })
    .await;
}

/// What a worker has in its hands. Whatever becomes of it, dropping this accounts for it.
struct Hand<'a> {
    shared: &'a Shared,
    batch: Batch,
    current: Option<Ready<Job>>,
    /// Events since other tasks could run.
    stretch: usize,
}

impl Hand<'_> {
    async fn work(&mut self) {
        // What a panic left behind.
        self.end(false);
        loop {
            if self.stretch >= STRETCH {
                self.stretch = 0;
                self.shared.update(|state| state.settle(&mut self.batch));
                tokio::task::yield_now().await;
            }
            if !self.take().await {
                return;
            }
            while !self.shared.is_cut_off()
                && let Some(next) = self.batch.begin(self.shared)
            {
                self.stretch += 1;
                self.current = Some(next);
                let finished = self.deliver().await;
                self.end(finished);
            }
            if !self.batch.events.is_empty() {
                self.give_up();
            }
        }
    }

    /// Waits for events. False if there will be none.
    async fn take(&mut self) -> bool {
        let Self { shared, batch, .. } = self;
        poll_fn(|cx| match shared.update(|state| state.look(batch, || cx.waker().clone())) {
            Some(are_there) => Poll::Ready(are_there),
            None => Poll::Pending,
        })
        .await
    }

    /// Runs the current event's subscribers. False if it was cut off.
    async fn deliver(&mut self) -> bool {
        let Self { shared, batch, current, .. } = self;
        let Some(Ready { job, alone, .. }) = current else { return false };
        let listeners = shared.table.of(job.kind.descriptor, job.kind.make_tasks);
        let metadata = SharedMetadata::new(&job.event, job.kind.metadata, job.metadata.take());
        if let Some(tasks) = listeners.tasks.filter(|_| !dispatch::is_traced()) {
            if *alone {
                batch.part(shared);
            }
            let mut failed = |at: usize, how: How| {
                if let Some(listener) = listeners.get(at) {
                    shared.report(&how.of(listener.subscription.descriptor()), metadata.get());
                }
            };
            let mut at = At::default();
            return poll_fn(|cx| {
                let mut seen = Seen { is_over: &|| shared.is_cut_off(), failed: &mut failed };
                let polled = (job.kind.poll_tasks)(tasks, &job.event, &mut at, cx, &mut seen);
                if polled.is_pending() {
                    batch.wait(shared);
                }
                polled
            })
            .await;
        }
        let scene = Scene {
            event: &job.event,
            metadata: Known::OnceAskedShared(&metadata),
            states: &shared.states,
            cancellation: &shared.cancellation,
        };
        let token = RunToken::new(&shared.cancellation);
        let raw = scene.raw(&token);
        let mut at = 0;
        while let Some(listener) = listeners.get(at) {
            at += 1;
            if shared.is_cut_off() {
                return false;
            }
            if !listener.is_active() {
                continue;
            }
            let subscription = &listener.subscription;
            let failed = match listener.way {
                Way::Sync(call) => {
                    batch.part(shared);
                    let span = scene.span(subscription);
                    span.in_scope(|| dispatch::run_here(subscription, call, &raw))
                }
                Way::Async(call) => {
                    let (mut begun, span) = (None, scene.span(subscription));
                    let failed = poll_fn(|cx| {
                        let _entered = span.enter();
                        let polled = dispatch::poll_here(subscription, call, &raw, &mut begun, cx);
                        if polled.is_pending() {
                            batch.wait(shared);
                        }
                        polled
                    })
                    .await;
                    span.in_scope(|| drop(begun));
                    failed
                }
                Way::Other => {
                    batch.wait(shared);
                    let _permit = match listener.limit {
                        Some(limit) => Some(shared.permit(limit, batch.slot).await),
                        None => None,
                    };
                    if shared.is_cut_off() {
                        return false;
                    }
                    dispatch::run_in(subscription, scene).await.err().map(Box::new)
                }
            };
            if let Some(failed) = failed {
                shared.report(&failed.error, metadata.get());
            }
        }
        true
    }

    /// Accounts for the current event, and drops it.
    fn end(&mut self, finished: bool) {
        if let Some(ready) = self.current.take() {
            self.batch.end(self.shared, ready.lane(), finished);
        }
    }

    /// Drops what has not begun.
    fn give_up(&mut self) {
        let events = self.shared.update(|state| state.give_up_on(&mut self.batch));
        drop(events);
    }
}

impl Drop for Hand<'_> {
    fn drop(&mut self) {
        let Self { shared, batch, current, .. } = self;
        if let Some(ready) = current {
            batch.end(shared, ready.lane(), false);
        }
        let dropped = shared.update(|state| {
            state.retire(batch.slot);
            match state.phase() {
                Phase::Closed => Some(state.give_up_on(batch)),
                Phase::Open | Phase::Draining => {
                    state.give_back(batch);
                    None
                }
            }
        });
        drop(dropped);
    }
}

/// Held by every worker: when the last one is gone and the bus is not closed, the runtime is gone, and with it everyone
/// who could handle what is queued.
pub(super) struct Alive(pub(super) Arc<Shared>);

impl Drop for Alive {
    fn drop(&mut self) {
        if self.0.update(|state| state.phase()) == Phase::Closed {
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
