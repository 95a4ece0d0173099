//! The account's clock: real time, which tests can put forward.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A moment on the account's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(Duration);

impl Moment {
    pub(crate) fn after(self, time: Duration) -> Self {
        Self(self.0.saturating_add(time))
    }

    pub(crate) fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

/// Real time, and what was put on top.
#[derive(Debug)]
pub(crate) struct Clock {
    start: Instant,
    epoch: Duration,
    ahead: AtomicU64,
}

impl Clock {
    pub(crate) fn new() -> Self {
        let epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { start: Instant::now(), epoch, ahead: AtomicU64::new(0) }
    }

    pub(crate) fn now(&self) -> Moment {
        Moment(self.start.elapsed() + Duration::from_millis(self.ahead.load(Ordering::Relaxed)))
    }

    pub(crate) fn advance(&self, time: Duration) {
        let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        self.ahead.fetch_add(millis, Ordering::Relaxed);
    }

    /// As SQS writes moments: milliseconds since 1970.
    pub(crate) fn millis(&self, moment: Moment) -> u64 {
        u64::try_from((self.epoch + moment.0).as_millis()).unwrap_or(u64::MAX)
    }

    pub(crate) fn seconds(&self, moment: Moment) -> u64 {
        self.millis(moment) / 1000
    }
}
