//! The queue: the events that may run now, in order, and behind them the lanes of events that must not overtake each
//! other.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use slab::Slab;

use super::chunks::Chunk;
use super::rows::Rows;
use crate::dispatch::let_go;
use crate::type_map::AsItIs;

/// Where nothing is.
const NONE: u32 = u32::MAX;

/// Where something is that has yet to get its place.
const UNKNOWN: u32 = NONE - 1;

/// More than any memory holds, and few enough for an index of four bytes.
const MOST: usize = (u32::MAX / 2) as usize;

/// Storage for events behind others grows by this much at least.
const GROWTH: usize = 32;

/// Un-keyed events and lanes are in one queue, and a lane goes to its end after each event: neither can starve the
/// other, nor can one lane starve another.
#[derive(Debug)]
pub(super) struct Lanes<J> {
    /// Events that may run: those without a key, and the first of each lane of which none is running.
    ready: Rows<J>,
    /// A lane is here while it has events queued or one running.
    lanes: Slab<Lane>,
    /// By the hash of its key, which is keyed itself and 64 bits long. Should two keys have the same, they share a
    /// lane: they would wait for each other, and nothing else.
    by_hash: HashMap<u64, u32, BuildHasherDefault<AsItIs>>,
    /// Events behind the first of their lanes, each with the next.
    behind: Slab<Behind<J>>,
    capacity: usize,
}

/// An event that may run.
#[derive(Debug)]
pub(super) struct Ready<J> {
    /// Gone once it was taken.
    pub(super) job: Option<J>,
    pub(super) mark: Mark,
    pub(super) lane: u32,
}

impl<J> Default for Ready<J> {
    fn default() -> Self {
        Self { job: None, mark: Mark::NOWHERE, lane: NONE }
    }
}

/// What is said of an event when it is queued, in one word of four bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::in_process) struct Mark(u32);

/// The highest bit.
const MAY_BLOCK: u32 = 1 << 31;

impl Mark {
    const NOWHERE: Self = Self(!MAY_BLOCK);

    /// Where the subscribers of its type are, and whether one of them may block its worker without letting it know.
    #[inline]
    pub(in crate::in_process) fn new(place: Option<usize>, may_block: bool) -> Self {
        let place = place.and_then(|place| u32::try_from(place).ok()).filter(|place| *place < !MAY_BLOCK);
        Self(place.unwrap_or(!MAY_BLOCK) | if may_block { MAY_BLOCK } else { 0 })
    }

    #[inline]
    pub(super) fn place(self) -> Option<usize> {
        let place = self.0 & !MAY_BLOCK;
        (place != !MAY_BLOCK).then_some(place as usize)
    }

    #[inline]
    pub(super) fn may_block(self) -> bool {
        self.0 & MAY_BLOCK != 0
    }
}

#[derive(Debug)]
struct Lane {
    hash: u64,
    row: u32,
    /// Of those behind.
    first: u32,
    last: u32,
}

#[derive(Debug)]
struct Behind<J> {
    job: J,
    mark: Mark,
    next: u32,
}

/// A lane whose event is running.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Busy(u32);

impl<J> Ready<J> {
    /// Of no lane, or of one that is yet to be found.
    #[inline]
    pub(super) fn new(job: J, mark: Mark, has_key: bool) -> Self {
        Self { job: Some(job), mark, lane: Self::lane_of(has_key) }
    }

    #[inline]
    pub(super) fn lane_of(has_key: bool) -> u32 {
        if has_key { UNKNOWN } else { NONE }
    }

    /// The lane that rests until [`Lanes::done`] is told of it.
    pub(super) fn lane(&self) -> Option<Busy> {
        (self.lane != NONE).then_some(Busy(self.lane))
    }
}

impl<J> Lanes<J> {
    /// Storage grows as it is needed, and never further than for `capacity` events.
    pub(super) fn new(capacity: usize, rows: usize) -> Self {
        Self {
            ready: Rows::new(rows),
            lanes: Slab::new(),
            by_hash: HashMap::default(),
            behind: Slab::new(),
            capacity: capacity.min(MOST),
        }
    }

