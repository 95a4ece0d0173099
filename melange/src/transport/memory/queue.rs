//! A queue: what is visible, what is in hand, and for how long.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::deduplication::Deduplication;
use super::order::{Order, Standing};
use super::receipt::{Lease, MemoryReceipt};
use super::signal::{Look, Signal};
use super::stored::Stored;
use super::{is_fifo, later};
use crate::transport::{QueuePlan, Receipt};

/// The visibility time-out of queues that no plan gave one, such as dead-letter queues; SQS has the same.
const VISIBILITY: Duration = Duration::from_secs(30);

/// A queue.
pub(super) struct Queue {
    visibility: Duration,
    /// Without a plan, messages are handed out for ever.
    max_receives: Option<u32>,
    delay: Duration,
    /// By place: the order of arrival.
    messages: BTreeMap<u64, Held>,
    order: Order,
    /// Only a FIFO queue deduplicates.
    deduplication: Option<Deduplication>,
    /// When those that are not visible become so.
    timers: BTreeSet<(Instant, u64)>,
    signal: Arc<Signal>,
}

/// A message, and how it stands.
struct Held {
    stored: Stored,
    state: State,
}

#[derive(Clone, Copy)]
struct State {
    standing: Standing,
    /// When it becomes visible, unless it is.
    until: Option<Instant>,
    /// What its receipt must say to settle it.
    lease: Option<Lease>,
}

impl State {
    const VISIBLE: Self = Self { standing: Standing::Visible, until: None, lease: None };
}

impl Queue {
    pub(super) fn new(name: &str) -> Self {
        Self {
            visibility: VISIBILITY,
            max_receives: None,
            delay: Duration::ZERO,
            messages: BTreeMap::new(),
            order: Order::new(is_fifo(name)),
            deduplication: is_fifo(name).then(Deduplication::default),
            timers: BTreeSet::new(),
            signal: Arc::default(),
        }
    }

    /// As `plan` wants it. Of several plans the most patient counts.
    pub(super) fn plan(&mut self, plan: &QueuePlan) {
        // Received at least once, or nothing would ever come out.
        let receives = plan.max_receives.max(1);
        if let Some(before) = self.max_receives {
            self.max_receives = Some(before.max(receives));
            self.visibility = self.visibility.max(plan.visibility);
        } else {
            self.max_receives = Some(receives);
            self.visibility = plan.visibility;
        }
    }

    /// What is published from now on waits this long.
    pub(super) fn set_delay(&mut self, delay: Duration) {
        self.delay = delay;
    }

    pub(super) fn signal(&self) -> Arc<Signal> {
        Arc::clone(&self.signal)
    }

    /// Whether it may come in: a FIFO queue takes a deduplication id once in five minutes.
    pub(super) fn is_new(&mut self, dedup_id: &str, now: Instant) -> bool {
        self.deduplication.as_mut().is_none_or(|known| known.is_new(dedup_id, now))
    }

    /// Takes in what was published or sent, to be handed out once the delay, its own or the queue's, is over.
    pub(super) fn publish(&mut self, place: u64, stored: Stored, delay: Option<Duration>, now: Instant) {
        let delay = delay.unwrap_or(self.delay);
        let delayed = State { standing: Standing::Away, until: Some(later(now, delay)), lease: None };
        self.insert(place, stored, if delay.is_zero() { State::VISIBLE } else { delayed });
    }

    /// Takes in what was in another queue before.
    pub(super) fn put(&mut self, place: u64, stored: Stored) {
        self.insert(place, stored, State::VISIBLE);
    }

    /// Hands out up to `max` messages. What was received too often is put into `dead` instead.
    pub(super) fn receive(&mut self, max: usize, now: Instant, dead: &mut Vec<Stored>) -> Look {
        self.wake_up(now);
        let most = self.max_receives;
        let mut deliveries = Vec::new();
        while deliveries.len() < max {
            let Some(place) = self.order.next() else {
                break;
            };
            let lease = Lease::new();
            let until = Some(later(now, self.visibility));
            let Some(held) = self.set(place, State { standing: Standing::InHand, until, lease: Some(lease) }) else {
                break;
            };
            if most.is_some_and(|most| held.stored.receives >= most) {
                dead.extend(self.remove(place));
                continue;
            }
            held.stored.receives = held.stored.receives.saturating_add(1);
            deliveries.push(held.stored.deliver(MemoryReceipt { place, lease }));
        }
        Look { deliveries, next_change: self.timers.first().map(|(at, _)| *at) }
    }

