//! What a FIFO topic or queue remembers of what it took.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::EventId;

/// How long a deduplication id is remembered. Source: the SQS API reference, `MessageDeduplicationId`.
const WINDOW: Duration = Duration::from_secs(5 * 60);

/// By what a message is known: what it was told, or the hash of its body.
pub(super) type DedupId = Arc<str>;

/// What the first of an id was given: its message id and its place.
pub(super) type Given = (EventId, u64);

/// The group, where each has ids of its own, and the id.
type Key = (Option<Arc<str>>, DedupId);

/// The deduplication ids of the last five minutes, whatever became of their messages.
#[derive(Default)]
pub(super) struct Deduplication {
    known: HashMap<Key, Given>,
    /// The oldest first.
    since: VecDeque<(Instant, Key)>,
}

impl Deduplication {
    /// What the first of `id` was given, if it is known.
    pub(super) fn known(&mut self, group: Option<&Arc<str>>, id: &DedupId, now: Instant) -> Option<Given> {
        while let Some((_, old)) = self.since.pop_front_if(|(since, _)| now.duration_since(*since) >= WINDOW) {
            self.known.remove(&old);
        }
        self.known.get(&(group.cloned(), id.clone())).cloned()
    }

    /// From now on it is known.
    pub(super) fn remember(&mut self, group: Option<&Arc<str>>, id: &DedupId, given: Given, now: Instant) {
        let key = (group.cloned(), id.clone());
        self.known.insert(key.clone(), given);
        self.since.push_back((now, key));
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    impl Deduplication {
        fn is_new(&mut self, group: Option<&str>, id: &str) -> bool {
            let (group, id) = (group.map(Arc::from), DedupId::from(id));
            let is_new = self.known(group.as_ref(), &id, Instant::now()).is_none();
            if is_new {
                self.remember(group.as_ref(), &id, (EventId::from_text("m"), 1), Instant::now());
            }
            is_new
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_id_is_known_for_five_minutes_from_its_first_use() {
        let mut seen = Deduplication::default();
        assert!(seen.is_new(None, "a"));
        advance(WINDOW - Duration::from_millis(1)).await;
        assert!(!seen.is_new(None, "a"), "and the second use does not lengthen it");
        assert!(seen.is_new(None, "b"));
        advance(Duration::from_millis(1)).await;
        assert!(seen.is_new(None, "a"));
        assert!(!seen.is_new(None, "b"));
    }

    #[tokio::test(start_paused = true)]
    async fn groups_may_have_ids_of_their_own() {
        let mut seen = Deduplication::default();
        assert!(seen.is_new(Some("g"), "a") && seen.is_new(Some("h"), "a") && !seen.is_new(Some("g"), "a"));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_old_is_forgotten() {
        let mut seen = Deduplication::default();
        for i in 0..1000 {
            seen.is_new(None, &i.to_string());
            advance(Duration::from_secs(1)).await;
        }
        assert_eq!((seen.known.len(), seen.since.len()), (300, 300));
    }
}
