//! How long to wait before a queue that cannot be received from is asked again.

use std::time::Duration;

use tokio::time::Instant;

use crate::retry::RetryPolicy;

/// Waits between receives that fail, without end.
const BACKOFF: RetryPolicy = RetryPolicy::new(u32::MAX, Duration::from_millis(250), Duration::from_secs(30));

/// Receives that fail, one after the other.
#[derive(Debug, Default)]
pub(crate) struct Outage {
    failures: u32,
    since: Option<Instant>,
}

impl Outage {
    /// Notes another failure, and returns how long to wait: no longer than receives have been failing already, so that
    /// the end of an outage is noticed within as much time again.
    pub(crate) fn goes_on(&mut self) -> Duration {
        self.failures = self.failures.saturating_add(1);
        let since: Instant = *self.since.get_or_insert_with(Instant::now);
        BACKOFF.backoff(self.failures).min(since.elapsed()).max(BACKOFF.min)
    }
}
