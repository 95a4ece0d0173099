//! What waits to be sent to one topic or queue: what goes next, with what, and when. It knows neither AWS nor tasks.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use melange::transport::{TransportError, TransportErrorKind as Kind};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::parcel::Parcel;
use super::verdict::{Outcome, Verdict};
use super::{Answer, MOST};
use crate::error;

/// How many windows in a row must have brought nobody else before one who is alone is not made to wait for others.
const QUIET: u32 = 3;
/// The longest pause before the first retry. It doubles with each, up to a tenth of the patience.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// How one line is run.
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    /// How old the oldest may get before what is there goes, though there is room for more. Zero: calls do not wait for
    /// each other.
    pub(crate) linger: Duration,
    /// Most bytes in one request.
    pub(crate) bytes: usize,
    /// How long after its first try a message is tried again.
    pub(crate) patience: Duration,
}

/// One call to publish or send, which its messages have in common.
#[derive(Debug, Default)]
pub(super) struct Call {
    /// The groups of which a message was not sent for good: what comes later in them is not sent either.
    broken: Mutex<HashSet<String>>,
}

impl Call {
    fn broken(&self) -> std::sync::MutexGuard<'_, HashSet<String>> {
        self.broken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A message in the line, and who waits for its answer.
#[derive(Debug)]
pub(super) struct Held {
    parcel: Arc<Parcel>,
    call: Arc<Call>,
    answer: oneshot::Sender<Answer>,
    since: Instant,
    /// When its retries end.
    until: Option<Instant>,
    tries: u32,
    /// One of its tries may have arrived.
    uncertain: bool,
    /// To be sent in a request of its own, since one that it shared was refused as a whole.
    alone: bool,
}

impl Held {
    pub(super) fn new(parcel: Arc<Parcel>, call: Arc<Call>, answer: oneshot::Sender<Answer>) -> Self {
        let since = Instant::now();
        Self { parcel, call, answer, since, until: None, tries: 0, uncertain: false, alone: false }
    }

    fn is_of(&self, call: &Arc<Call>) -> bool {
        Arc::ptr_eq(&self.call, call)
    }

    fn is_broken(&self) -> bool {
        self.parcel.lane().is_some_and(|lane| self.call.broken().contains(lane))
    }
}

/// What goes in one request.
#[derive(Debug)]
pub(super) struct Batch {
    /// What to settle it by.
    pub(super) ticket: u64,
    pub(super) parcels: Vec<Arc<Parcel>>,
    /// When the patience with the last of them ends.
    pub(super) until: Instant,
}

/// What waits to be sent to one topic or queue.
///
/// Of one group, no more than one message is in `waiting`, `resting` and `under_way` together; the others are `behind` it.
#[derive(Debug)]
pub(super) struct Line {
    rules: Rules,
    /// What may go, in the order it came.
    waiting: BTreeMap<u64, Held>,
    /// For each group of which one is before them, those that wait for its answer.
    behind: HashMap<String, VecDeque<(u64, Held)>>,
    /// What is sent again, and when.
    resting: BTreeMap<(Instant, u64), Held>,
    under_way: HashMap<u64, Vec<(u64, Held)>>,
    /// How many messages of each call are here, by the call's address.
    calls: HashMap<usize, usize>,
    len: usize,
    last: u64,
    /// How many windows in a row brought nobody else.
    quiet: u32,
}

impl Line {
    pub(super) fn new(rules: Rules) -> Self {
        Self {
            rules,
            waiting: BTreeMap::new(),
            behind: HashMap::new(),
            resting: BTreeMap::new(),
            under_way: HashMap::new(),
            calls: HashMap::new(),
            len: 0,
            last: 0,
            quiet: 0,
        }
    }

