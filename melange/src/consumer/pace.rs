//! How long handlers take, and so how long it is worth waiting for a few more permits before a receive.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The minimum wait, whatever handlers take, so that several can finish together.
const LEAST: Duration = Duration::from_millis(5);
const MOST: Duration = Duration::from_secs(1);

/// A handler that takes no longer than this is fast.
const BRIEF: Duration = Duration::from_micros(250);

/// The mean time that a message takes, in nanoseconds; zero while nothing is known.
#[derive(Debug, Default)]
pub(crate) struct Pace(AtomicU64);

impl Pace {
    pub(crate) fn note(&self, took: Duration) {
        let took = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX).clamp(1, u64::MAX / 16);
        let mean = self.0.load(Ordering::Relaxed);
        let mean = if mean == 0 { took } else { mean - mean / 8 + took / 8 };
        // Of two concurrent updates one may be lost: it is only a mean.
        self.0.store(mean.max(1), Ordering::Relaxed);
    }

    /// Whether handlers have recently been fast.
    pub(crate) fn is_brief(&self) -> bool {
        (1..=BRIEF.as_nanos()).contains(&self.mean().as_nanos())
    }

    fn mean(&self) -> Duration {
        Duration::from_nanos(self.0.load(Ordering::Relaxed))
    }

    /// How long a receive may wait for a whole batch of permits while `free` of `limit` are idle: the fewer, the
    /// longer, because it costs less work, and merges several requests into one.
    pub(crate) fn patience(&self, free: usize, limit: usize) -> Duration {
        let share = limit as f64 / free.max(1) as f64 / 20.0;
        self.mean().mul_f64(share.min(1.0)).clamp(LEAST, MOST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_less_lies_idle_the_longer_it_may() {
        let pace = Pace::default();
        assert_eq!(pace.patience(1, 64), LEAST);
        for _ in 0..200 {
            pace.note(Duration::from_millis(500));
        }
        let near = |free, limit, wanted: u128| {
            let patience = pace.patience(free, limit).as_millis();
            assert!((wanted * 9 / 10..=wanted).contains(&patience), "{free} of {limit}: {patience} ms");
        };
        near(10, 10, 25);
        near(2, 10, 125);
        near(8, 64, 200);
        // Never longer than a handler takes.
        near(1, 64, 500);
        near(0, 64, 500);
        pace.note(Duration::MAX);
        assert_eq!(pace.patience(1, 1), MOST);
    }

    #[test]
    fn who_is_brief_is_known_from_the_first_on() {
        let pace = Pace::default();
        assert!(!pace.is_brief(), "nothing is known");
        pace.note(Duration::ZERO);
        assert!(pace.is_brief());
        pace.note(Duration::from_millis(3));
        assert!(!pace.is_brief());
        for _ in 0..50 {
            pace.note(Duration::from_micros(5));
        }
        assert!(pace.is_brief());
    }
}
