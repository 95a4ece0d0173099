//! What is remembered about a message that will be redelivered: which subscribers are done, and how often it was
//! returned without having run.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Most messages remembered. Beyond it the oldest is forgotten, and all its subscribers run again if it comes again.
const CAPACITY: usize = 10_000;

/// Remembers, for messages that will come again, which subscribers are done with them. Lives in this process: in
/// another one all subscribers of the message run.
#[derive(Default)]
pub(crate) struct Progress(Mutex<Remembered>);

#[derive(Default)]
struct Remembered {
    turn: u64,
    messages: HashMap<Arc<str>, Known>,
    by_turn: BTreeMap<u64, Arc<str>>,
}

#[derive(Default)]
struct Known {
    turn: u64,
    done: Vec<usize>,
    unrun: u32,
}

impl Progress {
    /// The subscribers, by index, that are done with this message.
    pub(crate) fn done(&self, message_id: &str) -> Vec<usize> {
        self.remembered().messages.get(message_id).map(|known| known.done.clone()).unwrap_or_default()
    }

    pub(crate) fn remember(&self, message_id: &str, done: Vec<usize>) {
        // Messages without an id could not be told apart.
        if !done.is_empty() && !message_id.is_empty() {
            self.remembered().know(message_id).done = done;
        }
    }

    /// How often it was received and returned without having run.
    pub(crate) fn unrun(&self, message_id: &str) -> u32 {
        self.remembered().messages.get(message_id).map_or(0, |known| known.unrun)
    }

    /// Notes that it is returned without having run.
    pub(crate) fn goes_back_unrun(&self, message_id: &str) {
        if !message_id.is_empty() {
            self.remembered().know(message_id).unrun += 1;
        }
    }

    /// Notes that the message is deleted.
    pub(crate) fn forget(&self, message_id: &str) {
        let mut remembered = self.remembered();
        // As it mostly is.
        if remembered.messages.is_empty() {
            return;
        }
        if let Some(known) = remembered.messages.remove(message_id) {
            remembered.by_turn.remove(&known.turn);
        }
    }

    fn remembered(&self) -> MutexGuard<'_, Remembered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Remembered {
    fn know(&mut self, message_id: &str) -> &mut Known {
        if self.messages.len() >= CAPACITY
            && !self.messages.contains_key(message_id)
            && let Some((_, oldest)) = self.by_turn.pop_first()
        {
            self.messages.remove(&oldest);
        }
        match self.messages.entry(message_id.into()) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                self.turn += 1;
                self.by_turn.insert(self.turn, Arc::clone(new.key()));
                new.insert(Known { turn: self.turn, ..Known::default() })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_without_an_id_do_not_pass_for_each_other() {
        let progress = Progress::default();
        progress.remember("", vec![0]);
        progress.goes_back_unrun("");
        assert!(progress.done("").is_empty());
        assert_eq!(progress.unrun(""), 0);
    }

    #[test]
    fn it_is_bounded_and_forgets_the_oldest() {
        let progress = Progress::default();
        for i in 0..=CAPACITY {
            progress.remember(&i.to_string(), vec![1]);
        }
        assert!(progress.done("0").is_empty());
        assert_eq!(progress.done("1"), vec![1]);
        progress.goes_back_unrun("2");
        progress.goes_back_unrun("2");
        assert_eq!((progress.unrun("2"), progress.unrun("1"), progress.unrun("0")), (2, 0, 0));
        assert_eq!(progress.done("2"), vec![1]);
        progress.forget("1");
        assert!(progress.done("1").is_empty());
        assert_eq!(progress.0.lock().unwrap().by_turn.len(), CAPACITY - 1);
    }
}
