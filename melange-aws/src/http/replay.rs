//! Letters that came before. A signature does not wear out: whoever has a letter can send it again.

use std::collections::hash_map::Entry as Place;
use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

/// How old a letter may be: SNS tries for an hour at most, and clocks differ. Source: the SNS developer guide, delivery
/// policies.
const OLDEST: Duration = Duration::from_secs(65 * 60);
/// How far ahead of this machine's clock.
const FUTURE: Duration = Duration::from_secs(5 * 60);
/// How long a letter is remembered: for as long as it may come.
const MEMORY: Duration = OLDEST.saturating_add(FUTURE);

/// # Errors
/// If a letter of `timestamp` is too old at `now`, or of the future, or of no time.
pub(super) fn is_timely(timestamp: &str, now: SystemTime) -> Result<(), &'static str> {
    let at = sent_at(timestamp).ok_or("its timestamp is none of SNS")?;
    match now.duration_since(at) {
        Ok(age) if age > OLDEST => Err("it is more than 65 minutes old, and SNS does not try for so long"),
        Err(ahead) if ahead.duration() > FUTURE => {
            Err("it is of more than 5 minutes ahead; if that is wrong, so is the clock of this machine")
        }
        _ => Ok(()),
    }
}

/// As SNS writes it: `2026-03-06T20:00:26.893Z`.
pub(super) fn sent_at(timestamp: &str) -> Option<SystemTime> {
    if !timestamp.ends_with('Z') || timestamp.len() > 30 {
        return None;
    }
    SystemTime::try_from(DateTime::from_str(timestamp, Format::DateTime).ok()?).ok()
}

/// What became of the letters of the last 70 minutes, so many of them at most: the oldest are forgotten first.
pub(super) struct Replay {
    most: usize,
    seen: Mutex<Seen>,
}

/// A topic and the id of a message in it.
type Key = [u8; 32];

#[derive(Default)]
struct Seen {
    states: HashMap<Key, (State, Instant)>,
    /// In the order of their ends; a letter that has come again since stands in it twice.
    ends: VecDeque<(Instant, Key)>,
}

#[derive(Clone, Copy)]
enum State {
    Running,
    Failed { attempt: u32 },
    Done,
    Rejected,
}

/// What a letter is when it comes.
pub(super) enum Seat<'a> {
    /// It is to be handled now.
    Free(Turn<'a>),
    /// It is being handled.
    Taken,
    /// It was handled.
    Done,
    /// It was given up.
    Rejected,
}

/// How it ended.
pub(super) enum End {
    Done,
    Rejected,
    Failed,
}

/// The handling of a letter. Dropped, it has failed.
pub(super) struct Turn<'a> {
    replay: &'a Replay,
    key: Key,
    /// The how many-th of its attempts this is.
    pub(super) attempt: u32,
    has_ended: bool,
}

impl Replay {
    pub(super) fn new(most: usize) -> Self {
        Self { most, seen: Mutex::default() }
    }

    pub(super) fn begin(&self, topic_arn: &str, message_id: &str) -> Seat<'_> {
        let key = Sha256::new().chain_update(topic_arn).chain_update([0]).chain_update(message_id).finalize().into();
        let now = Instant::now();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.forget(now, self.most);
        let attempt = match seen.states.entry(key) {
            Place::Vacant(place) => {
                place.insert((State::Running, now));
                1
            }
            Place::Occupied(mut place) => match place.get().0 {
                State::Running => return Seat::Taken,
                State::Done => return Seat::Done,
                State::Rejected => return Seat::Rejected,
                State::Failed { attempt } => {
                    let attempt = attempt.saturating_add(1);
                    place.insert((State::Running, now));
                    attempt
                }
            },
        };
        Seat::Free(Turn { replay: self, key, attempt, has_ended: false })
    }
}

impl Seen {
    fn forget(&mut self, now: Instant, most: usize) {
        while let Some(&(at, key)) = self.ends.front()
            && (self.ends.len() > most || now.saturating_duration_since(at) > MEMORY)
        {
            self.ends.pop_front();
            // It may have come again since.
            if let Some((state, last)) = self.states.get(&key)
                && *last == at
                && !matches!(state, State::Running)
            {
                self.states.remove(&key);
            }
        }
    }
}

impl Turn<'_> {
    pub(super) fn end(mut self, end: End) {
        self.ended(match end {
            End::Done => State::Done,
            End::Rejected => State::Rejected,
            End::Failed => State::Failed { attempt: self.attempt },
        });
    }

    fn ended(&mut self, state: State) {
        self.has_ended = true;
        let now = Instant::now();
        let mut seen = self.replay.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.states.insert(self.key, (state, now));
        seen.ends.push_back((now, self.key));
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        // Whoever waited for it has gone.
        if !self.has_ended {
            self.ended(State::Failed { attempt: self.attempt });
        }
    }
}

#[cfg(test)]
mod tests;
