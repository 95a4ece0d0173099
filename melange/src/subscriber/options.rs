//! The options of a subscriber: its queue, its retries, and its limits.

use std::time::Duration;

use crate::RetryPolicy;

/// The options of a subscriber, besides what it listens to. Made by `#[subscriber(..)]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct SubscriberOptions {
    /// The queue it consumes from; the bus's own if `None`.
    pub queue: Option<&'static str>,
    /// Attempts and backoff.
    pub retry: RetryPolicy,
    /// How long one run may take; then it is cancelled and counts as failed.
    pub timeout: Option<Duration>,
    /// How many runs may be active at once; no limit of its own if `None`.
    pub concurrency: Option<usize>,
}

impl SubscriberOptions {
    /// The bus's own queue, [`RetryPolicy::DEFAULT`], no timeout and no limit.
    #[must_use]
    pub const fn new() -> Self {
        Self { queue: None, retry: RetryPolicy::DEFAULT, timeout: None, concurrency: None }
    }

    /// Consumes from this queue.
    #[must_use]
    pub const fn with_queue(mut self, queue: &'static str) -> Self {
        self.queue = Some(queue);
        self
    }

    /// Sets the retry policy.
    #[must_use]
    pub const fn with_retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self
    }

    /// Cancels a run after this long.
    #[must_use]
    pub const fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Allows at most this many runs at once.
    #[must_use]
    pub const fn with_concurrency(mut self, concurrency: usize) -> Self {
        self.concurrency = Some(concurrency);
        self
    }
}

impl Default for SubscriberOptions {
    fn default() -> Self {
        Self::new()
    }
}
