//! What waits to be sent to one topic or queue: what goes next, with what, and when. It knows neither AWS nor tasks.

mod held;
mod next;
mod settle;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

pub(super) use held::{Call, Held};
use tokio::time::Instant;

use super::parcel::Parcel;

/// How one line is run.
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    /// How old the oldest may get before what is there goes, though there is room for more. Zero: calls do not wait for
    /// each other.
    pub(crate) linger: Duration,
    /// Most bytes in one request.
    pub(crate) bytes: usize,
    /// How long after its first try a message is tried again.
    pub(crate) patience: Duration,
}

/// What goes in one request.
#[derive(Debug)]
pub(super) struct Batch {
    /// What to settle it by.
    pub(super) ticket: u64,
    pub(super) parcels: Vec<Arc<Parcel>>,
    /// When the patience with the last of them ends.
    pub(super) until: Instant,
}

/// What waits to be sent to one topic or queue.
///
/// Of one group, no more than one message is in `waiting`, `resting` and `under_way` together; the others are `behind` it.
#[derive(Debug)]
pub(super) struct Line {
    rules: Rules,
    /// What may go, in the order it came.
    waiting: BTreeMap<u64, Held>,
    /// For each group of which one is before them, those that wait for its answer.
    behind: HashMap<String, VecDeque<(u64, Held)>>,
    /// What is sent again, and when.
    resting: BTreeMap<(Instant, u64), Held>,
    under_way: HashMap<u64, Vec<(u64, Held)>>,
    /// How many messages of each call are here, by the call's address.
    calls: HashMap<usize, usize>,
    len: usize,
    last: u64,
    /// How many windows in a row brought nobody else.
    quiet: u32,
}

impl Line {
    pub(super) fn new(rules: Rules) -> Self {
        Self {
            rules,
            waiting: BTreeMap::new(),
            behind: HashMap::new(),
            resting: BTreeMap::new(),
            under_way: HashMap::new(),
            calls: HashMap::new(),
            len: 0,
            last: 0,
            quiet: 0,
        }
    }

    /// How many messages are here, those under way included.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Lets `held` join the line.
    pub(super) fn push(&mut self, held: Held) {
        let place = self.ticket();
        self.len += 1;
        *self.calls.entry(address(&held.call)).or_default() += 1;
        if self.calls.len() > 1 {
            self.quiet = 0;
        }
        if let Some(lane) = held.parcel.lane() {
            if let Some(behind) = self.behind.get_mut(lane) {
                behind.push_back((place, held));
                return;
            }
            self.behind.insert(lane.to_owned(), VecDeque::new());
        }
        self.waiting.insert(place, held);
    }

    /// May go from now on. While others are under way, the window begins anew: the next of their groups can go with it.
    /// Without that, groups that are out of step stay so, and each goes in a request of its own.
    pub(super) fn come_forward(&mut self, place: u64, mut held: Held, now: Instant) {
        if !self.under_way.is_empty() {
            held.since = now;
        }
        self.waiting.insert(place, held);
    }

    fn ticket(&mut self) -> u64 {
        self.last += 1;
        self.last
    }
}

fn address(call: &Arc<Call>) -> usize {
    Arc::as_ptr(call).addr()
}

#[cfg(test)]
mod tests;
