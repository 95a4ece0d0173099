//! The events that may run, in a row for each inbox.
//!
//! A worker prefers the row of its own thread: its events are still in the cache, and there is no contention.

use super::chunks::{Chunk, Chunks};
use super::lanes::Ready;

/// Each time but one out of this many, a worker prefers its own row.
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

#[cfg(test)]
mod tests {
    use super::super::lanes::Mark;
    use super::*;

    const ROWS: usize = 3;

    fn filled(each: usize) -> Rows<usize> {
        let mut rows = Rows::new(ROWS);
        for row in 0..ROWS {
            (0..each).for_each(|_| rows.push(row, Ready::new(row, Mark::new(None, false), false)));
        }
        rows
    }

    fn take(rows: &mut Rows<usize>, own: usize, most: usize) -> (Chunk<usize>, Vec<usize>) {
        let mut taken = Chunk::default();
        rows.take(own, most, true, &mut taken);
        let (mut again, mut of) = (Chunk::default(), Vec::new());
        again.have_storage();
        while let Some(ready) = taken.pop() {
            of.extend(ready.job);
            again.push(ready);
        }
        (again, of)
    }

    #[test]
    fn a_worker_prefers_its_own_row_and_comes_by_all_others() {
        let mut rows = filled(100);
        let taken: Vec<_> = (0..6 * ROUND).flat_map(|_| take(&mut rows, 2, 1).1).collect();
        let of = |row| taken.iter().filter(|of| **of == row).count();
        assert_eq!((of(0), of(1), of(2)), (2, 2, 2 + 6 * (ROUND - 1)));
        assert_eq!(rows.len(), 3 * 100 - taken.len());
    }

    #[test]
    fn as_long_as_there_are_events_some_are_found_whosever_they_are() {
        let mut rows = filled(5);
        let mut left = 15;
        while left > 0 {
            let (_, taken) = take(&mut rows, 1, 2);
            assert!(!taken.is_empty());
            left -= taken.len();
            assert_eq!(rows.len(), left);
        }
        assert!(take(&mut rows, 1, 2).1.is_empty());
    }

    #[test]
    fn what_is_given_back_is_in_front_of_all_rows() {
        let mut rows = filled(4);
        let (mut taken, first) = take(&mut rows, 0, 3);
        rows.give_back(&mut taken);
        assert_eq!((rows.len(), taken.len()), (12, 0));
        // Whoever asks.
        assert_eq!(take(&mut rows, 2, 3).1, first);
    }

    #[test]
    fn what_is_appended_is_counted_and_gone_from_where_it_was() {
        let mut rows = filled(1);
        let (mut posted, _) = take(&mut rows, 0, 1);
        rows.append(2, &mut posted);
        assert_eq!((rows.len(), posted.len(), rows.count()), (3, 0, ROWS));
    }
}
