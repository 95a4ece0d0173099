//! Accounts in which order and duplicates are left to a seed.

use super::MemoryTransport;
use super::chance::Chance;

/// Makes a [`MemoryTransport`] whose standard queues do all that standard queues may do. By default they do none of it.
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
    /// What chance begins with; 0 by default.
    pub fn seed(mut self, seed: u64) -> Self {
        self.chance.seed = seed;
        self
    }

    /// Hands out messages in any order: of a standard queue, whatever their keys; of a FIFO queue, groups in any order,
    /// and each group in its own. A receive brings any number of what is there, and at least one.
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
