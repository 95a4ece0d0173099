//! Telling the newer event from the older one, where they may arrive out of order.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use crate::Timestamp;

/// Remembers when the newest event of each recently seen key occurred. On queues that do not keep order, this detects
/// events that are older than one already seen for their key, so that they can be skipped.
///
/// It is bounded: when full, it forgets the least recently seen key, whose next event then counts as new. It lives in
/// this process only.
///
/// ```
/// use melange::{Latest, Timestamp};
///
/// let latest = Latest::new(10_000);
/// let (early, late): (Timestamp, Timestamp) = ("2026-01-01T10:00:00Z".parse()?, "2026-01-01T10:00:01Z".parse()?);
/// assert!(latest.is_newer("o-1", late));
/// assert!(!latest.is_newer("o-1", early)); // arrived late: something newer is known
/// assert!(latest.is_newer("o-2", early));
/// # Ok::<(), melange::ParseTimestampError>(())
/// ```
pub struct Latest<K> {
    capacity: usize,
    seen: Mutex<Seen<K>>,
}

struct Seen<K> {
    turn: u64,
    keys: HashMap<K, (Timestamp, u64)>,
    by_turn: BTreeMap<u64, K>,
}

impl<K: Hash + Eq + Clone> Latest<K> {
    /// For at most `capacity` keys, at least one.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        let seen = Seen { turn: 0, keys: HashMap::new(), by_turn: BTreeMap::new() };
        Self { capacity: capacity.max(1), seen: Mutex::new(seen) }
    }

    /// Whether an event of `key` that occurred at `occurred_on` is newer than all seen for that key; if so, remembers
    /// it. An equal timestamp is not newer, so redeliveries are detected too.
    pub fn is_newer(&self, key: K, occurred_on: Timestamp) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.turn += 1;
        let turn = seen.turn;
        let known = seen.keys.get(&key).copied();
        let newest = known.map_or(occurred_on, |(at, _)| at.max(occurred_on));
        if let Some((_, old_turn)) = known {
            seen.by_turn.remove(&old_turn);
        }
        seen.keys.insert(key.clone(), (newest, turn));
        seen.by_turn.insert(turn, key);
        if seen.keys.len() > self.capacity
            && let Some((_, oldest)) = seen.by_turn.pop_first()
        {
            seen.keys.remove(&oldest);
        }
        known.is_none_or(|(at, _)| occurred_on > at)
    }
}

impl<K> fmt::Debug for Latest<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Latest").field("capacity", &self.capacity).finish_non_exhaustive()
    }
}
