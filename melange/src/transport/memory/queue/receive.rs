//! What a queue hands out.

use std::time::Duration;

use tokio::time::Instant;

use super::super::later;
use super::super::order::Standing;
use super::super::receipt::{Lease, MemoryReceipt};
use super::super::refused::{Refused, RefusedKind};
use super::super::signal::Look;
use super::super::stored::Stored;
use super::{Queue, State};

/// Most messages in flight. Source: the SQS developer guide, queue quotas.
pub(in super::super) const MOST_IN_FLIGHT: usize = 120_000;

/// What a receive asks for.
pub(in super::super) struct Ask<'a> {
    pub(in super::super) max: usize,
    pub(in super::super) visibility: Option<Duration>,
    pub(in super::super) attempt: Option<&'a str>,
    /// Whether it waits, and so is not told that too much is in flight.
    pub(in super::super) waits: bool,
}

impl Queue {
    /// Hands out what is asked for, as `show` makes it. What was received too often is put into `dead` instead, if it has
    /// somewhere to go.
    ///
    /// # Errors
    /// When too much is in flight, and a standard queue is asked without waiting.
    pub(in super::super) fn receive<T>(
        &mut self,
        ask: &Ask<'_>,
        now: Instant,
        mut dead: Option<&mut Vec<Stored>>,
        show: fn(&Stored, MemoryReceipt) -> T,
    ) -> Result<Look<T>, Refused> {
        self.wake_up(now);
        let visibility = ask.visibility.unwrap_or(self.settings.visibility);
        if let Some(found) = ask.attempt.and_then(|attempt| self.again(attempt, visibility, now, show)) {
            return Ok(Look { found, next_change: None });
        }
        let room = MOST_IN_FLIGHT.saturating_sub(self.in_flight);
        if room == 0 && !self.fifo && !ask.waits {
            let what = format!("queue `{}` has {MOST_IN_FLIGHT} messages in flight, and hands out no more", self.name);
            return Err(Refused::new(RefusedKind::OverLimit, what));
        }
        let mut max = ask.max.min(room);
        if let Some(dice) = self.dice.as_mut().filter(|dice| dice.shuffled) {
            max = max.min(dice.up_to(max));
        }
        let (mut found, mut receipts) = (Vec::with_capacity(max.min(self.messages.len())), Vec::new());
        let until = Some(later(now, visibility));
        let (fifo, kept, mut following) = (self.fifo, self.kept(now), None);
        while found.len() < max {
            let shuffled = self.dice.as_mut().filter(|dice| dice.shuffled);
            let Some(spot) = following.take().or_else(|| self.order.next(shuffled)) else {
                break;
            };
            if self.messages.get(spot).is_some_and(|held| kept.is_over(&held.stored)) {
                self.expire(spot);
                continue;
            }
            let receipt = MemoryReceipt { queue: self.number, spot, lease: Lease::new() };
            let most = self.settings.redrive.as_ref().map(|redrive| redrive.max_receives);
            let Some(held) = self.set(spot, State { standing: Standing::InHand, until, in_flight: true }) else {
                break;
            };
            let is_given_up = most.is_some_and(|most| held.stored.receives >= most);
            if let Some(dead) = dead.as_deref_mut().filter(|_| is_given_up) {
                dead.extend(self.remove(spot));
                continue;
            }
            (held.lease, held.received) = (Some(receipt.lease), now);
            held.stored.receives = held.stored.receives.saturating_add(1);
            found.push(show(&held.stored, receipt));
            let key = held.stored.key.as_ref().filter(|_| fifo).cloned();
            following = self.order.following(spot, key.as_ref());
            if ask.attempt.is_some() || visibility.is_zero() {
                receipts.push(receipt);
            }
        }
        if visibility.is_zero() {
            for receipt in &receipts {
                self.set(receipt.spot, State::VISIBLE);
            }
        }
        if let Some(attempt) = ask.attempt.filter(|_| !receipts.is_empty()) {
            self.attempts.remember(attempt, receipts, now);
        }
        // Whoever has found something does not wait.
        let next_change = if found.is_empty() { self.next_change() } else { None };
        Ok(Look { found, next_change })
    }

    /// When something becomes visible by itself: at its own time, or since what held it back has been kept long enough.
    fn next_change(&self) -> Option<Instant> {
        let due = self.timers.first().map(|(at, _)| at);
        let over = self.messages.first().map(|(_, held)| later(held.stored.sent, self.settings.retention));
        due.into_iter().chain(over).min()
    }

    /// What an earlier receive under the same id brought, if nothing has happened to it since.
    fn again<T>(
        &mut self,
        attempt: &str,
        visibility: Duration,
        now: Instant,
        show: fn(&Stored, MemoryReceipt) -> T,
    ) -> Option<Vec<T>> {
        let receipts = self.attempts.of(attempt, now)?.to_vec();
        let unchanged = |receipt: &MemoryReceipt| self.leased(*receipt).is_some();
        if !receipts.iter().all(unchanged) {
            return None;
        }
        let until = Some(later(now, visibility));
        let mut found = Vec::with_capacity(receipts.len());
        for receipt in receipts {
            let held = self.set(receipt.spot, State { standing: Standing::InHand, until, in_flight: true })?;
            found.push(show(&held.stored, receipt));
        }
        Some(found)
    }
}
