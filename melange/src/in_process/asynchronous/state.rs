//! What the bus holds and who waits for what: everything that must change together, under one lock.
//!
//! Nothing here runs anyone else's code, not even the `Drop` of an event or a waker.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::Waker;

use super::batch::Batch;
use super::hands::Whom;
use super::inboxes::Inboxes;
use super::job::Job;
use super::lanes::{Lanes, Ready};
use super::limits::Limit;
use super::line::{Labelled, Line, Refusal};
use super::seats::{Progress, Seats};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Takes events from everyone.
    Open,
    /// Takes them from subscribers only, until nothing is left.
    Draining,
    /// Takes none; the workers end.
    Closed,
}

/// What a worker's running event waits for.
#[derive(Debug, Default)]
pub(super) struct Slot {
    /// Its publishes that wait for room.
    pub(super) nested: usize,
    /// Whether it waits until another run of the same subscriber is over.
    pub(super) limited: bool,
    /// How many events it had taken and not begun when it last had the lock.
    pub(super) taken: usize,
    /// How many of these were in its hand.
    pub(super) in_hand: usize,
    /// How far it was when another worker last looked.
    pub(super) seen: Progress,
    /// It was woken, but has not run yet.
    is_called: bool,
}

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    pub(super) published: u64,
    pub(super) delivered: u64,
    pub(super) dropped: u64,
}

/// The state of a bus.
#[derive(Debug, Clone, Copy)]
pub(super) struct InHand {
    pub(super) queued: usize,
    pub(super) running: usize,
    pub(super) waiting: usize,
    pub(super) counts: Counts,
}

pub(super) struct State {
    pub(super) lanes: Lanes<Job>,
    phase: Phase,
    pub(super) line: Line,
    tickets: u64,
    /// One for each worker.
    pub(super) slots: Box<[Slot]>,
    pub(super) seats: Arc<Seats>,
    /// How many of them may be running at the same time, as far as anybody knows.
    pub(super) at_once: usize,
    pub(super) inboxes: Arc<Inboxes<Job>>,
    /// For how many events there was room in the inboxes when they were last emptied.
    pub(super) lent: usize,
    /// How many events the workers have taken and not begun, at most.
    pub(super) taken: usize,
    /// How many of these are in hands, at most.
    pub(super) in_hands: usize,
    /// Workers without work, the one that had some last at the end.
    pub(super) asleep: Vec<(usize, Waker)>,
    /// Workers that were woken, but have not run yet.
    called: usize,
    /// Who is to be woken once the lock is free.
    pub(super) wakes: VecDeque<Waker>,
    pub(super) limits: Box<[Limit]>,
    pub(super) counts: Counts,
}

impl State {
    pub(super) fn new(
        seats: Arc<Seats>,
        inboxes: Arc<Inboxes<Job>>,
        capacity: usize,
        threads: usize,
        limits: &[usize],
    ) -> Self {
        let workers = seats.all.len();
        Self {
            lanes: Lanes::new(capacity, inboxes.len()),
            phase: Phase::Open,
            line: Line::default(),
            tickets: 0,
            slots: seats.all.iter().map(|_| Slot::default()).collect(),
            at_once: workers.min(threads.max(2)),
            seats,
            inboxes,
            lent: 0,
            taken: 0,
            in_hands: 0,
            asleep: Vec::new(),
            called: 0,
            wakes: VecDeque::new(),
            limits: limits.iter().copied().map(Limit::new).collect(),
            counts: Counts::default(),
        }
    }

    pub(super) fn phase(&self) -> Phase {
        self.phase
    }

    /// What each worker's event waits for, how far it is, and how many events it has taken and not begun.
    pub(super) fn workers(&self) -> impl Iterator<Item = (&Slot, Progress, usize)> {
        self.slots.iter().zip(&self.seats.all).map(|(slot, seat)| {
            if slot.in_hand == 0 {
                // Nor is there any now: what comes into a hand is counted here.
                let progress = seat.progress();
                return (slot, progress, progress.left());
            }
            let hand = seat.hand();
            let progress = seat.progress();
            (slot, progress, progress.left() + hand.len())
        })
    }

    /// How many events wait for a worker, or in a worker's hand for their turn.
    pub(super) fn queued(&self) -> usize {
        self.lanes.len() + self.workers().map(|(_, _, left)| left).sum::<usize>()
    }

    pub(super) fn in_hand(&self) -> InHand {
        let mut counts = self.counts;
        let (mut queued, mut running) = (self.lanes.len(), 0);
        for (_, progress, left) in self.workers() {
            counts.delivered += progress.delivered() as u64;
            counts.dropped += progress.dropped() as u64;
            running += usize::from(progress.is_running());
            queued += left;
        }
        if self.phase == Phase::Closed {
            // These will not begin any more, including those that a worker has returned since.
            counts.dropped += std::mem::take(&mut queued) as u64;
        }
        InHand { queued, running, waiting: self.line.len(), counts }
    }

