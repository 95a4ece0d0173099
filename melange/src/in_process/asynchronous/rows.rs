//! The events that may run, in a row for each inbox.
//!
//! A worker prefers the row of its own thread: what was published there is still near, and nobody else is in the way.

use super::chunks::{Chunk, Chunks};
use super::lanes::Ready;

/// Of so many times that a worker takes events, it prefers its own row all but once.
const ROUND: usize = 4;

#[derive(Debug)]
pub(super) struct Rows<J> {
    /// What was taken and given back: it was in front of all others.
    returned: Chunks<J>,
    rows: Box<[Chunks<J>]>,
    len: usize,
    /// How often events were taken.
    turn: usize,
    /// The row that comes next when it is not the worker's own.
    next: usize,
}

impl<J> Rows<J> {
    pub(super) fn new(rows: usize) -> Self {
        let rows = (0..rows).map(|_| Chunks::default()).collect();
        Self { returned: Chunks::default(), rows, len: 0, turn: 0, next: 0 }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// How many rows there are.
    pub(super) fn count(&self) -> usize {
        self.rows.len()
    }

    /// Puts an event at the end of a row.
    #[inline(always)]
    pub(super) fn push(&mut self, row: usize, ready: Ready<J>) {
        if let Some(row) = self.rows.get_mut(row) {
            row.push(ready);
            self.len += 1;
        }
    }

    /// Puts all of these at the end of a row, and leaves none.
    pub(super) fn append(&mut self, row: usize, events: &mut Chunk<J>) {
        if let Some(row) = self.rows.get_mut(row) {
            self.len += events.len();
            row.append(events);
        }
    }

    /// Whether a worker whose row this is should look at all rows: its own is empty, or it is the others' turn.
    pub(super) fn is_others_turn(&self, own: usize) -> bool {
        self.turn.is_multiple_of(ROUND) || self.rows.get(own).is_none_or(|row| row.len() == 0)
    }

    /// Takes up to `most` events into an empty chunk; see [`Chunks::take`].
    pub(super) fn take(&mut self, own: usize, most: usize, sorted: bool, into: &mut Chunk<J>) {
        let row = if self.returned.len() > 0 { Some(&mut self.returned) } else { self.choose(own) };
        if let Some(row) = row {
            row.take(most, sorted, into);
            self.len -= into.len();
        }
    }

    fn choose(&mut self, own: usize) -> Option<&mut Chunks<J>> {
        let at = if self.is_others_turn(own) { self.next_with_events() } else { own };
        self.turn += 1;
        self.rows.get_mut(at)
    }

    fn next_with_events(&mut self) -> usize {
        let rows = self.rows.len();
        let from_next = (self.next..rows).chain(0..self.next);
        let at = from_next.into_iter().find(|at| self.rows.get(*at).is_some_and(|row| row.len() > 0)).unwrap_or(0);
        self.next = (at + 1) % rows.max(1);
        at
    }

    /// Takes back, in front of all others, what was taken and has not begun.
    pub(super) fn give_back(&mut self, taken: &mut Chunk<J>) {
        self.len += taken.len();
        self.returned.give_back(taken);
    }
}
