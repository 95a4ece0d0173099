//! What the bus holds and who waits for what: everything that must change together, under one lock.
//!
//! Nothing here runs anyone else's code, not even the `Drop` of an event.

use std::any::TypeId;
use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::oneshot;

use super::lanes::{Key, Lanes};
use super::limits::Limit;
use crate::event::Erased;
use crate::metadata::Metadata;

/// An event on its way.
pub(super) struct Job {
    pub(super) key: Option<Key>,
    pub(super) event: Erased,
    pub(super) event_type: TypeId,
    pub(super) metadata: Arc<Metadata>,
}

/// Why an event is not taken.
#[derive(Clone, Copy)]
pub(super) enum Refusal {
    Closed,
    Full,
}

/// What a publisher in line is told: if its event is not taken, it has it back.
pub(super) type Answer = Result<(), (Refusal, Job)>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Takes events from everyone.
    Open,
    /// Takes them from subscribers only, until nothing is left.
    Draining,
    /// Takes none; the workers go home.
    Closed,
}

/// A publisher in line for room, with its event.
struct Waiting {
    ticket: u64,
    job: Job,
    tell: oneshot::Sender<Answer>,
    /// The worker whose subscriber publishes, if it is a subscriber.
    slot: Option<usize>,
}

/// What a worker's running event waits for.
#[derive(Debug, Default)]
pub(super) struct Slot {
    /// Its publishes that wait for room.
    nested: usize,
    /// Whether it waits until another run of the same subscriber is over.
    pub(super) limited: bool,
}

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    pub(super) published: u64,
    pub(super) delivered: u64,
    pub(super) dropped: u64,
}

pub(super) struct State {
    lanes: Lanes<Job>,
    capacity: usize,
    phase: Phase,
    /// Publishers in line; empty unless the queue is full.
    line: VecDeque<Waiting>,
    /// How many of the line publish from a subscriber.
    nested: usize,
    tickets: u64,
    /// One for each worker.
    pub(super) slots: Box<[Slot]>,
    running: usize,
    pub(super) limits: Box<[Limit]>,
    pub(super) counts: Counts,
}

impl State {
    pub(super) fn new(workers: usize, capacity: usize, limits: &[usize]) -> Self {
        Self {
            lanes: Lanes::default(),
            capacity,
            phase: Phase::Open,
            line: VecDeque::new(),
            nested: 0,
            tickets: 0,
            slots: (0..workers).map(|_| Slot::default()).collect(),
            running: 0,
            limits: limits.iter().copied().map(Limit::new).collect(),
            counts: Counts::default(),
        }
    }

    pub(super) fn phase(&self) -> Phase {
        self.phase
    }

    /// Events queued, and events being handled.
    pub(super) fn in_hand(&self) -> (usize, usize) {
        (self.lanes.len(), self.running)
    }

    pub(super) fn waiting(&self) -> usize {
        self.line.len()
    }

    /// Whether there is something for a worker that has nothing to do.
    pub(super) fn wants_worker(&self) -> bool {
        self.lanes.is_ready() && self.running < self.slots.len()
    }

    pub(super) fn ticket(&mut self) -> u64 {
        self.tickets += 1;
        self.tickets
    }

    /// Whether an event may be pushed now, by a subscriber that `slot` runs or by someone outside.
    pub(super) fn admits(&self, slot: Option<usize>) -> Result<(), Refusal> {
        match (self.phase, slot) {
            (Phase::Closed, _) | (Phase::Draining, None) => Err(Refusal::Closed),
            _ if self.lanes.len() >= self.capacity => Err(Refusal::Full),
            _ => Ok(()),
        }
    }

    /// Queues an event that has been admitted.
    pub(super) fn push(&mut self, job: Job) {
        self.counts.published += 1;
        let key = job.key.clone();
        self.lanes.push(key.as_ref(), job);
    }

    /// Gets in line with an event that found the queue full; the job comes back if waiting would never end.
    pub(super) fn wait(&mut self, job: Job, slot: Option<usize>) -> Result<(u64, oneshot::Receiver<Answer>), Job> {
        self.mark(slot);
        if slot.is_some() && self.is_stuck() {
            self.unmark(slot);
            return Err(job);
        }
        let ticket = self.ticket();
        let (tell, answer) = oneshot::channel();
        self.line.push_back(Waiting { ticket, job, tell, slot });
        Ok((ticket, answer))
    }

