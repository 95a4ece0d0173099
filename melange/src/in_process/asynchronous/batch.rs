//! The events a worker has taken together, and what it has to tell of them.

use std::sync::atomic::Ordering;

use super::chunks::Chunk;
use super::lanes::{Busy, Ready};
use super::seats::{MOST_AT_ONCE, Progress, Seat};
use super::shared::Shared;
use super::state::{Job, State};

/// What a worker has taken and not begun, and what it has done since it last had the lock.
///
/// Events wait here only for those that do not keep the worker: as soon as one does, the others go back to where any
/// worker can take them. A bus with a single worker keeps them, since there is nobody else.
pub(super) struct Batch<'a> {
    pub(super) slot: usize,
    /// Where it says how far it is.
    seat: &'a Seat,
    pub(super) events: Chunk<Job>,
    /// That of the event that runs.
    lane: Option<Busy>,
    /// Lanes whose events are done.
    pub(super) done: Vec<Busy>,
    pub(super) progress: Progress,
    /// How many to take next time: more as long as all goes quickly.
    pub(super) reach: usize,
    /// The worker waits to be called.
    pub(super) is_asleep: bool,
}

impl<'a> Batch<'a> {
    pub(super) fn new(slot: usize, seat: &'a Seat) -> Self {
        Self {
            slot,
            seat,
            events: Chunk::default(),
            lane: None,
            done: Vec::new(),
            progress: Progress::default(),
            reach: 1,
            is_asleep: false,
        }
    }

    /// Takes the next event in hand.
    #[inline]
    pub(super) fn begin(&mut self, shared: &Shared) -> Option<Ready<Job>> {
        let ready = self.events.pop()?;
        self.lane = ready.lane();
        self.progress.begin();
        self.seat.set(self.progress);
        if ready.mark.alone() && shared.seats.crowded.load(Ordering::Relaxed) {
            // It may take its time, and those who wait need not: there is room for one more.
            self.settle(shared);
        }
        Some(ready)
    }

    /// What became of the event that ran.
    #[inline(always)]
    pub(super) fn end(&mut self, shared: &Shared, finished: bool) {
        self.progress.end(finished);
        if let Some(lane) = self.lane.take() {
            self.done.push(lane);
        }
        self.seat.set(self.progress);
        if self.seat.has_waited.load(Ordering::Relaxed) {
            self.settle(shared);
        }
    }

    #[cold]
    fn settle(&mut self, shared: &Shared) {
        shared.update(|state| state.settle(self));
    }

    /// A subscriber begins that may keep the worker without letting it know.
    #[inline]
    pub(super) fn part(&mut self, shared: &Shared) {
        if self.progress.is_news() && shared.seats.all.len() > 1 {
            shared.update(|state| state.give_back(self));
        }
    }

    /// The running event keeps the worker: whatever does not need it goes to others.
    #[cold]
    pub(super) fn wait(&mut self, shared: &Shared) {
        self.part(shared);
        self.reach = 1;
        if shared.seats.crowded.load(Ordering::Relaxed) {
            shared.update(|state| state.settle(self));
        }
    }

    /// The most that may be taken next time.
    pub(super) fn next_reach(&mut self) -> usize {
        let reach = self.reach;
        self.reach = MOST_AT_ONCE.min(reach * 2);
        reach
    }
}

impl State {
    /// Puts down what a worker has done: lanes go on, publishers get the room.
    pub(super) fn settle(&mut self, batch: &mut Batch<'_>) {
        let Batch { slot, done, progress, .. } = batch;
        self.counts.delivered += progress.delivered() as u64;
        self.counts.dropped += progress.dropped() as u64;
        progress.settle();
        done.drain(..).for_each(|lane| self.lanes.done(lane));
        self.sit(*slot, *progress);
        if !progress.is_running() {
            self.disown(*slot);
        }
        self.admit_line();
        self.unstick();
        self.close_if_drained();
    }

    /// The same, and what has not begun goes back to the front of the queue.
    pub(super) fn give_back(&mut self, batch: &mut Batch<'_>) {
        self.lanes.give_back(&mut batch.events);
        batch.progress.take(0);
        self.settle(batch);
    }

    /// The same, but what has not begun is given up; the caller drops it once the lock is free.
    pub(super) fn give_up_on(&mut self, batch: &mut Batch<'_>) -> Chunk<Job> {
        self.counts.dropped += batch.events.len() as u64;
        batch.progress.take(0);
        self.settle(batch);
        std::mem::take(&mut batch.events)
    }

    /// The same as settling, and the next events are taken. False if there are none.
    pub(super) fn refill(&mut self, batch: &mut Batch<'_>) -> bool {
        self.settle(batch);
        let reach = batch.next_reach();
        let (workers, ready) = (self.slots.len(), self.lanes.ready());
        // A fair share, for others are about to take theirs.
        let most = if workers == 1 { reach } else { reach.min((ready / workers).max(1)) };
        self.lanes.take(most, workers > 1, &mut batch.events);
        batch.progress.take(batch.events.len());
        self.sit(batch.slot, batch.progress);
        !batch.events.is_empty()
    }
}
