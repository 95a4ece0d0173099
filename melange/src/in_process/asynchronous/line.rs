//! Publishers that wait for room, in line, each with its event.

use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::task::{Poll, Waker};

use super::job::Job;
use super::lanes::Mark;
use super::state::{Phase, State};

/// Why an event is not taken.
#[derive(Debug, Clone, Copy)]
pub(super) enum Refusal {
    Closed,
    Full,
}

/// An event on its way into the queue.
pub(super) struct Labelled {
    pub(super) event: Job,
    /// Of its key.
    pub(super) hash: Option<u64>,
    pub(super) mark: Mark,
}

/// The publishers in line.
struct Waiting {
    ticket: u64,
    event: Labelled,
    waker: Waker,
    /// The worker whose subscriber publishes, if it is a subscriber.
    slot: Option<usize>,
}

/// An event that leaves the line, to be dropped by its publisher and not under the lock.
pub(super) type Left = (Option<Waker>, Option<Labelled>);

#[derive(Default)]
pub(super) struct Line {
    /// Empty unless the queue is full, or was when a worker last looked.
    waiting: VecDeque<Waiting>,
    /// Publishers whose event was refused, and who do not know yet.
    refused: Vec<(u64, Refusal, Labelled)>,
    /// How many of those waiting publish from a subscriber.
    nested: usize,
}

impl Line {
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

impl State {
    /// Whether an event may be pushed now; `caller` tells which worker runs the subscriber that publishes, if one does.
    #[inline]
    pub(super) fn admits(&mut self, caller: impl Fn() -> Option<usize>) -> Result<(), Refusal> {
        match self.phase() {
            Phase::Open => {}
            Phase::Draining if caller().is_some() => {}
            Phase::Draining | Phase::Closed => return Err(Refusal::Closed),
        }
        if self.line.is_empty() && self.spare() > 0 {
            return Ok(());
        }
        self.admits_after_all()
    }

    /// The same, counted exactly.
    #[cold]
    fn admits_after_all(&mut self) -> Result<(), Refusal> {
        self.call_in();
        self.admit_line();
        if self.line.is_empty() && self.queued() < self.lanes.capacity() { Ok(()) } else { Err(Refusal::Full) }
    }

    /// Gets in line with an event that found the queue full; returns it if waiting would never end.
    pub(super) fn wait(&mut self, event: Labelled, slot: Option<usize>, waker: Waker) -> Result<u64, Labelled> {
        self.mark(slot);
        if slot.is_some() && self.is_stuck() {
            self.unmark(slot);
            return Err(event);
        }
        let ticket = self.ticket();
        self.line.waiting.push_back(Waiting { ticket, event, waker, slot });
        self.show_crowd();
        // A worker may have begun an event, and not have seen that somebody was about to wait.
        self.admit_line();
        Ok(ticket)
    }

    /// Asks what became of an event, to be woken by `waker` when there is an answer.
    pub(super) fn ask(&mut self, ticket: u64, waker: Waker) -> (Poll<Result<(), Refusal>>, Left) {
        if let Some(waiting) = self.find(ticket).and_then(|at| self.line.waiting.get_mut(at)) {
            return (Poll::Pending, (Some(std::mem::replace(&mut waiting.waker, waker)), None));
        }
        match self.take_refused(ticket) {
            Some((why, event)) => (Poll::Ready(Err(why)), (Some(waker), Some(event))),
            None => (Poll::Ready(Ok(())), (Some(waker), None)),
        }
    }

    /// Leaves the line.
    pub(super) fn leave(&mut self, ticket: u64) -> Left {
        match self.find(ticket).and_then(|at| self.line.waiting.remove(at)) {
            Some(Waiting { event, waker, slot, .. }) => {
                self.unmark(slot);
                self.show_crowd();
                (Some(waker), Some(event))
            }
            None => (None, self.take_refused(ticket).map(|(_, event)| event)),
        }
    }

    fn take_refused(&mut self, ticket: u64) -> Option<(Refusal, Labelled)> {
        let at = self.line.refused.iter().position(|(refused, ..)| *refused == ticket)?;
        let (_, why, event) = self.line.refused.swap_remove(at);
        Some((why, event))
    }

    fn find(&self, ticket: u64) -> Option<usize> {
        self.line.waiting.binary_search_by_key(&ticket, |waiting| waiting.ticket).ok()
    }

    /// Lets those in line in, as far as there is room.
    pub(super) fn admit_line(&mut self) {
        if self.line.is_empty() {
            return;
        }
        let mut room = self.lanes.capacity().saturating_sub(self.queued());
        while room > 0
            && let Some(Waiting { event, waker, slot, .. }) = self.line.waiting.pop_front()
        {
            room -= 1;
            self.unmark(slot);
            self.push(event);
            self.wakes.push_back(waker);
        }
        self.show_crowd();
    }

    /// Tells some of the line that their events are not taken.
    pub(super) fn refuse(&mut self, why: Refusal, whom: impl Fn(Option<usize>) -> bool) {
        for waiting in std::mem::take(&mut self.line.waiting) {
            if whom(waiting.slot) {
                self.unmark(waiting.slot);
                self.line.refused.push((waiting.ticket, why, waiting.event));
                self.wakes.push_back(waiting.waker);
            } else {
                self.line.waiting.push_back(waiting);
            }
        }
        self.show_crowd();
    }

    fn show_crowd(&self) {
        self.seats.show_crowd(!self.line.is_empty());
    }

    /// A publish that outlives the run it began in, because it was moved to another task, is one from outside.
    pub(super) fn disown(&mut self, slot: usize) {
        let left = self.slots.get_mut(slot).map_or(0, |slot| std::mem::take(&mut slot.nested));
        if left > 0 {
            self.line.nested -= left;
            let own = self.line.waiting.iter_mut().filter(|waiting| waiting.slot == Some(slot));
            own.for_each(|waiting| waiting.slot = None);
        }
        if let Some(seat) = self.seats.all.get(slot) {
            seat.has_waited.store(false, Ordering::Relaxed);
        }
    }

    fn mark(&mut self, slot: Option<usize>) {
        let Some(at) = slot else { return };
        if let (Some(slot), Some(seat)) = (self.slots.get_mut(at), self.seats.all.get(at)) {
            slot.nested += 1;
            self.line.nested += 1;
            seat.has_waited.store(true, Ordering::Relaxed);
        }
    }

    fn unmark(&mut self, slot: Option<usize>) {
        if let Some(slot) = slot.and_then(|slot| self.slots.get_mut(slot)) {
            slot.nested -= 1;
            self.line.nested -= 1;
        }
    }

    /// Whether there is a deadlock, because nobody could make room: every running event waits, and no idle worker can
    /// take another.
    fn is_stuck(&self) -> bool {
        let mut running = 0;
        let mut is_more = self.lanes.ready() > 0;
        for (slot, progress, left) in self.workers() {
            if progress.is_idle() && left == 0 {
                continue;
            }
            if slot.nested == 0 && !slot.limited {
                return false;
            }
            running += 1;
            // As it begins to wait, it leaves its other events, and what it has done, to others.
            is_more |= progress.keeps_others() || left > 0;
        }
        !(is_more && running < self.slots.len())
    }

    /// Tells subscribers that wait for room that there will be none, until somebody can go on.
    pub(super) fn unstick(&mut self) {
        while self.line.nested > 0 && self.is_stuck() {
            let Some(slot) = self.line.waiting.iter().find_map(|waiting| waiting.slot) else { return };
            self.refuse(Refusal::Full, |waiting| waiting == Some(slot));
        }
    }
}