    /// Leaves the line. Gives nothing if the event has been taken or refused in the meantime.
    pub(super) fn leave(&mut self, ticket: u64) -> Option<Job> {
        let at = self.line.binary_search_by_key(&ticket, |waiting| waiting.ticket).ok()?;
        let waiting = self.line.remove(at)?;
        self.unmark(waiting.slot);
        Some(waiting.job)
    }

    /// The next event for a worker; the room it leaves goes to whoever is first in line.
    pub(super) fn take(&mut self) -> Option<Job> {
        let job = self.lanes.pop()?;
        self.running += 1;
        while self.lanes.len() < self.capacity
            && let Some(Waiting { job, tell, slot, .. }) = self.line.pop_front()
        {
            self.unmark(slot);
            self.push(job);
            let _ = tell.send(Ok(()));
        }
        Some(job)
    }

    /// A worker is through with an event.
    pub(super) fn done(&mut self, slot: usize, key: Option<&Key>, finished: bool) {
        self.running -= 1;
        *(if finished { &mut self.counts.delivered } else { &mut self.counts.dropped }) += 1;
        if let Some(key) = key {
            self.lanes.done(key);
        }
        self.disown(slot);
        self.unstick();
        if self.phase == Phase::Draining {
            self.close_if_empty();
        }
    }

    /// A publish that outlives the run it began in, because it was moved to another task, is one from outside.
    fn disown(&mut self, slot: usize) {
        let left = self.slots.get_mut(slot).map_or(0, |slot| std::mem::take(&mut slot.nested));
        if left > 0 {
            self.nested -= left;
            self.line.iter_mut().filter(|waiting| waiting.slot == Some(slot)).for_each(|waiting| waiting.slot = None);
        }
    }

    fn mark(&mut self, slot: Option<usize>) {
        if let Some(slot) = slot.and_then(|slot| self.slots.get_mut(slot)) {
            slot.nested += 1;
            self.nested += 1;
        }
    }

    fn unmark(&mut self, slot: Option<usize>) {
        if let Some(slot) = slot.and_then(|slot| self.slots.get_mut(slot)) {
            slot.nested -= 1;
            self.nested -= 1;
        }
    }

    /// Whether nobody is left who could make room: every running event waits, and no idle worker can take another.
    fn is_stuck(&self) -> bool {
        let blocked = self.slots.iter().filter(|slot| slot.nested > 0 || slot.limited).count();
        blocked == self.running && !self.wants_worker()
    }

    /// Tells subscribers that wait for room that there will be none, until somebody can go on.
    pub(super) fn unstick(&mut self) {
        while self.nested > 0 && self.is_stuck() {
            let Some(slot) = self.line.iter().find_map(|waiting| waiting.slot) else { return };
            self.refuse(Refusal::Full, |waiting| waiting.slot == Some(slot));
        }
    }

    /// Gives some of the line their events back, which are dropped where they came from, not here.
    fn refuse(&mut self, why: Refusal, whom: impl Fn(&Waiting) -> bool) {
        for waiting in std::mem::take(&mut self.line) {
            if whom(&waiting) {
                self.unmark(waiting.slot);
                let _ = waiting.tell.send(Err((why, waiting.job)));
            } else {
                self.line.push_back(waiting);
            }
        }
    }

    /// Takes nothing from outside any more. False if that has been said before.
    pub(super) fn start_drain(&mut self) -> bool {
        if self.phase != Phase::Open {
            return false;
        }
        self.phase = Phase::Draining;
        self.refuse(Refusal::Closed, |waiting| waiting.slot.is_none());
        self.close_if_empty();
        true
    }

    fn close_if_empty(&mut self) {
        if self.lanes.len() == 0 && self.running == 0 {
            self.phase = Phase::Closed;
        }
    }

    /// Gives up on everything that is queued, which the caller drops once the lock is free.
    pub(super) fn give_up(&mut self) -> Lanes<Job> {
        self.phase = Phase::Closed;
        self.refuse(Refusal::Closed, |_| true);
        self.counts.dropped += self.lanes.len() as u64;
        std::mem::take(&mut self.lanes)
    }
}
