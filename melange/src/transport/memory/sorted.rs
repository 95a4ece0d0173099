//! A set in order, for what mostly comes at its end and goes at its beginning.

use std::cmp::Ordering;
use std::collections::VecDeque;

/// Distinct values in their order. At either end they come and go at once; in between, those on the shorter side move up.
#[derive(Debug, Clone)]
pub(super) struct Sorted<T>(VecDeque<T>);

impl<T> Default for Sorted<T> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<T: Ord + Copy> Sorted<T> {
    pub(super) fn insert(&mut self, value: T) {
        if self.0.back().is_none_or(|last| *last < value) {
            self.0.push_back(value);
        } else if let Err(at) = self.0.binary_search(&value) {
            self.0.insert(at, value);
        }
    }

    pub(super) fn remove(&mut self, value: &T) {
        let Some(first) = self.0.front() else { return };
        match value.cmp(first) {
            // Not in here.
            Ordering::Less => {}
            Ordering::Equal => drop(self.0.pop_front()),
            Ordering::Greater => {
                if let Ok(at) = self.0.binary_search(value) {
                    self.0.remove(at);
                }
            }
        }
    }

    pub(super) fn first(&self) -> Option<T> {
        self.0.front().copied()
    }

    pub(super) fn last(&self) -> Option<T> {
        self.0.back().copied()
    }

    /// The first that is not less than `value`.
    pub(super) fn from(&self, value: &T) -> Option<T> {
        self.0.get(self.0.partition_point(|known| known < value)).copied()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn it_is_a_set_in_order() {
        let mut random = fastrand::Rng::with_seed(7);
        let (mut sorted, mut set) = (Sorted::default(), BTreeSet::new());
        for _ in 0..10_000 {
            let value = random.u32(..64);
            if random.bool() {
                sorted.insert(value);
                set.insert(value);
            } else {
                sorted.remove(&value);
                set.remove(&value);
            }
            assert!(sorted.0.iter().eq(&set));
            assert_eq!(sorted.from(&32), set.range(32..).next().copied());
        }
        assert_eq!((sorted.first(), sorted.last()), (set.first().copied(), set.last().copied()));
    }
}
