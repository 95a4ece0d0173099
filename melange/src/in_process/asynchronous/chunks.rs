//! The line of events that may run, in chunks: a worker takes a chunk as it is, and nothing is moved as the line grows.

use std::collections::VecDeque;
use std::mem;

use super::lanes::{Busy, Mark, Ready};
use crate::dispatch::let_go;

/// How many events a chunk holds, which is as many as a worker takes at once.
pub(super) const SIZE: usize = super::seats::MOST_AT_ONCE;

/// A chunk with so many events is queued as it is, others are copied: chunks with few would take too much memory.
const FULL_ENOUGH: usize = SIZE / 4 * 3;

/// Empty chunks that are kept to be used again.
const SPARE: usize = 4;

/// Some events, in order. Without storage until there is one.
#[derive(Debug)]
pub(super) struct Chunk<J> {
    places: Box<[Ready<J>]>,
    begin: usize,
    end: usize,
    /// How many of those that were put in may block.
    blocking: usize,
}

impl<J> Default for Chunk<J> {
    fn default() -> Self {
        Self { places: Box::default(), begin: 0, end: 0, blocking: 0 }
    }
}

impl<J> Chunk<J> {
    /// Makes sure that something can be put in.
    pub(super) fn have_storage(&mut self) {
        if self.places.is_empty() {
            *self = Self::with_storage();
        }
    }

    fn with_storage() -> Self {
        Self { places: (0..SIZE).map(|_| Ready::default()).collect(), begin: 0, end: 0, blocking: 0 }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.end - self.begin
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.begin == self.end
    }

    #[inline]
    fn is_full(&self) -> bool {
        self.end == self.places.len()
    }

    /// Puts an event behind the others, for which there must be room.
    #[inline(always)]
    pub(super) fn push(&mut self, ready: Ready<J>) {
        if let Some(place) = self.place(ready.mark, ready.lane) {
            *place = ready.job;
        }
    }

    /// Where the next one is to be written: put together elsewhere first, it would be read back before it is written, which takes
    /// longer than all the rest.
    #[inline(always)]
    pub(super) fn place(&mut self, mark: Mark, lane: u32) -> Option<&mut Option<J>> {
        let place = self.places.get_mut(self.end)?;
        self.end += 1;
        self.blocking += usize::from(mark.may_block());
        (place.mark, place.lane) = (mark, lane);
        Some(&mut place.job)
    }

    /// Puts the first behind those of `into`. What was left there comes here.
    #[inline]
    fn move_first(&mut self, into: &mut Self) {
        if let Some(first) = self.next()
            && let Some(place) = into.place(first.mark, first.lane)
        {
            mem::swap(place, &mut first.job);
        }
    }

    /// The first, where it lies. It need not be taken from there: what is left is dropped or used again by the next one.
    #[inline]
    pub(super) fn next(&mut self) -> Option<&mut Ready<J>> {
        if self.is_empty() {
            return None;
        }
        let place = self.places.get_mut(self.begin)?;
        self.begin += 1;
        Some(place)
    }

    #[inline]
    pub(super) fn pop(&mut self) -> Option<Ready<J>> {
        let place = self.next()?;
        Some(Ready { job: place.job.take(), mark: place.mark, lane: place.lane })
    }

    /// Drops all, each by itself: that is its own code, which may panic.
    pub(super) fn let_go(&mut self) {
        while let Some(ready) = self.pop() {
            let_go(ready);
        }
    }

    /// What is said of the first, and its lane.
    #[inline]
    pub(super) fn first(&self) -> Option<(Mark, Option<Busy>)> {
        if self.is_empty() {
            return None;
        }
        self.places.get(self.begin).map(|first| (first.mark, first.lane()))
    }

    /// Whether the first may block.
    pub(super) fn may_block(&self) -> bool {
        self.places.get(self.begin).is_some_and(|first| first.mark.may_block())
    }

    /// Whether all are of one kind.
    fn is_of_a_kind(&self) -> bool {
        self.blocking == 0 || self.blocking == self.end
    }

    /// Takes the first of these, and has no other; false if there is none.
    pub(super) fn take_only_first(&mut self, from: &mut Self) -> bool {
        self.have_storage();
        self.rewind();
        from.move_first(self);
        !self.is_empty()
    }

