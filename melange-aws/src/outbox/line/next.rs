//! What goes next, with what, and when.

use std::collections::VecDeque;
use std::sync::Arc;

use melange::transport::{TransportError, TransportErrorKind as Kind};
use tokio::time::Instant;

use super::{Batch, Held, Line};
use crate::outbox::MOST;

/// How many windows in a row must have brought nobody else before one who is alone is not made to wait for others.
const QUIET: u32 = 3;

impl Line {
    /// When to take the next batch.
    pub(in crate::outbox) fn due(&self) -> Option<Instant> {
        // Fewer than ten, unless it is full.
        let oldest = self.waiting.values().take(MOST).map(|held| held.since).min();
        let at_once = self.is_full() || self.nobody_comes();
        let waiting = oldest.map(|since| if at_once { since } else { since + self.rules.linger });
        let resting = self.resting.keys().next().map(|(due, _)| *due);
        waiting.into_iter().chain(resting).min()
    }

    /// What goes now, if it is time.
    pub(in crate::outbox) fn take(&mut self, now: Instant) -> Option<Batch> {
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

    /// Whether there is nobody to wait for: no other call has come for a while, and no message waits for its group.
    fn nobody_comes(&self) -> bool {
        let nobody_follows = || self.under_way.is_empty() || self.behind.values().all(VecDeque::is_empty);
        self.quiet >= QUIET && self.calls.len() == 1 && nobody_follows()
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
}

fn not_sent() -> TransportError {
    let what = "not sent, since an earlier message of the same key was not: publish it after that one";
    TransportError::new(Kind::Unavailable, what).certain()
}
