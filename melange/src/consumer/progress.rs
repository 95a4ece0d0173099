//! Who is done with a message that comes again.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Most messages remembered. Beyond it the oldest is forgotten, and all its subscribers run again if it comes again.
const CAPACITY: usize = 10_000;

/// Remembers, for messages that will come again, which subscribers are done with them. Lives in this process: in another
/// one all subscribers of the message run.
#[derive(Default)]
pub(crate) struct Progress(Mutex<Remembered>);

#[derive(Default)]
struct Remembered {
    turn: u64,
    done: HashMap<Arc<str>, (u64, Vec<usize>)>,
    by_turn: BTreeMap<u64, Arc<str>>,
}

impl Progress {
    /// The subscribers, by index, that are done with this message.
    pub(crate) fn done(&self, message_id: &str) -> Vec<usize> {
        let remembered = self.remembered();
        remembered.done.get(message_id).map(|(_, done)| done.clone()).unwrap_or_default()
    }

    pub(crate) fn remember(&self, message_id: &str, done: Vec<usize>) {
        if done.is_empty() {
            return;
        }
        let mut guard = self.remembered();
        let remembered = &mut *guard;
        match remembered.done.entry(message_id.into()) {
            Entry::Occupied(mut before) => before.get_mut().1 = done,
            Entry::Vacant(new) => {
                remembered.turn += 1;
                remembered.by_turn.insert(remembered.turn, Arc::clone(new.key()));
                new.insert((remembered.turn, done));
            }
        }
        if remembered.done.len() > CAPACITY
            && let Some((_, oldest)) = remembered.by_turn.pop_first()
        {
            remembered.done.remove(&oldest);
        }
    }

    /// The message is gone for good.
    pub(crate) fn forget(&self, message_id: &str) {
        let mut remembered = self.remembered();
        if let Some((turn, _)) = remembered.done.remove(message_id) {
            remembered.by_turn.remove(&turn);
        }
    }

    fn remembered(&self) -> MutexGuard<'_, Remembered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_bounded_and_forgets_the_oldest() {
        let progress = Progress::default();
        for i in 0..=CAPACITY {
            progress.remember(&i.to_string(), vec![1]);
        }
        assert!(progress.done("0").is_empty());
        assert_eq!(progress.done("1"), vec![1]);
        progress.forget("1");
        assert!(progress.done("1").is_empty());
        assert_eq!(progress.0.lock().unwrap().by_turn.len(), CAPACITY - 1);
    }
}