    /// To be used from the start again, once it is empty.
    pub(super) fn rewind(&mut self) {
        (self.begin, self.end, self.blocking) = (0, 0, 0);
    }
}

/// Events in the order in which they came.
#[derive(Debug)]
pub(super) struct Chunks<J> {
    /// Those in front.
    front: VecDeque<Chunk<J>>,
    /// Where the next one is put.
    back: Chunk<J>,
    spare: Vec<Chunk<J>>,
    len: usize,
}

impl<J> Default for Chunks<J> {
    fn default() -> Self {
        Self { front: VecDeque::new(), back: Chunk::default(), spare: Vec::new(), len: 0 }
    }
}

impl<J> Chunks<J> {
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.len
    }

    #[inline(always)]
    pub(super) fn push(&mut self, ready: Ready<J>) {
        if self.back.is_full() {
            self.extend();
        }
        self.len += 1;
        self.back.push(ready);
    }

    /// Puts all of these behind the others, and leaves none.
    pub(super) fn append(&mut self, events: &mut Chunk<J>) {
        if events.len() < FULL_ENOUGH || !self.may_leave_room() {
            while !events.is_empty() {
                if self.back.is_full() {
                    self.extend();
                }
                self.len += 1;
                events.move_first(&mut self.back);
            }
            return events.rewind();
        }
        // As they are.
        self.len += events.len();
        let next = self.spare.pop().unwrap_or_else(Chunk::with_storage);
        let before = mem::replace(&mut self.back, mem::replace(events, next));
        self.put_in_front(before);
    }

    /// Whether room at the end of the last chunk may be left: of two chunks that are next to each other one is full enough.
    fn may_leave_room(&self) -> bool {
        self.back.is_empty()
            || self.back.len() >= FULL_ENOUGH
            || self.front.back().is_none_or(|before| before.len() >= FULL_ENOUGH)
    }

    #[cold]
    fn extend(&mut self) {
        let next = self.spare.pop().unwrap_or_else(Chunk::with_storage);
        let full = mem::replace(&mut self.back, next);
        self.put_in_front(full);
    }

    fn put_in_front(&mut self, chunk: Chunk<J>) {
        if chunk.is_empty() {
            self.keep(chunk);
        } else {
            self.front.push_back(chunk);
        }
    }

    fn keep(&mut self, mut chunk: Chunk<J>) {
        if !chunk.places.is_empty() && self.spare.len() < SPARE {
            chunk.rewind();
            self.spare.push(chunk);
        }
    }

    /// Takes up to `most` events into an empty chunk, of one kind if they are to be `sorted`.
    pub(super) fn take(&mut self, most: usize, sorted: bool, into: &mut Chunk<J>) {
        let first = self.front.front_mut().unwrap_or(&mut self.back);
        if first.len() <= most && (!sorted || first.is_of_a_kind()) {
            // As it is.
            mem::swap(first, into);
            first.rewind();
        } else {
            if into.places.is_empty() {
                *into = self.spare.pop().unwrap_or_else(Chunk::with_storage);
            }
            into.rewind();
            let first = self.front.front_mut().unwrap_or(&mut self.back);
            let kind = first.may_block();
            while into.len() < most && !into.is_full() && !first.is_empty() && (!sorted || first.may_block() == kind) {
                first.move_first(into);
            }
        }
        self.len -= into.len();
        if self.front.front().is_some_and(Chunk::is_empty)
            && let Some(empty) = self.front.pop_front()
        {
            self.keep(empty);
        }
    }

    /// Takes back, in front of all others, what was taken and has not begun.
    pub(super) fn give_back(&mut self, taken: &mut Chunk<J>) {
        if !taken.is_empty() {
            self.len += taken.len();
            self.front.push_front(mem::take(taken));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ready(job: usize, may_block: bool) -> Ready<usize> {
        Ready::new(job, Mark::new(None, may_block), false)
    }

    fn jobs(chunk: &mut Chunk<usize>) -> Vec<usize> {
        std::iter::from_fn(|| chunk.pop()).filter_map(|ready| ready.job).collect()
    }

    #[test]
    fn they_come_out_as_they_went_in_however_many_are_taken() {
        for most in [1, 3, SIZE - 1, SIZE, SIZE + 1] {
            let mut chunks = Chunks::default();
            let (mut taken, mut out, mut next) = (Chunk::default(), Vec::new(), 0);
            while out.len() < 5 * SIZE {
                for _ in 0..most + 1 {
                    chunks.push(ready(next, false));
                    next += 1;
                }
                chunks.take(most, true, &mut taken);
                assert!(taken.len() <= most);
                out.extend(jobs(&mut taken));
                assert_eq!(out.len() + chunks.len(), next);
            }
            assert!(out.iter().copied().eq(0..out.len()), "{most}: {out:?}");
        }
    }

    #[test]
    fn what_may_block_is_taken_by_itself() {
        let mut chunks = Chunks::default();
        for (job, may_block) in [false, false, true, true, false].into_iter().enumerate() {
            chunks.push(ready(job, may_block));
        }
        let mut taken = Chunk::default();
        let mut take = |chunks: &mut Chunks<usize>, sorted| {
            chunks.take(10, sorted, &mut taken);
            jobs(&mut taken)
        };
        assert_eq!((take(&mut chunks, true), take(&mut chunks, true)), (vec![0, 1], vec![2, 3]));
        assert_eq!((take(&mut chunks, false), take(&mut chunks, false)), (vec![4], vec![]));
    }

    #[test]
    fn what_is_given_back_is_first_again() {
        let mut chunks = Chunks::default();
        (0..SIZE + 2).for_each(|job| chunks.push(ready(job, false)));
        let mut taken = Chunk::default();
        chunks.take(SIZE, true, &mut taken);
        assert_eq!(taken.pop().and_then(|ready| ready.job), Some(0));
        chunks.give_back(&mut taken);
        let mut out = Vec::new();
        while chunks.len() > 0 {
            chunks.take(SIZE, true, &mut taken);
            out.extend(jobs(&mut taken));
        }
        assert!(out.into_iter().eq(1..SIZE + 2));
    }

    #[test]
    fn empty_chunks_are_used_again_and_not_hoarded() {
        let mut chunks = Chunks::default();
        let mut taken = Chunk::default();
        for _ in 0..3 {
            (0..20 * SIZE).for_each(|job| chunks.push(ready(job, false)));
            assert!(chunks.front.len() < 20 && chunks.spare.len() <= SPARE);
            while chunks.len() > 0 {
                chunks.take(SIZE, true, &mut taken);
                taken = Chunk { begin: taken.end, ..taken };
            }
            assert!(chunks.front.is_empty() && chunks.spare.len() <= SPARE);
        }
    }

    #[test]
    fn what_is_appended_keeps_its_order_and_takes_little_more_room_than_it_needs() {
        // As inboxes are emptied: nearly nothing, nearly full, all sizes, and single events in between.
        for sizes in [vec![1], vec![FULL_ENOUGH], vec![SIZE, 1, FULL_ENOUGH - 1, 2], (0..=SIZE).collect()] {
            let (mut chunks, mut posted, mut next) = (Chunks::default(), Chunk::with_storage(), 0);
            for (round, size) in sizes.iter().cycle().take(500).enumerate() {
                for _ in 0..*size {
                    posted.push(ready(next, false));
                    next += 1;
                }
                chunks.append(&mut posted);
                // It takes a whole chunk again.
                assert_eq!((posted.len(), posted.places.len(), posted.begin, posted.end), (0, SIZE, 0, 0));
                if round % 3 == 0 {
                    chunks.push(ready(next, false));
                    next += 1;
                }
                let has_room = |at: usize| chunks.front.get(at).is_some_and(|chunk| chunk.len() < FULL_ENOUGH);
                assert!((1..chunks.front.len()).all(|at| !(has_room(at - 1) && has_room(at))), "{sizes:?}");
                assert!(chunks.front.len() <= 2 * next / FULL_ENOUGH + 1 && chunks.spare.len() <= SPARE);
            }
            let (mut taken, mut out) = (Chunk::default(), Vec::new());
            while chunks.len() > 0 {
                chunks.take(SIZE, true, &mut taken);
                out.extend(jobs(&mut taken));
            }
            assert!(out.into_iter().eq(0..next), "{sizes:?}");
        }
    }
}
