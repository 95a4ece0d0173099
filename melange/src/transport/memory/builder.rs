//! Accounts in which order and duplicates are random, from a seed.

use super::MemoryTransport;
use super::chance::Chance;

/// Builds a [`MemoryTransport`] whose standard queues reorder and duplicate messages, as standard queues may. By
/// default they do neither.
///
/// ```
/// use melange::MemoryTransport;
///
/// // The same seed and the same calls: the same order, and the same duplicates.
/// let account = MemoryTransport::builder().seed(7).shuffled().duplicates(0.1).build();
/// let billing = account.queue("billing");
/// # let _ = billing;
/// ```
#[derive(Debug, Clone, Default)]
#[must_use = "call `.build()` for the account"]
pub struct MemoryTransportBuilder {
    chance: Chance,
}

impl MemoryTransportBuilder {
    /// The random seed; 0 by default.
    pub fn seed(mut self, seed: u64) -> Self {
        self.chance.seed = seed;
        self
    }

    /// Returns messages in random order: from a standard queue, whatever their keys; from a FIFO queue, message groups
    /// in random order, but each group in its own. A receive returns any number of the messages there are, at least
    /// one.
    pub fn shuffled(mut self) -> Self {
        self.chance.shuffled = true;
        self
    }

    /// Lets this share (from 0 to 1) of what comes into standard queues come twice, under the same message id: at once,
    /// or up to a visibility timeout later, whatever has become of the first. FIFO queues hand out nothing twice by
    /// themselves.
    pub fn duplicates(mut self, share: f64) -> Self {
        self.chance.duplicates = if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) };
        self
    }

    /// A new account. Its own queue is called `melange`.
    #[must_use]
    pub fn build(self) -> MemoryTransport {
        MemoryTransport::left_to(self.chance)
    }
}

#[cfg(test)]
mod tests;
