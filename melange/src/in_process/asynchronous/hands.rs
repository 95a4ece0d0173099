//! What workers have in their hands for others to take: events whose subscribers may block the worker that began one.

use super::chunks::Chunk;
use super::seats::Seat;
use super::state::{Job, State};

/// Whose events are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whom {
    /// There is nothing else to do.
    Everyone,
    /// Those who have begun and ended nothing since somebody last looked: they may be blocked.
    TheStuck,
}

impl State {
    /// Puts a worker's events in front of the queue; false if it has none.
    pub(super) fn empty_hand(&mut self, slot: usize) -> bool {
        let Self { seats, lanes, slots, taken, .. } = self;
        let (Some(seat), Some(slot)) = (seats.all.get(slot), slots.get_mut(slot)) else { return false };
        let mut hand = seat.hand();
        let events = hand.len();
        lanes.give_back(&mut hand);
        // No more than it was said to have.
        let known = slot.taken.min(events);
        slot.taken -= known;
        *taken -= known;
        events > 0
    }

    /// Takes events from other workers' hands, for whoever asks next; false if there are none.
    pub(super) fn take_from_others(&mut self, own: usize, whom: Whom) -> bool {
        let mut any = false;
        for at in (0..self.slots.len()).filter(|at| *at != own) {
            let (Some(seat), Some(slot)) = (self.seats.all.get(at), self.slots.get_mut(at)) else { continue };
            if slot.taken == 0 {
                continue;
            }
            let progress = seat.progress();
            let is_stuck = std::mem::replace(&mut slot.seen, progress) == progress;
            if is_stuck || whom == Whom::Everyone {
                any |= self.empty_hand(at);
            }
        }
        any
    }
}

impl Seat {
    /// Puts events into the worker's hand, which is empty, and leaves none.
    pub(super) fn take_in_hand(&self, events: &mut Chunk<Job>) {
        std::mem::swap(&mut *self.hand(), events);
        events.rewind();
    }
}
