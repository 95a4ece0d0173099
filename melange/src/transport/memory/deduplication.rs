//! What a FIFO topic remembers of what it took.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

/// How long a deduplication id is remembered.
const WINDOW: Duration = Duration::from_secs(5 * 60);

/// The deduplication ids of the last five minutes.
#[derive(Default)]
pub(super) struct Deduplication {
    known: HashSet<Arc<str>>,
    /// The oldest first.
    since: VecDeque<(Instant, Arc<str>)>,
}

impl Deduplication {
    /// Whether `id` is not known yet; from now on it is.
    pub(super) fn is_new(&mut self, id: &str, now: Instant) -> bool {
        while let Some((_, old)) = self.since.pop_front_if(|(since, _)| now.duration_since(*since) >= WINDOW) {
            self.known.remove(&old);
        }
        if self.known.contains(id) {
            return false;
        }
        let id: Arc<str> = id.into();
        self.known.insert(Arc::clone(&id));
        self.since.push_back((now, id));
        true
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_id_is_known_for_five_minutes_from_its_first_use() {
        let mut seen = Deduplication::default();
        assert!(seen.is_new("a", Instant::now()));
        advance(WINDOW - Duration::from_millis(1)).await;
        assert!(!seen.is_new("a", Instant::now()), "and the second use does not lengthen it");
        assert!(seen.is_new("b", Instant::now()));
        advance(Duration::from_millis(1)).await;
        assert!(seen.is_new("a", Instant::now()));
        assert!(!seen.is_new("b", Instant::now()));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_old_is_forgotten() {
        let mut seen = Deduplication::default();
        for i in 0..1000 {
            seen.is_new(&i.to_string(), Instant::now());
            advance(Duration::from_secs(1)).await;
        }
        assert_eq!((seen.known.len(), seen.since.len()), (300, 300));
    }
}
