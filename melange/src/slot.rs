//! An event's place in the tables of the in-process buses, which is found without hashing anything.

use std::sync::atomic::{AtomicUsize, Ordering};

/// An event's place in the tables of the in-process buses: a number, kept with the type and set once, when the first bus
/// with a subscriber of the event is built. Places are dense: so many events, so many places.
#[derive(Debug)]
pub struct EventSlot(AtomicUsize);

/// No event has it.
const NONE: usize = 0;

static LAST: AtomicUsize = AtomicUsize::new(NONE);

impl EventSlot {
    /// No place yet.
    #[must_use]
    #[allow(clippy::new_without_default, reason = "one for each event, by the derive")]
    pub const fn new() -> Self {
        Self(AtomicUsize::new(NONE))
    }

    /// Its place; that of no event, as long as no bus has a subscriber of it.
    pub(crate) fn place(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// Its place, given now if it has none. Two that ask at once may use up two places.
    pub(crate) fn take_place(&self) -> usize {
        match self.place() {
            NONE => {
                let new = next_place();
                match self.0.compare_exchange(NONE, new, Ordering::Relaxed, Ordering::Relaxed) {
                    Ok(_) => new,
                    Err(taken) => taken,
                }
            }
            taken => taken,
        }
    }
}

/// A place of no event's own.
pub(crate) fn next_place() -> usize {
    LAST.fetch_add(1, Ordering::Relaxed) + 1
}
