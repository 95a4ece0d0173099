//! How long handlers take, and so how long it is worth waiting for a few more permits before a receive.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Whatever handlers take, several are let finish together.
const LEAST: Duration = Duration::from_millis(5);
const MOST: Duration = Duration::from_secs(1);

/// The mean time that a message takes, in microseconds.
#[derive(Debug, Default)]
pub(crate) struct Pace(AtomicU64);

impl Pace {
    pub(crate) fn note(&self, took: Duration) {
        let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX / 16);
        let mean = self.0.load(Ordering::Relaxed);
        // Two that note at once may lose one: it is only a mean.
        self.0.store(mean - mean / 8 + took / 8, Ordering::Relaxed);
    }

    /// How long a receive may wait for a whole batch of permits while some are free. A tenth of what handlers take costs at
    /// most that part of the work, and makes one request of several.
    pub(crate) fn patience(&self) -> Duration {
        Duration::from_micros(self.0.load(Ordering::Relaxed) / 10).clamp(LEAST, MOST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_is_a_tenth_of_what_handlers_take() {
        let pace = Pace::default();
        assert_eq!(pace.patience(), LEAST);
        for _ in 0..200 {
            pace.note(Duration::from_secs(1));
        }
        let patience = pace.patience().as_millis();
        assert!((95..=100).contains(&patience), "{patience}");
        pace.note(Duration::MAX);
        assert_eq!(pace.patience(), MOST);
    }
}