    /// How many messages are here, those under way included.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Lets `held` join the line.
    pub(super) fn push(&mut self, held: Held) {
        let place = self.ticket();
        self.len += 1;
        *self.calls.entry(address(&held.call)).or_default() += 1;
        if self.calls.len() > 1 {
            self.quiet = 0;
        }
        if let Some(lane) = held.parcel.lane() {
            if let Some(behind) = self.behind.get_mut(lane) {
                behind.push_back((place, held));
                return;
            }
            self.behind.insert(lane.to_owned(), VecDeque::new());
        }
        self.waiting.insert(place, held);
    }

    /// When to take the next batch.
    pub(super) fn due(&self) -> Option<Instant> {
        // Fewer than ten, unless it is full.
        let oldest = self.waiting.values().take(MOST).map(|held| held.since).min();
        let at_once = self.is_full() || self.nobody_comes();
        let waiting = oldest.map(|since| if at_once { since } else { since + self.rules.linger });
        let resting = self.resting.keys().next().map(|(due, _)| *due);
        waiting.into_iter().chain(resting).min()
    }

    /// What goes now, if it is time.
    pub(super) fn take(&mut self, now: Instant) -> Option<Batch> {
        while let Some(first) = self.resting.first_entry().filter(|first| first.key().0 <= now) {
            let ((_, place), held) = first.remove_entry();
            self.come_forward(place, held, now);
        }
        if self.due().is_none_or(|due| due > now) {
            return None;
        }
        let by_time = !self.is_full();
        let batch = self.next_batch(now);
        if batch.is_empty() {
            return None;
        }
        if by_time && self.calls.len() == 1 {
            self.quiet = self.quiet.saturating_add(1);
        }
        let ticket = self.ticket();
        let mut taken = Batch { ticket, parcels: Vec::with_capacity(batch.len()), until: now };
        let under_way = batch.into_iter().map(|(place, mut held)| {
            held.tries += 1;
            let until = *held.until.get_or_insert(now + self.rules.patience);
            taken.until = taken.until.max(until);
            taken.parcels.push(Arc::clone(&held.parcel));
            (place, held)
        });
        let under_way = under_way.collect();
        self.under_way.insert(ticket, under_way);
        Some(taken)
    }

    /// Answers those of the batch whose fate is known, and puts the others back.
    pub(super) fn settle(&mut self, ticket: u64, outcome: Outcome, now: Instant) {
        let batch = self.under_way.remove(&ticket).unwrap_or_default();
        // One for all of them, so that those who rest together go together.
        let luck = fastrand::f64();
        match outcome {
            Ok(verdicts) => {
                let mut verdicts = verdicts.into_iter();
                for (place, held) in batch {
                    match verdicts.next().unwrap_or_else(|| Verdict::Failed(no_verdict())) {
                        Verdict::Taken => self.leave(held, Ok(()), now),
                        Verdict::Again(error) => self.rest(place, held, error, luck, now),
                        Verdict::Failed(error) => self.fail(held, error, now),
                    }
                }
            }
            // It may be one of them only.
            Err(error) if error.kind() == Kind::InvalidMessage && batch.len() > 1 => {
                for (place, held) in batch {
                    self.waiting.insert(place, Held { alone: true, ..held });
                }
            }
            Err(error) => {
                for (place, held) in batch {
                    let error = error::again(&error);
                    if error.is_retryable() {
                        self.rest(place, held, error, luck, now);
                    } else {
                        self.fail(held, error, now);
                    }
                }
            }
        }
    }

    /// Whether there is nobody to wait for: no other call has come for a while, and no message waits for its group.
    fn nobody_comes(&self) -> bool {
        let nobody_follows = || self.under_way.is_empty() || self.behind.values().all(VecDeque::is_empty);
        self.quiet >= QUIET && self.calls.len() == 1 && nobody_follows()
    }

    /// May go from now on. While others are under way, the window begins anew: the next of their groups can go with it.
    /// Without that, groups that are out of step stay so, and each goes in a request of its own.
    fn come_forward(&mut self, place: u64, mut held: Held, now: Instant) {
        if !self.under_way.is_empty() {
            held.since = now;
        }
        self.waiting.insert(place, held);
    }

