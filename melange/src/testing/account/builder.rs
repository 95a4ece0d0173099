//! Building a test account.

use std::time::Duration;

use super::TestAccount;
use crate::testing::shared::{Limits, Shared};
use crate::transport::MemoryTransport;
use crate::transport::memory::MemoryTransportBuilder;

/// Builds a [`TestAccount`].
#[derive(Debug, Clone, Default)]
#[must_use = "call `.build()` for the account"]
pub struct TestAccountBuilder {
    memory: MemoryTransportBuilder,
    seed: Option<u64>,
    limits: Limits,
}

impl TestAccountBuilder {
    /// The random seed: for order, duplicates, and the backoffs of this thread.
    pub fn seed(mut self, seed: u64) -> Self {
        self.memory = self.memory.seed(seed);
        self.seed = Some(seed);
        self
    }

    /// Queues deliver in random order: [`MemoryTransportBuilder::shuffled`].
    pub fn shuffled(mut self) -> Self {
        self.memory = self.memory.shuffled();
        self
    }

    /// This share of messages is delivered twice: [`MemoryTransportBuilder::duplicates`].
    pub fn duplicates(mut self, share: f64) -> Self {
        self.memory = self.memory.duplicates(share);
        self
    }

    /// The most runs of subscribers in one run until idle; 10,000 by default. A subscriber that publishes what it
    /// listens to would run forever.
    pub fn max_attempts(mut self, attempts: usize) -> Self {
        self.limits.attempts = attempts;
        self
    }

    /// The most time on the clock in one run until idle; 14 days by default, the longest that a queue keeps a message.
    pub fn max_time(mut self, time: Duration) -> Self {
        self.limits.time = time;
        self
    }

    /// The longest run of a subscriber without a timeout, in a run until idle; two hours on the clock by default. A
    /// subscriber that waits for something that never happens would keep its message forever. Paused queues may hold up
    /// what is left for that long, too.
    pub fn max_run(mut self, time: Duration) -> Self {
        self.limits.run = time;
        self
    }

    /// The account.
    #[must_use]
    pub fn build(self) -> TestAccount {
        let memory = self.memory.clone().build();
        self.over(memory)
    }

    /// Over this account, whose chance is its own.
    #[must_use]
    pub(in crate::testing) fn over(self, memory: MemoryTransport) -> TestAccount {
        if let Some(seed) = self.seed {
            fastrand::seed(seed);
        }
        TestAccount { shared: Shared::new(memory, self.limits) }
    }
}
