//! What a FIFO topic or queue remembers of what it took.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Moment;

/// How long an id is remembered. Source: the SQS API reference, `MessageDeduplicationId`.
const WINDOW: Duration = Duration::from_secs(5 * 60);

/// The group, where each has ids of its own, and the id.
type Key = (Option<Arc<str>>, Arc<str>);

/// Who was given out for an id: message id and sequence number.
pub(crate) type Given = (Arc<str>, Arc<str>);

#[derive(Debug, Default)]
pub(super) struct Deduplication {
    known: HashMap<Key, Given>,
    since: VecDeque<(Moment, Key)>,
}

impl Deduplication {
    /// What was given out for the id, if it is known.
    pub(super) fn known(&mut self, group: Option<&Arc<str>>, id: &Arc<str>, now: Moment) -> Option<Given> {
        while let Some((_, old)) = self.since.pop_front_if(|(since, _)| now.since(*since) >= WINDOW) {
            self.known.remove(&old);
        }
        self.known.get(&(group.cloned(), Arc::clone(id))).cloned()
    }

    pub(super) fn remember(&mut self, group: Option<&Arc<str>>, id: &Arc<str>, given: Given, now: Moment) {
        let key = (group.cloned(), Arc::clone(id));
        self.known.insert(key.clone(), given);
        self.since.push_back((now, key));
    }
}