    /// How many events may be queued.
    pub(super) fn capacity(&self) -> usize {
        self.capacity
    }

    /// How many events are queued in all lanes together; those taken are not.
    pub(super) fn len(&self) -> usize {
        self.ready.len() + self.behind.len()
    }

    /// How many could be taken: what is queued behind a running event of its lane could not.
    pub(super) fn ready(&self) -> usize {
        self.ready.len()
    }

    /// Queues an event in the row of its inbox; `hash` is that of its key.
    #[inline]
    pub(super) fn push(&mut self, row: usize, hash: Option<u64>, ready: Ready<J>) {
        match hash {
            None => self.ready.push(row, ready),
            Some(hash) => self.push_into_lane(row, hash, ready),
        }
    }

    /// Queues all of these, and leaves none; `hashes` are those of the keys of those that have one.
    pub(super) fn append(&mut self, row: usize, events: &mut Chunk<J>, hashes: &mut Vec<u64>) {
        if hashes.is_empty() {
            return self.ready.append(row, events);
        }
        let mut hashes = hashes.drain(..);
        while let Some(ready) = events.pop() {
            let hash = if ready.lane == UNKNOWN { hashes.next() } else { None };
            self.push(row, hash, ready);
        }
        events.rewind();
    }

    fn push_into_lane(&mut self, row: usize, hash: u64, ready: Ready<J>) {
        let lanes = &mut self.lanes;
        let mut is_new = false;
        let at = *self.by_hash.entry(hash).or_insert_with(|| {
            is_new = true;
            index(lanes.insert(Lane { hash, row: index(row), first: NONE, last: NONE }))
        });
        if is_new {
            return self.ready.push(row, Ready { lane: at, ..ready });
        }
        let Ready { job: Some(job), mark, .. } = ready else { return };
        if self.behind.len() == self.behind.capacity() {
            self.behind.reserve_exact(growth(self.behind.len(), self.capacity));
        }
        let new = index(self.behind.insert(Behind { job, mark, next: NONE }));
        if let Some(lane) = self.lanes.get_mut(at as usize) {
            let last = std::mem::replace(&mut lane.last, new);
            match self.behind.get_mut(last as usize) {
                Some(last) => last.next = new,
                None => lane.first = new,
            }
        }
    }

    /// Takes up to `most` events that may run. If they have keys, their lanes rest until [`done`](Self::done).
    ///
    /// They are of one kind, whether they may block, if they are to be `sorted`. A worker prefers its own row.
    pub(super) fn take(&mut self, own: usize, most: usize, sorted: bool, into: &mut Chunk<J>) {
        self.ready.take(own, most, sorted, into);
    }

    /// Whether a worker whose row this is should look at all rows.
    pub(super) fn is_others_turn(&self, own: usize) -> bool {
        self.ready.is_others_turn(own)
    }

    /// Takes back, in front of all others, what was taken and has not begun.
    pub(super) fn give_back(&mut self, taken: &mut Chunk<J>) {
        self.ready.give_back(taken);
    }

    /// The running event of this lane is finished.
    pub(super) fn done(&mut self, Busy(at): Busy) {
        let Some(lane) = self.lanes.get_mut(at as usize) else { return };
        let Some(Behind { job, mark, next }) = self.behind.try_remove(lane.first as usize) else {
            let Lane { hash, .. } = self.lanes.remove(at as usize);
            self.by_hash.remove(&hash);
            return;
        };
        let row = lane.row as usize;
        lane.first = next;
        if next == NONE {
            lane.last = NONE;
        }
        self.ready.push(row, Ready { job: Some(job), mark, lane: at });
    }

    /// Everything that is queued. No lane rests any more.
    pub(super) fn clear(&mut self) -> Self {
        let empty = Self::new(self.capacity, self.ready.count());
        std::mem::replace(self, empty)
    }