    /// How many more events may be queued, at least.
    #[inline]
    pub(super) fn spare(&self) -> usize {
        self.lanes.capacity().saturating_sub(self.lanes.len() + self.taken + self.lent)
    }

    pub(super) fn ticket(&mut self) -> u64 {
        self.tickets += 1;
        self.tickets
    }

    /// Queues an event that has been admitted.
    #[inline]
    pub(super) fn push(&mut self, event: Labelled) {
        let Labelled { event, hash, mark } = event;
        if self.asleep.is_empty()
            && let Some(mut inbox) = self.inboxes.open(hash)
            && let Some(place) = inbox.place(hash, mark)
        {
            // With those that come after it.
            return *place = Some(event);
        }
        self.counts.published += 1;
        let ready = Ready::new(event, mark, hash.is_some());
        self.lanes.push(self.inboxes.of(hash), hash, ready);
    }

    /// Notes how far a worker is.
    pub(super) fn sit(&mut self, slot: usize, progress: Progress, has_hand: bool) {
        if let (Some(slot), Some(seat)) = (self.slots.get_mut(slot), self.seats.all.get(slot)) {
            seat.set(progress);
            let in_hand = if has_hand { seat.hand().len() } else { 0 };
            let left = progress.left() + in_hand;
            self.taken += left;
            self.taken -= std::mem::replace(&mut slot.taken, left);
            self.in_hands += in_hand;
            self.in_hands -= std::mem::replace(&mut slot.in_hand, in_hand);
        }
    }

    /// A worker looks for work: `Some(false)` if there will be none, `None` if it should wait until it is woken.
    pub(super) fn look(&mut self, batch: &mut Batch<'_>, waker: impl FnOnce() -> Waker) -> Option<bool> {
        if std::mem::take(&mut batch.is_asleep) {
            self.retire(batch.slot);
        }
        if self.refill(batch) || self.take_from_others(batch.slot, Whom::Everyone) && self.refill(batch) {
            return Some(true);
        }
        if self.phase == Phase::Closed {
            return Some(false);
        }
        self.asleep.push((batch.slot, waker()));
        // Whoever publishes from now on will see it. What has been published meanwhile is here.
        self.collect();
        if self.lanes.ready() > 0 {
            self.retire(batch.slot);
            return Some(self.refill(batch));
        }
        batch.is_asleep = true;
        None
    }

    /// A worker is not to be called any more, and not waited for.
    pub(super) fn retire(&mut self, slot: usize) {
        self.asleep.retain(|(asleep, _)| *asleep != slot);
        if let Some(slot) = self.slots.get_mut(slot) {
            self.called -= usize::from(std::mem::take(&mut slot.is_called));
        }
    }

    /// Whether somebody may have to be woken.
    #[inline]
    pub(super) fn is_anyone_to_wake(&self) -> bool {
        !(self.asleep.is_empty() && self.wakes.is_empty())
    }

    /// Calls as many workers as there is work for, and when all is over, all.
    pub(super) fn call_workers(&mut self) {
        let is_over = self.phase == Phase::Closed;
        // A woken worker checks the hands of others before it sleeps, unless it finds other work that blocks it: then
        // the next one does.
        while (is_over || self.called < self.lanes.ready() || self.called == 0 && self.is_any_in_hands())
            && let Some((slot, waker)) = self.asleep.pop()
        {
            if let Some(slot) = self.slots.get_mut(slot) {
                slot.is_called = true;
                self.called += 1;
            }
            self.wakes.push_back(waker);
        }
    }

    /// Stops accepting events from outside. False if it had stopped before.
    pub(super) fn start_drain(&mut self) -> bool {
        if self.phase != Phase::Open {
            return false;
        }
        self.phase = Phase::Draining;
        self.call_in();
        self.refuse(Refusal::Closed, |slot| slot.is_none());
        self.close_if_drained();
        true
    }

    pub(super) fn close_if_drained(&mut self) {
        let is_idle = || self.workers().all(|(_, progress, left)| progress.is_idle() && left == 0);
        if self.phase == Phase::Draining && self.lanes.len() == 0 && is_idle() {
            self.phase = Phase::Closed;
        }
    }

    /// Gives up on everything that is queued, which the caller drops once the lock is free.
    pub(super) fn give_up(&mut self) -> Lanes<Job> {
        self.phase = Phase::Closed;
        self.call_in();
        (0..self.slots.len()).for_each(|slot| _ = self.empty_hand(slot));
        self.refuse(Refusal::Closed, |_| true);
        self.counts.dropped += self.lanes.len() as u64;
        self.lanes.clear()
    }
}