    /// The message in hand under `receipt`; `None` when it is not in hand, or not under this one.
    pub(super) fn in_hand(&mut self, receipt: &Receipt, now: Instant) -> Option<&Stored> {
        let place = self.leased(receipt, now)?;
        self.messages.get(&place).map(|held| &held.stored)
    }

    /// Deletes the message in hand under `receipt`; `None` when there is none.
    pub(super) fn delete(&mut self, receipt: &Receipt, now: Instant) -> Option<Stored> {
        let place = self.leased(receipt, now)?;
        self.remove(place)
    }

    /// Keeps the message in hand under `receipt` invisible for `time` from now; `None` when there is none.
    pub(super) fn change_visibility(&mut self, receipt: &Receipt, time: Duration, now: Instant) -> Option<()> {
        let place = self.leased(receipt, now)?;
        let lease = self.messages.get(&place)?.state.lease;
        // Nobody says whether a handler goes on or a retry is due. Who goes on asks for the same time again.
        let standing = if time == self.visibility { Standing::InHand } else { Standing::Away };
        let later = State { standing, until: Some(later(now, time)), lease };
        self.set(place, if time.is_zero() { State::VISIBLE } else { later }).map(|_| ())
    }

    /// How each message stands, in the order of arrival.
    pub(super) fn messages(&mut self, now: Instant) -> impl Iterator<Item = (&Stored, Standing)> {
        self.wake_up(now);
        self.messages.values().map(|held| (&held.stored, held.state.standing))
    }

    /// Takes out all that is not in hand, in the order of arrival.
    pub(super) fn drain(&mut self, now: Instant) -> Vec<Stored> {
        self.wake_up(now);
        let free = |(place, held): (&u64, &Held)| (held.state.standing != Standing::InHand).then_some(*place);
        let places: Vec<u64> = self.messages.iter().filter_map(free).collect();
        places.into_iter().filter_map(|place| self.remove(place)).collect()
    }

    /// Deletes everything, in hand or not, and says how many that were.
    pub(super) fn purge(&mut self) -> usize {
        let places: Vec<u64> = self.messages.keys().copied().collect();
        places.into_iter().filter_map(|place| self.remove(place)).count()
    }

    /// Makes visible what has waited long enough.
    fn wake_up(&mut self, now: Instant) {
        while let Some((_, place)) = self.timers.first().copied().filter(|(at, _)| *at <= now) {
            self.set(place, State::VISIBLE);
        }
    }

    fn leased(&mut self, receipt: &Receipt, now: Instant) -> Option<u64> {
        self.wake_up(now);
        let MemoryReceipt { place, lease } = MemoryReceipt::of(receipt)?;
        (self.messages.get(&place)?.state.lease == Some(lease)).then_some(place)
    }

    fn insert(&mut self, place: u64, stored: Stored, state: State) {
        self.messages.insert(place, Held { stored, state: State::VISIBLE });
        self.set(place, state);
    }

    /// Everything that changes how a message stands comes through here or through `remove`.
    fn set(&mut self, place: u64, state: State) -> Option<&mut Held> {
        let held = self.messages.get_mut(&place)?;
        if let Some(before) = held.state.until {
            self.timers.remove(&(before, place));
        }
        self.timers.extend(state.until.map(|until| (until, place)));
        held.state = state;
        self.order.set(place, held.stored.content.key.as_ref(), Some(state.standing));
        self.signal.changed();
        Some(held)
    }

    fn remove(&mut self, place: u64) -> Option<Stored> {
        let Held { stored, state } = self.messages.remove(&place)?;
        if let Some(before) = state.until {
            self.timers.remove(&(before, place));
        }
        self.order.set(place, stored.content.key.as_ref(), None);
        self.signal.changed();
        Some(stored)
    }
}

#[cfg(test)]
mod tests;
