//! Maps and sets by name, quicker than those that strangers may fill.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

/// A map by name. Strangers may ask for any name, but none puts one in: it need not withstand names that were chosen to
/// meet in one place.
pub(crate) type NameMap<K, V> = HashMap<K, V, BuildHasherDefault<Quick>>;

/// A set of such names.
pub(crate) type NameSet<K> = HashSet<K, BuildHasherDefault<Quick>>;

/// Eight bytes at a time, each mixed into what came before by one multiplication.
#[derive(Default)]
pub(crate) struct Quick(u64);

impl Quick {
    fn mix(&mut self, part: u64) {
        // An odd number whose bits follow no pattern: 2^64 divided by the golden ratio. Either half of the product knows
        // what the other does not.
        let product = u128::from(self.0 ^ part) * 0x9e37_79b9_7f4a_7c15;
        self.0 = product as u64 ^ (product >> 64) as u64;
    }
}

impl Hasher for Quick {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        let (parts, rest) = bytes.as_chunks::<8>();
        for part in parts {
            self.mix(u64::from_le_bytes(*part));
        }
        if !rest.is_empty() {
            self.mix(rest.iter().fold(0, |all, byte| all << 8 | u64::from(*byte)));
        }
    }

    /// What tells a name from the beginning of a longer one.
    fn write_u8(&mut self, byte: u8) {
        self.mix(u64::from(byte));
    }
}

#[cfg(test)]
mod tests {
    use std::hash::{BuildHasher as _, Hash};

    use super::*;

    fn hash(name: impl Hash) -> u64 {
        BuildHasherDefault::<Quick>::default().hash_one(name)
    }

    #[test]
    fn names_that_are_nearly_alike_have_other_hashes() {
        let names = (0..10_000).flat_map(|n| [format!("Event{n}"), format!("{n}Event"), format!("orders.Event{n}.v1")]);
        let names: Vec<String> = names.collect();
        let all: HashSet<u64> = names.iter().map(hash).collect();
        assert_eq!(all.len(), names.len());
        // A map with room for twice as many puts few in one place.
        let places: HashSet<u64> = names.iter().map(|name| hash(name) % 65_536).collect();
        assert!(places.len() > names.len() * 3 / 4, "{} places", places.len());
    }

    #[test]
    fn a_name_is_found_by_its_text() {
        assert_eq!(hash("OrderPlaced"), hash(String::from("OrderPlaced")));
        let map: NameMap<String, u32> = [("OrderPlaced".to_owned(), 1), ("Order".to_owned(), 2)].into_iter().collect();
        assert_eq!((map.get("OrderPlaced"), map.get("Order"), map.get("")), (Some(&1), Some(&2), None));
    }
}
