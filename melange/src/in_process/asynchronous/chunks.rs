//! The line of events that may run, in chunks: a worker takes a chunk as it is, and nothing is moved as the line grows.

use std::collections::VecDeque;
use std::mem;

use super::lanes::Ready;

/// How many events a chunk holds, which is as many as a worker takes at once.
pub(super) const SIZE: usize = super::seats::MOST_AT_ONCE;

/// Empty chunks that are kept to be used again.
const SPARE: usize = 4;

/// Some events, in order. Without storage until there is one.
#[derive(Debug)]
pub(super) struct Chunk<J> {
    places: Box<[Ready<J>]>,
    begin: usize,
    end: usize,
    /// How many of those that were put in are to be taken alone.
    alone: usize,
}

impl<J> Default for Chunk<J> {
    fn default() -> Self {
        Self { places: Box::default(), begin: 0, end: 0, alone: 0 }
    }
}

impl<J> Chunk<J> {
    fn with_storage() -> Self {
        Self { places: (0..SIZE).map(|_| Ready::default()).collect(), begin: 0, end: 0, alone: 0 }
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
    fn push(&mut self, ready: Ready<J>) {
        let Some(place) = self.places.get_mut(self.end) else { return };
        self.end += 1;
        self.alone += usize::from(ready.mark.alone());
        // Nothing is there that could be dropped, and whoever knows that writes it part by part where it is to be: put
        // together elsewhere first, it would be read back before it is written, which takes longer than all the rest.
        mem::forget(mem::replace(&mut place.job, ready.job));
        place.mark = ready.mark;
        place.lane = ready.lane;
    }

    #[inline]
    pub(super) fn pop(&mut self) -> Option<Ready<J>> {
        if self.is_empty() {
            return None;
        }
        let place = self.places.get_mut(self.begin)?;
        self.begin += 1;
        Some(Ready { job: place.job.take(), mark: place.mark, lane: place.lane })
    }

    /// The first, if it is not to be taken alone.
    fn is_together(&self) -> bool {
        self.places.get(self.begin).is_some_and(|first| !first.mark.alone())
    }

    /// To be used from the start again, once it is empty.
    fn rewind(&mut self) {
        (self.begin, self.end, self.alone) = (0, 0, 0);
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

    #[cold]
    fn extend(&mut self) {
        let next = self.spare.pop().unwrap_or_else(Chunk::with_storage);
        let full = mem::replace(&mut self.back, next);
        if full.is_empty() {
            self.keep(full);
        } else {
            self.front.push_back(full);
        }
    }

    fn keep(&mut self, mut chunk: Chunk<J>) {
        if !chunk.places.is_empty() && self.spare.len() < SPARE {
            chunk.rewind();
            self.spare.push(chunk);
        }
    }

    /// Takes up to `most` events into an empty chunk. Those that are to be taken alone are, unless `alone` is false.
    pub(super) fn take(&mut self, most: usize, alone: bool, into: &mut Chunk<J>) {
        let first = self.front.front_mut().unwrap_or(&mut self.back);
        if first.len() <= most && !(alone && first.alone > 0) {
            // As it is.
            mem::swap(first, into);
            first.rewind();
        } else {
            if into.places.is_empty() {
                *into = self.spare.pop().unwrap_or_else(Chunk::with_storage);
            }
            into.rewind();
            let first = self.front.front_mut().unwrap_or(&mut self.back);
            let is_first_alone = alone && !first.is_together();
            let most = if is_first_alone { most.min(1) } else { most };
            while into.len() < most
                && !into.is_full()
                && (!alone || is_first_alone || first.is_together())
                && let Some(ready) = first.pop()
            {
                into.push(ready);
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
    use super::super::lanes::Mark;
    use super::*;

    fn ready(job: usize, alone: bool) -> Ready<usize> {
        Ready::new(job, Mark::new(None, alone))
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
    fn what_is_taken_alone_is_taken_alone() {
        let mut chunks = Chunks::default();
        for (job, alone) in [false, false, true, true, false].into_iter().enumerate() {
            chunks.push(ready(job, alone));
        }
        let mut taken = Chunk::default();
        let mut take = |chunks: &mut Chunks<usize>, alone| {
            chunks.take(10, alone, &mut taken);
            jobs(&mut taken)
        };
        assert_eq!((take(&mut chunks, true), take(&mut chunks, true)), (vec![0, 1], vec![2]));
        assert_eq!((take(&mut chunks, false), take(&mut chunks, false)), (vec![3, 4], vec![]));
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
}
