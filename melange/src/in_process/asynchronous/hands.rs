//! Workers' hands: events that a worker has taken and whose subscribers may block it, for other workers to take.

use super::chunks::Chunk;
use super::job::Job;
use super::seats::Seat;
use super::state::State;

/// From which workers events are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whom {
    /// From all: there is nothing else to do.
    Everyone,
    /// From those that have begun and ended nothing since the last check: they may be blocked.
    TheStuck,
}

impl State {
    /// Puts the events of a worker's hand in front of the queue; false if it has none.
    pub(super) fn empty_hand(&mut self, slot: usize) -> bool {
        let Self { seats, lanes, slots, taken, in_hands, .. } = self;
        let (Some(seat), Some(slot)) = (seats.all.get(slot), slots.get_mut(slot)) else { return false };
        let mut hand = seat.hand();
        let events = hand.len();
        lanes.give_back(&mut hand);
        // No more than it was said to have.
        let known = slot.taken.min(events);
        slot.taken -= known;
        *taken -= known;
        *in_hands -= std::mem::take(&mut slot.in_hand);
        events > 0
    }

    /// Whether there are events in hands that others could take.
    pub(super) fn is_any_in_hands(&self) -> bool {
        self.in_hands > 0
            && self.slots.iter().zip(&self.seats.all).any(|(slot, seat)| slot.in_hand > 0 && !seat.hand().is_empty())
    }

    /// Moves events from other workers' hands to the queue, for the next worker; false if there are none.
    pub(super) fn take_from_others(&mut self, own: usize, whom: Whom) -> bool {
        if self.in_hands == 0 {
            return false;
        }
        let mut any = false;
        for at in (0..self.slots.len()).filter(|at| *at != own) {
            let (Some(seat), Some(slot)) = (self.seats.all.get(at), self.slots.get_mut(at)) else { continue };
            if slot.in_hand == 0 {
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::batch::Batch;
    use super::super::inboxes::Inboxes;
    use super::super::lanes::Mark;
    use super::super::line::Labelled;
    use super::super::seats::Seats;
    use super::*;
    use crate::{Event, EventDescriptor, Location};

    struct Ticked;

    impl Event for Ticked {
        const DESCRIPTOR: &'static EventDescriptor =
            &EventDescriptor::new::<Self>("Ticked", "Ticked", Location::new("hands", file!(), line!()));
    }

    #[test]
    fn as_long_as_there_is_something_in_hands_the_next_worker_is_called_once_the_last_one_has_found_something_else() {
        let seats = Arc::new(Seats::new(4));
        let inboxes = Arc::new(Inboxes::new(4, 1));
        let mut state = State::new(Arc::clone(&seats), inboxes, 100, 1, &[]);
        let mut batches: Vec<_> = seats.all.iter().enumerate().map(|(slot, seat)| Batch::new(slot, seat)).collect();
        batches[0].reach = 4;
        // All but the first sleep; the last has been woken in vain.
        for slot in [1, 2, 3, 3] {
            assert_eq!(state.look(&mut batches[slot], futures_util::task::noop_waker), None);
        }
        for _ in 0..4 {
            let event = Job::Shared(Arc::new(Ticked));
            state.push(Labelled { event, hash: None, mark: Mark::new(None, true) });
        }
        let mut look = |slot: usize| {
            let batch = &mut batches[slot];
            assert_eq!(state.look(batch, futures_util::task::noop_waker), Some(true));
            state.call_workers();
            let left = state.seats.all[0].hand().len();
            (batch.events.len(), left, std::mem::take(&mut state.wakes).len())
        };
        assert_eq!(look(0), (0, 2, 2));
        // What they find may keep them.
        assert_eq!((look(3), look(2)), ((1, 2, 0), (1, 2, 1)));
        assert_eq!(look(1), (1, 0, 0));
    }
}
