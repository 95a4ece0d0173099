//! How an account of a test is made.

use std::time::Duration;

use super::TestAccount;
use crate::testing::shared::{Limits, Shared};
use crate::transport::MemoryTransport;
use crate::transport::memory::MemoryTransportBuilder;

/// Makes a [`TestAccount`].
#[derive(Debug, Clone, Default)]
#[must_use = "call `.build()` for the account"]
pub struct TestAccountBuilder {
    memory: MemoryTransportBuilder,
    seed: Option<u64>,
    limits: Limits,
}

impl TestAccountBuilder {
    /// What chance begins with: order, duplicates, and the backoffs of this thread.
    pub fn seed(mut self, seed: u64) -> Self {
        self.memory = self.memory.seed(seed);
        self.seed = Some(seed);
        self
    }

    /// Queues hand out in any order: [`MemoryTransportBuilder::shuffled`].
    pub fn shuffled(mut self) -> Self {
        self.memory = self.memory.shuffled();
        self
    }

    /// This share of messages comes twice: [`MemoryTransportBuilder::duplicates`].
    pub fn duplicates(mut self, share: f64) -> Self {
        self.memory = self.memory.duplicates(share);
        self
    }

    /// Most runs of subscribers while it is run until idle; 10,000 unless said otherwise. A subscriber that publishes what it
    /// listens to never comes to an end.
    pub fn max_attempts(mut self, attempts: usize) -> Self {
        self.limits.attempts = attempts;
        self
    }

    /// Most time on the clock while it is run until idle; 14 days unless said otherwise, the longest that a queue keeps a
    /// message.
    pub fn max_time(mut self, time: Duration) -> Self {
        self.limits.time = time;
        self
    }

    /// Longest run of a subscriber that has no time-out, while it is run until idle; two hours on the clock unless said
    /// otherwise. A subscriber that waits for what never comes would hold its message for ever. Queues that are paused may hold
    /// up what is left for so long, too.
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