    /// Drops all events, each by itself: that is its own code, which may panic.
    pub(super) fn let_go(mut self) {
        let mut events = Chunk::default();
        while self.ready.len() > 0 {
            self.ready.take(0, usize::MAX, false, &mut events);
            events.let_go();
        }
        self.behind.drain().for_each(let_go);
    }
}

/// Never reached by what is one event each, of which there are at most [`MOST`] and a few that run.
fn index(key: usize) -> u32 {
    u32::try_from(key).unwrap_or(NONE)
}

/// By how much storage for `len` grows: to twice as much, but not in vain.
fn growth(len: usize, capacity: usize) -> usize {
    len.max(GROWTH).min(capacity.saturating_sub(len).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOGETHER: Mark = Mark::NOWHERE;

    fn hash(key: &str) -> Option<u64> {
        key.bytes().next().map(u64::from)
    }

    fn filled(events: &[(&str, u32)]) -> Lanes<u32> {
        let mut lanes = Lanes::new(100, 1);
        for (key, job) in events {
            lanes.push(0, hash(key), Ready::new(*job, TOGETHER, !key.is_empty()));
        }
        lanes
    }

    fn pop(lanes: &mut Lanes<u32>) -> Option<(u32, Option<Busy>)> {
        let mut taken = Chunk::default();
        lanes.take(0, 1, true, &mut taken);
        taken.pop().map(|ready| (ready.job.unwrap(), ready.lane()))
    }

    #[test]
    fn a_lane_rests_while_its_event_runs() {
        let mut lanes = filled(&[("a", 1), ("a", 2), ("b", 3)]);
        let (first, lane) = pop(&mut lanes).unwrap();
        assert_eq!((first, pop(&mut lanes).unwrap().0, pop(&mut lanes)), (1, 3, None));
        assert_eq!((lanes.len(), lanes.ready()), (1, 0));
        lanes.done(lane.unwrap());
        assert_eq!(pop(&mut lanes), Some((2, lane)));
    }

    #[test]
    fn a_lane_goes_to_the_end_after_each_event() {
        let mut lanes = filled(&[("a", 1), ("a", 2), ("a", 3), ("", 4), ("", 5)]);
        let mut order = Vec::new();
        while let Some((job, lane)) = pop(&mut lanes) {
            order.push(job);
            lane.into_iter().for_each(|lane| lanes.done(lane));
        }
        assert_eq!(order, [1, 4, 5, 2, 3]);
    }

    #[test]
    fn empty_lanes_vanish() {
        let mut lanes = filled(&[("a", 1), ("b", 2), ("b", 3)]);
        let (_, a) = pop(&mut lanes).unwrap();
        let (_, b) = pop(&mut lanes).unwrap();
        lanes.done(a.unwrap());
        assert_eq!((lanes.lanes.len(), lanes.by_hash.len()), (1, 1));
        lanes.done(b.unwrap());
        assert_eq!(pop(&mut lanes), Some((3, b)));
        lanes.done(b.unwrap());
        assert!(lanes.lanes.is_empty() && lanes.by_hash.is_empty() && lanes.behind.is_empty() && lanes.len() == 0);
    }

    #[test]
    fn what_is_given_back_is_first_again() {
        let mut lanes = filled(&[("", 1), ("a", 2), ("", 3), ("a", 4), ("", 5)]);
        let mut taken = Chunk::default();
        lanes.take(0, 3, false, &mut taken);
        assert_eq!(taken.pop().and_then(|ready| ready.job), Some(1));
        lanes.give_back(&mut taken);
        let order: Vec<_> = std::iter::from_fn(|| pop(&mut lanes).map(|(job, _)| job)).collect();
        assert_eq!((order, lanes.len()), (vec![2, 3, 5], 1));
    }

    #[test]
    fn storage_is_never_for_more_than_may_be_queued() {
        let mut lanes = Lanes::new(100, 1);
        for job in 0..100 {
            lanes.push(0, Some(7), Ready::new(job, TOGETHER, true));
        }
        assert!(lanes.behind.capacity() <= 100);
    }
}
