//! How far each worker is with what it has taken, written by the worker alone and without the lock.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// How many events a worker takes at once at most: few enough to be counted in a byte.
pub(super) const MOST_AT_ONCE: usize = 32;

/// What has become of the events that a worker took, since it last had the lock.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Progress {
    /// Taken and not begun: they still count as queued.
    pub(super) left: u8,
    pub(super) running: bool,
    pub(super) delivered: u8,
    pub(super) dropped: u8,
}

impl Progress {
    /// Nothing in hand, and nothing to tell.
    pub(super) fn is_idle(self) -> bool {
        self == Self::default()
    }

    /// Whether there is more than an event that runs.
    pub(super) fn is_news(self) -> bool {
        !Self { running: false, ..self }.is_idle()
    }
}

/// A worker's place, away from all others in memory: it is written to at every event.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(super) struct Seat {
    /// All of the progress at once, so that whoever reads it never sees an event twice, or not at all.
    progress: AtomicU32,
    /// Its running event has published, and waited for room.
    pub(super) has_waited: AtomicBool,
}

impl Seat {
    pub(super) fn progress(&self) -> Progress {
        let [left, running, delivered, dropped] = self.progress.load(Ordering::Acquire).to_ne_bytes();
        Progress { left, running: running != 0, delivered, dropped }
    }

    pub(super) fn set(&self, Progress { left, running, delivered, dropped }: Progress) {
        self.progress.store(u32::from_ne_bytes([left, u8::from(running), delivered, dropped]), Ordering::Release);
    }
}

/// What is known of all workers without the lock.
#[derive(Debug)]
pub(super) struct Seats {
    pub(super) all: Box<[Seat]>,
    /// Publishers wait for room.
    pub(super) crowded: AtomicBool,
}

impl Seats {
    pub(super) fn new(workers: usize) -> Self {
        Self { all: (0..workers).map(|_| Seat::default()).collect(), crowded: AtomicBool::new(false) }
    }

    /// Events taken and not begun, and events that run.
    pub(super) fn in_hand(&self) -> (usize, usize) {
        self.all
            .iter()
            .map(Seat::progress)
            .fold((0, 0), |(left, running), of| (left + usize::from(of.left), running + usize::from(of.running)))
    }
}
