//! The events a worker has taken together, and its progress with them.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::chunks::Chunk;
use super::hands::Whom;
use super::job::Job;
use super::lanes::{Busy, Ready};
use super::seats::{MOST_AT_ONCE, Progress, Seat};
use super::shared::Shared;
use super::state::State;

/// A worker that needed longer than this for its events takes fewer the next time, so that other workers get theirs in
/// time.
const BRIEF: Duration = Duration::from_micros(200);

/// The events that a worker has taken and not begun, and those it has finished since it last had the lock.
///
/// Events wait here only for those that do not keep the worker: as soon as one does, the others go back to where any
/// worker can take them. Those that may block it without a word are in its hand, where others can take them meanwhile.
/// A bus with a single worker keeps all, since there is nobody else.
pub(super) struct Batch<'a> {
    pub(super) slot: usize,
    /// Where it records its progress.
    seat: &'a Seat,
    pub(super) events: Chunk<Job>,
    /// Whether there may be events in its hand.
    has_hand: bool,
    /// The lane of the running event.
    lane: Option<Busy>,
    /// Lanes whose events are done.
    pub(super) done: Vec<Busy>,
    pub(super) progress: Progress,
    /// How many to take next time: more as long as they are handled quickly.
    pub(super) reach: usize,
    /// When it last took some.
    since: Option<Instant>,
    /// The worker waits to be called.
    pub(super) is_asleep: bool,
}

impl<'a> Batch<'a> {
    pub(super) fn new(slot: usize, seat: &'a Seat) -> Self {
        Self {
            slot,
            seat,
            events: Chunk::default(),
            has_hand: false,
            lane: None,
            done: Vec::new(),
            progress: Progress::default(),
            reach: 1,
            since: None,
            is_asleep: false,
        }
    }

    /// Takes the next event in hand.
    #[inline]
    pub(super) fn begin(&mut self, shared: &Shared) -> Option<&mut Ready<Job>> {
        let is_begun = self.has_hand && self.events.is_empty() && self.begin_from_hand();
        let (mark, lane) = self.events.first()?;
        self.lane = lane;
        if !is_begun {
            self.progress.begin();
            if mark.may_block() { self.seat.announce(self.progress) } else { self.seat.set(self.progress) }
        }
        if mark.may_block() && (shared.seats.are_crowded() || self.keeps_others(shared)) {
            // It may take its time, and those who wait need not: there is room for one more, or the lanes of those
            // before it can go on. It has no others behind it, unless there is but one worker.
            self.settle(shared);
        }
        self.events.next()
    }

    /// Takes the next one from where others could, and says so while they cannot.
    #[inline(never)]
    fn begin_from_hand(&mut self) -> bool {
        let mut hand = self.seat.hand();
        self.has_hand = self.events.take_only_first(&mut hand);
        if self.has_hand {
            self.progress.take(1);
            self.progress.begin();
            self.seat.set(self.progress);
        }
        self.has_hand
    }

    /// Notes the result of the event that ran.
    #[inline(always)]
    pub(super) fn end(&mut self, shared: &Shared, finished: bool) {
        self.progress.end(finished);
        if let Some(lane) = self.lane.take() {
            self.done.push(lane);
            self.progress.end_in_lane();
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

    /// Called before a subscriber that may block the worker without notice, if that was not known when the event was
    /// queued, because it was subscribed since.
    #[cold]
    pub(super) fn part(&mut self, shared: &Shared) {
        if self.keeps_others(shared) {
            return shared.update(|state| state.give_back(self));
        }
        self.seat.announce(self.progress);
        if shared.seats.are_crowded() {
            self.settle(shared);
        }
    }

    /// Whether other workers could go on with what this one has, or has done.
    #[inline]
    fn keeps_others(&self, shared: &Shared) -> bool {
        self.progress.keeps_others() && shared.seats.all.len() > 1
    }

    /// The running event blocks the worker: other workers get everything else.
    #[cold]
    pub(super) fn wait(&mut self, shared: &Shared) {
        if self.keeps_others(shared) || self.has_hand {
            shared.update(|state| {
                state.empty_hand(self.slot);
                state.give_back(self);
            });
            self.has_hand = false;
        }
        self.reach = 1;
        self.seat.announce(self.progress);
        if shared.seats.are_crowded() {
            shared.update(|state| state.settle(self));
        }
    }

    /// The most that may be taken now, by one of several workers.
    fn reach_beside_others(&mut self) -> usize {
        let now = Instant::now();
        if self.since.replace(now).is_some_and(|since| now.duration_since(since) > BRIEF) {
            self.reach = 1;
        }
        self.next_reach()
    }

    fn next_reach(&mut self) -> usize {
        let reach = self.reach;
        self.reach = MOST_AT_ONCE.min(reach * 2);
        reach
    }
}

impl State {
    /// Accounts for what a worker has done: lanes continue, and publishers get the room.
    pub(super) fn settle(&mut self, batch: &mut Batch<'_>) {
        let Batch { slot, done, progress, has_hand, .. } = batch;
        self.counts.delivered += progress.delivered() as u64;
        self.counts.dropped += progress.dropped() as u64;
        progress.settle();
        done.drain(..).for_each(|lane| self.lanes.done(lane));
        self.sit(*slot, *progress, *has_hand);
        if !progress.is_running() {
            self.disown(*slot);
        }
        self.admit_line();
        self.unstick();
        self.close_if_drained();
    }

    /// The same, and events that have not begun go back to the front of the queue.
    pub(super) fn give_back(&mut self, batch: &mut Batch<'_>) {
        self.lanes.give_back(&mut batch.events);
        batch.progress.take(0);
        self.settle(batch);
    }

    /// The same, but events that have not begun are given up; the caller drops them once the lock is free.
    pub(super) fn give_up_on(&mut self, batch: &mut Batch<'_>) -> Chunk<Job> {
        self.counts.dropped += batch.events.len() as u64;
        batch.progress.take(0);
        self.settle(batch);
        std::mem::take(&mut batch.events)
    }

    /// The same as settling, and the next events are taken. False if there are none.
    pub(super) fn refill(&mut self, batch: &mut Batch<'_>) -> bool {
        self.settle(batch);
        let own = self.inboxes.of(None);
        self.collect_from(own);
        if self.lanes.is_others_turn(own) {
            self.collect();
            self.take_from_others(batch.slot, Whom::TheStuck);
        }
        let is_only_one = self.slots.len() == 1;
        let most = if is_only_one {
            batch.next_reach()
        } else {
            // A fair share, for others are about to take theirs.
            batch.reach_beside_others().min((self.lanes.ready() / self.at_once).max(1))
        };
        self.lanes.take(own, most, !is_only_one, &mut batch.events);
        let is_any = !batch.events.is_empty();
        if !is_any {
            batch.since = None;
        }
        batch.has_hand = !is_only_one && batch.events.may_block() && batch.events.len() > 1;
        if batch.has_hand {
            batch.seat.take_in_hand(&mut batch.events);
        }
        batch.progress.take(batch.events.len());
        self.sit(batch.slot, batch.progress, batch.has_hand);
        is_any
    }
}
