//! Who is done with a message that comes again.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Mutex, PoisonError};

/// Most messages remembered. Beyond it the oldest is forgotten, and all its subscribers run again if it comes again.
const CAPACITY: usize = 10_000;

/// Remembers, for messages that will come again, which subscribers are done with them. Lives in this process: in another
/// one all subscribers of the message run.
#[derive(Default)]
pub(crate) struct Progress(Mutex<Remembered>);

#[derive(Default)]
struct Remembered {
    done: HashMap<String, HashSet<usize>>,
    order: VecDeque<String>,
}

impl Progress {
    /// The subscribers, by index, that are done with this message.
    pub(crate) fn done(&self, message_id: &str) -> HashSet<usize> {
        let remembered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        remembered.done.get(message_id).cloned().unwrap_or_default()
    }

    pub(crate) fn remember(&self, message_id: &str, done: HashSet<usize>) {
        if done.is_empty() {
            return;
        }
        let mut remembered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if remembered.done.insert(message_id.to_owned(), done).is_none() {
            remembered.order.push_back(message_id.to_owned());
        }
        while remembered.done.len() > CAPACITY {
            let Some(oldest) = remembered.order.pop_front() else {
                break;
            };
            remembered.done.remove(&oldest);
        }
    }

    /// The message is gone for good.
    pub(crate) fn forget(&self, message_id: &str) {
        let mut remembered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if remembered.done.remove(message_id).is_some() {
            remembered.order.retain(|known| known != message_id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_bounded_and_forgets_the_oldest() {
        let progress = Progress::default();
        for i in 0..=CAPACITY {
            progress.remember(&i.to_string(), HashSet::from([1]));
        }
        assert!(progress.done("0").is_empty());
        assert_eq!(progress.done("1"), HashSet::from([1]));
        progress.forget("1");
        assert!(progress.done("1").is_empty());
        assert_eq!(progress.0.lock().unwrap().order.len(), CAPACITY - 1);
    }
}
