//! The tasks that run the subscribers.

use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_util::FutureExt as _;

use super::batch::Batch;
use super::carried::Carried;
use super::job::Job;
use super::lanes::{Mark, Ready};
use super::runner::{How, Runner, Step};
use super::runners::Runners;
use super::shared::Shared;
use super::state::Phase;
use crate::EventId;
use crate::context::{Known, RunToken, SharedMetadata};
use crate::dispatch::{self, Begun, Scene, let_go};
use crate::event::{Erased, EventDescriptor};
use crate::in_process::queued::Way;
use crate::metadata::Metadata;

/// After this many events a worker lets other tasks run, because subscribers that never wait would starve them.
const STRETCH: usize = 128;

/// Handles one event after the other until the bus is closed.
pub(super) async fn work(shared: Arc<Shared>, slot: usize, _alive: Arc<Alive>) {
    // Counted, in case it never comes back from a subscriber.
    let _states = Arc::clone(&shared.states);
    let Some(seat) = shared.seats.all.get(slot) else { return };
    let mut hand = Hand {
        shared: &shared,
        batch: Batch::new(slot, seat),
        runners: Runners::default(),
        running: None,
        event_id: None,
        stretch: 0,
    };
    shared
        .run_as(slot, async {
            // Subscribers are contained one by one; this is for what else may panic, such as dropping an event.
            while let Err(thrown) = AssertUnwindSafe(hand.work()).catch_unwind().await {
                let_go(thrown);
                tracing::error!("a panic outside any subscriber was contained");
            }
        })
        .await;
}

/// The events of a worker. Dropping this accounts for them in any case.
struct Hand<'a> {
    shared: &'a Shared,
    batch: Batch<'a>,
    runners: Runners,
    /// Where the event that runs the short way has its subscribers, if there is one.
    running: Option<usize>,
    /// Once one of them has failed.
    event_id: Option<EventId>,
    /// Events since other tasks could run.
    stretch: usize,
}

/// Why a worker stops running events the short way.
enum Pause {
    /// This one takes the long way.
    Long(Option<Job>, Mark),
    /// There will be no more.
    End,
}

impl<'a> Hand<'a> {
    async fn work(&mut self) {
        if self.batch.progress.is_running() {
            // What a panic left behind.
            (self.running, self.event_id) = (None, None);
            self.batch.end(self.shared, false);
        }
        loop {
            match poll_fn(|cx| self.run(cx)).await {
                Pause::Long(job, mark) => {
                    let descriptor = job.as_ref().and_then(Job::event).map(Carried::descriptor);
                    let Some((descriptor, (event, metadata))) = descriptor.zip(job.and_then(Job::share)) else {
                        self.batch.end(self.shared, false);
                        continue;
                    };
                    let finished = self.deliver(descriptor, mark, &event, metadata).await;
                    // Accounted for before it is dropped, which may panic.
                    self.batch.end(self.shared, finished);
                }
                Pause::End => return,
            }
        }
    }