    /// Whether the next request has room for nothing more of what is here.
    fn is_full(&self) -> bool {
        let mut bytes = 0;
        let mut first: Option<&Held> = None;
        for (count, held) in self.waiting.values().enumerate() {
            if first.is_some_and(|first| !self.goes_with(held, first, bytes)) {
                return true;
            }
            first = first.or(Some(held));
            bytes += held.parcel.bytes();
            if count + 1 == MOST || held.alone {
                return true;
            }
        }
        false
    }

    /// Whether `held` goes in one request with `first` and all that is in it already.
    fn goes_with(&self, held: &Held, first: &Held, bytes: usize) -> bool {
        let apart = self.rules.linger.is_zero() && !held.is_of(&first.call);
        !(apart || first.alone || held.alone) && bytes + held.parcel.bytes() <= self.rules.bytes
    }

    fn next_batch(&mut self, now: Instant) -> Vec<(u64, Held)> {
        let mut batch: Vec<(u64, Held)> = Vec::with_capacity(MOST.min(self.waiting.len()));
        let mut bytes = 0;
        while batch.len() < MOST {
            let Some((place, held)) = self.waiting.pop_first() else { break };
            if held.answer.is_closed() {
                // Whoever published it has gone away.
                self.leave(held, Ok(()), now);
            } else if held.is_broken() {
                self.leave(held, Err(not_sent()), now);
            } else if batch.first().is_some_and(|(_, first)| !self.goes_with(&held, first, bytes)) {
                self.waiting.insert(place, held);
                break;
            } else {
                bytes += held.parcel.bytes();
                batch.push((place, held));
            }
        }
        batch
    }

    fn rest(&mut self, place: u64, mut held: Held, error: TransportError, luck: f64, now: Instant) {
        held.uncertain |= error.is_uncertain();
        let Some(until) = held.until.filter(|until| now < *until) else {
            let what = format!("{error}; given up after {} tries in {:?}", held.tries, self.rules.patience);
            self.fail(held, error::reworded(&error, what), now);
            return;
        };
        let doubled = FIRST_PAUSE.saturating_mul(1 << held.tries.saturating_sub(1).min(16));
        let pause = doubled.min(self.rules.patience / 10).mul_f64(luck);
        // The last try is when the patience ends.
        self.resting.insert(((now + pause).min(until), place), held);
    }

    fn fail(&mut self, held: Held, error: TransportError, now: Instant) {
        let error = if held.uncertain { error.uncertain() } else { error };
        // A message that can never be sent holds back nothing.
        if let Some(lane) = held.parcel.lane().filter(|_| error.kind() != Kind::InvalidMessage) {
            held.call.broken().insert(lane.to_owned());
        }
        self.leave(held, Err(error), now);
    }

    /// Answers for `held`, and lets the next of its group come forward.
    fn leave(&mut self, held: Held, answer: Answer, now: Instant) {
        self.len -= 1;
        let call = address(&held.call);
        if let Some(count) = self.calls.get_mut(&call) {
            *count -= 1;
            if *count == 0 {
                self.calls.remove(&call);
            }
        }
        if let Some(lane) = held.parcel.lane() {
            match self.behind.get_mut(lane).and_then(VecDeque::pop_front) {
                Some((place, next)) => self.come_forward(place, next, now),
                None => {
                    self.behind.remove(lane);
                }
            }
        }
        // Whoever has gone away needs none.
        let _ = held.answer.send(answer);
    }

    fn ticket(&mut self) -> u64 {
        self.last += 1;
        self.last
    }
}

fn address(call: &Arc<Call>) -> usize {
    Arc::as_ptr(call).addr()
}

fn not_sent() -> TransportError {
    let what = "not sent, since an earlier message of the same key was not: publish it after that one";
    TransportError::new(Kind::Unavailable, what).certain()
}

fn no_verdict() -> TransportError {
    TransportError::new(
        Kind::Unavailable,
        "nothing is known of this message; this is a bug of melange-aws, please report it",
    )
}

#[cfg(test)]
mod tests;
