//! Each worker's progress with the events it has taken, written only by the worker and without the lock of the state;
//! and its hand, from which others may take events.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard};

use super::chunks::Chunk;
use super::job::Job;
use crate::in_process::unpoisoned;

/// How many events a worker takes at once at most: few enough to be counted in a byte.
pub(super) const MOST_AT_ONCE: usize = 32;

/// The progress of the events that a worker took, since it last had the lock: four counts in one word, so that a reader
/// never counts an event twice, or not at all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Progress(u32);

/// Lanes whose events have ended are not told of yet.
const HAS_LANES: u32 = 1 << 7;

/// One of each count.
const LEFT: u32 = 1;
const RUNNING: u32 = 1 << 8;
const DELIVERED: u32 = 1 << 16;
const DROPPED: u32 = 1 << 24;

impl Progress {
    /// So many are taken.
    pub(super) fn take(&mut self, events: usize) {
        self.0 = self.0 & !0x7f | events.min(MOST_AT_ONCE) as u32;
    }

    /// One of those taken begins.
    #[inline]
    pub(super) fn begin(&mut self) {
        self.0 = self.0 + RUNNING - LEFT;
    }

    /// And ends.
    #[inline]
    pub(super) fn end(&mut self, finished: bool) {
        self.0 = self.0 - RUNNING + if finished { DELIVERED } else { DROPPED };
    }

    /// It was that of a lane, which waits to be told.
    #[inline]
    pub(super) fn end_in_lane(&mut self) {
        self.0 |= HAS_LANES;
    }

    /// What has ended is accounted for.
    pub(super) fn settle(&mut self) {
        self.0 &= 0xff7f;
    }

    /// Taken and not begun: they still count as queued.
    #[inline]
    pub(super) fn left(self) -> usize {
        (self.0 & 0x7f) as usize
    }

    pub(super) fn is_running(self) -> bool {
        self.0 & 0xff00 != 0
    }

    pub(super) fn delivered(self) -> usize {
        (self.0 >> 16 & 0xff) as usize
    }

    pub(super) fn dropped(self) -> usize {
        (self.0 >> 24) as usize
    }

    /// Nothing in hand, and nothing to tell.
    pub(super) fn is_idle(self) -> bool {
        self.0 == 0
    }

    /// Whether others wait for what this worker has in hand, or has to tell.
    #[inline]
    pub(super) fn keeps_others(self) -> bool {
        self.0 & 0xff != 0
    }
}

/// A worker's seat, on its own cache line, because it is written to at every event.
#[derive(Default)]
#[repr(align(128))]
pub(super) struct Seat {
    progress: AtomicU32,
    /// Events that may block, taken and not begun: while one blocks, other workers take the rest from here.
    hand: Mutex<Chunk<Job>>,
    /// Its running event has published, and waited for room.
    pub(super) has_waited: AtomicBool,
}

impl Seat {
    pub(super) fn progress(&self) -> Progress {
        Progress(self.progress.load(Ordering::SeqCst))
    }

    #[inline]
    pub(super) fn set(&self, progress: Progress) {
        self.progress.store(progress.0, Ordering::Release);
    }

    /// The same, before its worker asks [whether publishers wait](Seats::are_crowded).
    #[inline]
    pub(super) fn announce(&self, progress: Progress) {
        self.progress.store(progress.0, Ordering::SeqCst);
    }

    /// As long as this is held, its worker begins none of these.
    #[inline]
    pub(super) fn hand(&self) -> MutexGuard<'_, Chunk<Job>> {
        unpoisoned(self.hand.lock())
    }
}

/// What is known of all workers without the lock.
pub(super) struct Seats {
    pub(super) all: Box<[Seat]>,
    /// Publishers wait for room.
    crowded: AtomicBool,
}

impl Seats {
    pub(super) fn new(workers: usize) -> Self {
        Self { all: (0..workers).map(|_| Seat::default()).collect(), crowded: AtomicBool::new(false) }
    }

    /// Whether publishers wait for room, asked by a worker that has announced, or said with its hand locked, that it
    /// has made some: either it sees them here, or they see it there.
    #[inline]
    pub(super) fn are_crowded(&self) -> bool {
        self.crowded.load(Ordering::SeqCst)
    }

    /// Tells workers whether publishers wait; who has just begun to looks at the seats once more.
    pub(super) fn show_crowd(&self, is_any: bool) {
        self.crowded.store(is_any, Ordering::SeqCst);
    }
}
