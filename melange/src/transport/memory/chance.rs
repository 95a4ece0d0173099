//! What a broker leaves to chance, and a test to a seed.

use fastrand::Rng;

/// What is left to chance in an account.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Chance {
    pub(super) seed: u64,
    pub(super) shuffled: bool,
    /// From 0 to 1.
    pub(super) duplicates: f64,
}

/// The same in one queue: what happens in others does not change it.
#[derive(Debug, Clone)]
pub(super) struct Dice {
    random: Rng,
    pub(super) shuffled: bool,
    duplicates: f64,
}

impl Chance {
    /// The dice of `queue`; `None` when nothing is left to chance.
    pub(super) fn of(&self, queue: &str) -> Option<Dice> {
        if !self.shuffled && self.duplicates <= 0.0 {
            return None;
        }
        // FNV-1a, which is the same everywhere and always.
        let name = queue
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        Some(Dice { random: Rng::with_seed(self.seed ^ name), shuffled: self.shuffled, duplicates: self.duplicates })
    }
}

impl Dice {
    /// Whether a message comes twice.
    pub(super) fn duplicates(&mut self) -> bool {
        self.duplicates > 0.0 && self.random.f64() < self.duplicates
    }

    /// A number from 0 to 1, 1 excluded.
    pub(super) fn fraction(&mut self) -> f64 {
        self.random.f64()
    }

    /// A number from 1 to `most`.
    pub(super) fn up_to(&mut self, most: usize) -> usize {
        self.random.usize(1..=most.max(1))
    }

    /// A number from `first` to `last`.
    pub(super) fn between(&mut self, first: u64, last: u64) -> u64 {
        self.random.u64(first..=last.max(first))
    }
}
