//! The queue: what may run now, in one line, and behind it the lanes of events that must not overtake each other.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// An ordering key. Events of one key run one at a time, in order.
pub(super) type Key = Arc<str>;

/// Un-keyed events and lanes stand in one line, and a lane goes to its end after each event: neither can starve the
/// other, nor can one lane another.
#[derive(Debug)]
pub(super) struct Lanes<J> {
    ready: VecDeque<Ready<J>>,
    /// A lane is here while it has events queued or one running: in `ready` in the first case, not in the second.
    lanes: HashMap<Key, VecDeque<J>>,
    queued: usize,
}

#[derive(Debug)]
enum Ready<J> {
    Event(J),
    Lane(Key),
}

impl<J> Default for Lanes<J> {
    fn default() -> Self {
        Self { ready: VecDeque::new(), lanes: HashMap::new(), queued: 0 }
    }
}

impl<J> Lanes<J> {
    /// How many events are queued in all lanes together; those running are not.
    pub(super) fn len(&self) -> usize {
        self.queued
    }

    /// Whether `pop` would give something: what is queued behind a running event of its lane is not ready.
    pub(super) fn is_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    pub(super) fn push(&mut self, key: Option<&Key>, job: J) {
        self.queued += 1;
        let Some(key) = key else { return self.ready.push_back(Ready::Event(job)) };
        if let Some(lane) = self.lanes.get_mut(key) {
            lane.push_back(job);
        } else {
            self.lanes.insert(Arc::clone(key), VecDeque::from([job]));
            self.ready.push_back(Ready::Lane(Arc::clone(key)));
        }
    }

    /// The next event that may run. If it has a key, its lane rests until [`done`](Self::done).
    pub(super) fn pop(&mut self) -> Option<J> {
        let job = match self.ready.pop_front()? {
            Ready::Event(job) => job,
            Ready::Lane(key) => self.lanes.get_mut(&key)?.pop_front()?,
        };
        self.queued -= 1;
        Some(job)
    }

    /// The running event of this lane is finished.
    pub(super) fn done(&mut self, key: &Key) {
        match self.lanes.get(key) {
            Some(lane) if lane.is_empty() => {
                self.lanes.remove(key);
            }
            Some(_) => self.ready.push_back(Ready::Lane(Arc::clone(key))),
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(events: &[(&str, u32)]) -> Lanes<u32> {
        let mut lanes = Lanes::default();
        for (key, job) in events {
            let key = (!key.is_empty()).then(|| Key::from(*key));
            lanes.push(key.as_ref(), *job);
        }
        lanes
    }

    #[test]
    fn a_lane_rests_while_its_event_runs() {
        let mut lanes = filled(&[("a", 1), ("a", 2), ("b", 3)]);
        assert_eq!((lanes.pop(), lanes.pop(), lanes.pop()), (Some(1), Some(3), None));
        assert_eq!((lanes.len(), lanes.is_ready()), (1, false));
        lanes.done(&"a".into());
        assert_eq!(lanes.pop(), Some(2));
    }

    #[test]
    fn a_lane_goes_to_the_end_after_each_event() {
        let mut lanes = filled(&[("a", 1), ("a", 2), ("a", 3), ("", 4), ("", 5)]);
        let mut order = Vec::new();
        while let Some(job) = lanes.pop() {
            order.push(job);
            if job < 4 {
                lanes.done(&"a".into());
            }
        }
        assert_eq!(order, [1, 4, 5, 2, 3]);
    }

    #[test]
    fn empty_lanes_vanish() {
        let mut lanes = filled(&[("a", 1), ("b", 2), ("b", 3)]);
        while lanes.pop().is_some() {}
        lanes.done(&"a".into());
        assert_eq!(lanes.lanes.len(), 1);
        lanes.done(&"b".into());
        lanes.pop();
        lanes.done(&"b".into());
        assert!(lanes.lanes.is_empty() && lanes.ready.is_empty() && lanes.len() == 0);
    }
}
