//! How often a subscriber is tried, and how long it waits in between.

use std::time::Duration;

/// How often a subscriber is tried, and how long it waits in between.
///
/// The wait before the n-th retry is random, between `min` and `min × 2ⁿ`, and at most `max`: never shorter than `min`,
/// and subscribers that failed together are not all retried together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryPolicy {
    /// How often an event is tried, the first time included, before it goes to the dead-letter queue. At least 1.
    pub attempts: u32,
    /// The shortest wait.
    pub min: Duration,
    /// The longest wait. SQS allows 12 hours.
    pub max: Duration,
}

impl RetryPolicy {
    /// Five attempts, one second to five minutes apart.
    pub const DEFAULT: Self = Self::new(5, Duration::from_secs(1), Duration::from_secs(300));

    /// `attempts` attempts, `min` to `max` apart.
    #[must_use]
    pub const fn new(attempts: u32, min: Duration, max: Duration) -> Self {
        Self { attempts, min, max }
    }

    /// A random wait before the retry that follows attempt number `attempt` (from 1).
    #[must_use]
    pub fn backoff(&self, attempt: u32) -> Duration {
        let doubled = 2_u32.saturating_pow(attempt.min(31));
        let ceiling = self.min.saturating_mul(doubled).min(self.max).max(self.min);
        let spread = (ceiling - self.min).as_secs_f64();
        self.min + Duration::from_secs_f64(spread * fastrand::f64())
    }

    /// Whether `attempt` (from 1) was the last one.
    #[must_use]
    pub fn is_last(&self, attempt: u32) -> bool {
        attempt >= self.attempts
    }
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self::DEFAULT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_stay_in_their_range_and_grow() {
        let policy = RetryPolicy::new(10, Duration::from_secs(1), Duration::from_secs(60));
        for attempt in 1..40 {
            let ceiling = Duration::from_secs(2_u64.saturating_pow(attempt).min(60));
            for _ in 0..50 {
                let wait = policy.backoff(attempt);
                assert!(wait >= policy.min && wait <= ceiling, "{wait:?} after {attempt}");
            }
        }
    }

    #[test]
    fn a_fixed_wait_is_fixed() {
        let policy = RetryPolicy::new(3, Duration::from_millis(5), Duration::from_millis(5));
        assert_eq!(policy.backoff(7), Duration::from_millis(5));
        assert!(!policy.is_last(2) && policy.is_last(3));
    }
}