    /// Runs one event after the other, as long as they take the short way.
    fn run(&mut self, cx: &mut Context<'_>) -> Poll<Pause> {
        if let Some(place) = self.running {
            ready!(self.resume(place, cx));
        }
        loop {
            if self.stretch >= STRETCH {
                self.stretch = 0;
                self.shared.update(|state| state.settle(&mut self.batch));
                // Not by `yield_now`, whose tasks stay with their thread: the next task there may block it, as another
                // worker does with a subscriber that blocks. This way any thread can take it.
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            if self.shared.is_cut_off() {
                self.give_up();
            }
            let Self { shared, batch, runners, running, event_id, stretch } = self;
            let Some(Ready { job, mark, .. }) = batch.begin(shared) else {
                match ready!(self.look(cx)) {
                    true => continue,
                    false => return Poll::Ready(Pause::End),
                }
            };
            *stretch += 1;
            let mark = *mark;
            let place = mark.place().filter(|place| shared.table.is_as_built(*place) && !dispatch::is_traced());
            let Some((place, runner)) = place.and_then(|place| runners.of(place, job, &shared.table)) else {
                return Poll::Ready(Pause::Long(job.take(), mark));
            };
            let step = runner.run(Some(job), &shared.is_cut_off, cx);
            match go_on(shared, batch, (place, runner), step, event_id, cx) {
                Poll::Ready(finished) => batch.end(shared, finished),
                Poll::Pending => {
                    *running = Some(place);
                    return Poll::Pending;
                }
            }
        }
    }

    /// Goes on with the event that runs the short way.
    #[inline(never)]
    fn resume(&mut self, place: usize, cx: &mut Context<'_>) -> Poll<()> {
        let Self { shared, batch, runners, event_id, .. } = self;
        if let Some(runner) = runners.at(place) {
            let step = runner.run(None, &shared.is_cut_off, cx);
            let finished = ready!(go_on(shared, batch, (place, runner), step, event_id, cx));
            batch.end(shared, finished);
        }
        self.running = None;
        Poll::Ready(())
    }

    /// Takes events, or waits for some. False if there will be none.
    fn look(&mut self, cx: &Context<'_>) -> Poll<bool> {
        let Self { shared, batch, .. } = self;
        match shared.update(|state| state.look(batch, || cx.waker().clone())) {
            Some(are_there) => Poll::Ready(are_there),
            None => Poll::Pending,
        }
    }

    /// Runs an event's subscribers the long way. False if it was cut off.
    async fn deliver(
        &mut self,
        descriptor: &'static EventDescriptor,
        mark: Mark,
        event: &Erased,
        metadata: Option<Arc<Metadata>>,
    ) -> bool {
        let Self { shared, batch, .. } = self;
        let listeners = shared.table.listeners(mark.place(), descriptor);
        let make = || Metadata::of_erased(descriptor, event.as_ref());
        let metadata = SharedMetadata::new(&make, metadata);
        let scene = Scene {
            event,
            metadata: Known::Shared(&metadata),
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
                    if !mark.may_block() {
                        batch.part(shared);
                    }
                    let span = scene.span(subscription);
                    span.in_scope(|| dispatch::run_here(subscription, call, &raw))
                }
                Way::Async(call) => {
                    let (mut begun, span) = (Begun::default(), scene.span(subscription));
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
                shared.report(&failed.error, &scene.metadata.get().event_id);
            }
        }
        true
    }

    /// Drops what has not begun.
    fn give_up(&mut self) {
        if !self.batch.events.is_empty() {
            self.shared.update(|state| state.give_up_on(&mut self.batch)).let_go();
        }
    }
}

/// Goes on with an event's subscribers the short way, from what came of the last step. False if it was cut off.
#[inline(always)]
fn go_on(
    shared: &Shared,
    batch: &mut Batch<'_>,
    (place, runner): (usize, &mut dyn Runner),
    mut step: Poll<Step>,
    event_id: &mut Option<EventId>,
    cx: &mut Context<'_>,
) -> Poll<bool> {
    loop {
        match step {
            Poll::Ready(Step::Done) => break,
            Poll::Ready(Step::CutOff) => return Poll::Ready(false),
            Poll::Ready(Step::Failed(at, how)) => report(shared, place, at, how, event_id),
            Poll::Pending => {
                batch.wait(shared);
                return Poll::Pending;
            }
        }
        step = runner.run(None, &shared.is_cut_off, cx);
    }
    *event_id = None;
    Poll::Ready(true)
}

/// Tells of a subscriber that failed.
#[cold]
fn report(shared: &Shared, place: usize, at: usize, how: How, event_id: &mut Option<EventId>) {
    let event_id = event_id.get_or_insert_with(EventId::new);
    if let Some(listener) = shared.table.frozen_at(place).and_then(|all| all.get(at)) {
        shared.report(&how.of(listener.subscription.descriptor()), event_id);
    }
}

impl Drop for Hand<'_> {
    fn drop(&mut self) {
        let Self { shared, batch, .. } = self;
        if batch.progress.is_running() {
            batch.end(shared, false);
        }
        let dropped = shared.update(|state| {
            state.retire(batch.slot);
            match state.phase() {
                Phase::Closed => Some(state.give_up_on(batch)),
                Phase::Open | Phase::Draining => {
                    state.empty_hand(batch.slot);
                    state.give_back(batch);
                    None
                }
            }
        });
        if let Some(mut dropped) = dropped {
            dropped.let_go();
        }
    }
}

/// Held by every worker: when the last one is gone, nobody is left to handle queued events. If the bus is not closed
/// then, the runtime is gone.
pub(super) struct Alive(pub(super) Arc<Shared>);

impl Drop for Alive {
    fn drop(&mut self) {
        // Of a closed bus it is what workers gave back after they were cut off.
        let (phase, left) = self.0.update(|state| (state.phase(), state.give_up()));
        if phase != Phase::Closed && left.len() > 0 {
            tracing::error!(
                dropped = left.len(),
                "the runtime ended before the bus was shut down: events were dropped"
            );
        }
        left.let_go();
    }
}
