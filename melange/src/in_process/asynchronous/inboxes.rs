//! Publishers leave events in one of several inboxes, each with its own lock, so that they do not contend with the
//! workers, and seldom with each other. The holder of the state's lock empties the inboxes it needs, and grants them
//! room for further events.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};

use super::chunks::{Chunk, SIZE};
use super::lanes::{Mark, Ready};
use super::state::{Phase, State};
use crate::in_process::unpoisoned;

/// More would take longer to empty than they save.
const MOST: usize = 8;

/// Away from all others in memory.
#[repr(align(128))]
struct Inbox<J>(Mutex<Posted<J>>);

/// What is in an inbox.
pub(super) struct Posted<J> {
    /// How many more events it takes.
    room: usize,
    /// Whether a worker is asleep that must be woken for new events.
    has_sleepers: bool,
    events: Chunk<J>,
    /// The hashes of the keys of the events that have one, in order.
    hashes: Vec<u64>,
}

impl<J> Posted<J> {
    /// Where an event is to be left, for which there must be room.
    #[inline(always)]
    pub(super) fn place(&mut self, hash: Option<u64>, mark: Mark) -> Option<&mut Option<J>> {
        let place = self.events.place(mark, Ready::<J>::lane_of(hash.is_some()))?;
        self.room -= 1;
        self.hashes.extend(hash);
        Some(place)
    }

    #[inline]
    pub(super) fn has_sleepers(&self) -> bool {
        self.has_sleepers
    }
}

pub(super) struct Inboxes<J>(Box<[Inbox<J>]>);

impl<J> Inboxes<J> {
    /// One for each thread that may publish at the same time. A single worker is to see events in the order of their
    /// publication, and has one.
    pub(super) fn new(workers: usize, threads: usize) -> Self {
        let inboxes = if workers == 1 { 1 } else { threads.next_power_of_two().min(MOST) };
        let inbox = || Posted { room: 0, has_sleepers: false, events: Chunk::default(), hashes: Vec::new() };
        Self((0..inboxes).map(|_| Inbox(Mutex::new(inbox()))).collect())
    }

    /// The inbox of a key, or of this thread, if there is room in it: a key has but one, so that its events stay in
    /// order.
    #[inline]
    pub(super) fn open(&self, hash: Option<u64>) -> Option<MutexGuard<'_, Posted<J>>> {
        let posted = self.at(self.of(hash))?;
        (posted.room > 0).then_some(posted)
    }

    /// Which one is that of a key, or of this thread.
    #[inline]
    pub(super) fn of(&self, hash: Option<u64>) -> usize {
        match self.0.len() {
            1 => 0,
            inboxes => hash.map_or_else(thread, |hash| hash as usize) & (inboxes - 1),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    fn at(&self, at: usize) -> Option<MutexGuard<'_, Posted<J>>> {
        self.0.get(at).map(|inbox| unpoisoned(inbox.0.lock()))
    }
}

/// A number of this thread's own.
#[inline]
fn thread() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static OWN: Cell<Option<usize>> = const { Cell::new(None) };
    }
    OWN.get().unwrap_or_else(|| {
        let own = NEXT.fetch_add(1, Ordering::Relaxed);
        OWN.set(Some(own));
        own
    })
}

impl State {
    /// Empties all inboxes.
    pub(super) fn collect(&mut self) {
        let lends = self.lends();
        (0..self.inboxes.len()).for_each(|at| self.empty(at, lends));
    }

    /// Empties one.
    pub(super) fn collect_from(&mut self, at: usize) {
        let lends = self.lends();
        self.empty(at, lends);
    }

    /// Empties all, and leaves no room in them, so that publishers take the lock of the state.
    pub(super) fn call_in(&mut self) {
        (0..self.inboxes.len()).for_each(|at| self.empty(at, false));
    }

    /// There is room in inboxes as long as all is well: the bus is open, and nobody waits.
    fn lends(&self) -> bool {
        self.phase() == Phase::Open && self.line.is_empty()
    }

    fn empty(&mut self, at: usize, lends: bool) {
        let Self { inboxes, lanes, counts, lent, taken, .. } = self;
        let Some(mut posted) = inboxes.at(at) else { return };
        let Posted { room, has_sleepers, events, hashes } = &mut *posted;
        counts.published += events.len() as u64;
        *lent -= *room + events.len();
        lanes.append(at, events, hashes);
        *room = 0;
        if lends {
            // Only a share of the free room: other inboxes need some, and granted but unused room is available to
            // nobody else.
            let spare = lanes.capacity().saturating_sub(lanes.len() + *taken + *lent);
            *room = (spare / (2 * inboxes.len())).min(SIZE);
            events.have_storage();
        }
        *lent += *room;
        *has_sleepers = !self.asleep.is_empty();
    }
}
