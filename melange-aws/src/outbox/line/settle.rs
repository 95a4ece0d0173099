//! What became of what was sent: answered for, sent again, or given up.

use std::collections::VecDeque;
use std::time::Duration;

use melange::transport::{TransportError, TransportErrorKind as Kind};
use tokio::time::Instant;

use super::{Held, Line, address};
use crate::error;
use crate::outbox::Answer;
use crate::outbox::verdict::{Outcome, Verdict};

/// The longest pause before the first retry. It doubles with each, up to a tenth of the patience.
pub(super) const FIRST_PAUSE: Duration = Duration::from_millis(100);

impl Line {
    /// Answers those of the batch whose fate is known, and puts the others back.
    pub(in crate::outbox) fn settle(&mut self, ticket: u64, outcome: Outcome, now: Instant) {
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

    /// Answers for `held`, and lets the next of its group come forward. Behind one that was given up, those are given up with
    /// it that have waited as long as anything is tried: each by itself would make the next wait for as long again.
    pub(super) fn leave(&mut self, held: Held, answer: Answer, now: Instant) {
        let mut leaving = Some((held, answer));
        while let Some((held, answer)) = leaving.take() {
            self.len -= 1;
            let call = address(&held.call);
            if let Some(count) = self.calls.get_mut(&call) {
                *count -= 1;
                if *count == 0 {
                    self.calls.remove(&call);
                }
            }
            if let Some(lane) = held.parcel.lane() {
                let given_up = answer.as_ref().is_err_and(|error| error.kind() != Kind::InvalidMessage);
                match self.behind.get_mut(lane).and_then(VecDeque::pop_front) {
                    Some((_, next)) if given_up && next.since + self.rules.patience <= now => {
                        next.call.broken().insert(lane.to_owned());
                        leaving = Some((next, Err(waited_in_vain())));
                    }
                    Some((place, next)) => self.come_forward(place, next, now),
                    None => {
                        self.behind.remove(lane);
                    }
                }
            }
            // Whoever has gone away needs none.
            let _ = held.answer.send(answer);
        }
    }
}

fn waited_in_vain() -> TransportError {
    let what = "not sent: an earlier message with the same key could not be sent for as long as retries may take; publish it \
                again later";
    TransportError::new(Kind::Unavailable, what).certain()
}

fn no_verdict() -> TransportError {
    TransportError::new(
        Kind::Unavailable,
        "nothing is known of this message; this is a bug of melange-aws, please report it",
    )
}
