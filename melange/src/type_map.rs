//! A map by type, as fast as types allow.

use std::any::TypeId;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A map by type.
pub(crate) type TypeMap<V> = HashMap<TypeId, V, BuildHasherDefault<AsItIs>>;

/// Takes a type's id for its hash: it is one already, and no stranger chooses it.
#[derive(Default)]
pub(crate) struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write_u64(&mut self, part: u64) {
        self.0 ^= part;
    }

    /// In case ids come in another form one day.
    fn write(&mut self, bytes: &[u8]) {
        for part in bytes.chunks(8) {
            let mut all = [0; 8];
            all.iter_mut().zip(part).for_each(|(to, from)| *to = *from);
            self.write_u64(u64::from_ne_bytes(all));
        }
    }
}
