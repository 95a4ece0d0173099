//! A queue: which messages are visible, which are in flight, and for how long.

mod receive;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::futures::OwnedNotified;
use tokio::time::Instant;

use super::attempts::Attempts;
use super::chance::Dice;
use super::deduplication::{DedupId, Deduplication, Given};
use super::line::{Line, Spot};
use super::order::{Order, Standing};
use super::quiet::Quiet;
use super::receipt::{Lease, MemoryReceipt, unique};
use super::refused::{Refused, RefusedKind};
use super::settings::{LONGEST_VISIBILITY, QueueSettings, Redrive, Settings};
use super::signal::Signal;
use super::sorted::Sorted;
use super::stored::Stored;
use super::{dead_letter_queue, is_fifo, later};
use crate::transport::{QueuePlan, Receipt};
pub(super) use receive::Ask;
#[cfg(test)]
pub(super) use receive::MOST_IN_FLIGHT;

/// A queue.
pub(super) struct Queue {
    name: Arc<str>,
    pub(super) fifo: bool,
    pub(super) settings: Settings,
    /// When it was purged last, as brokers do it.
    pub(super) purged: Option<Instant>,
    pub(super) dice: Option<Dice>,
    /// Tells its receipts from those of others.
    number: u64,
    /// In the order of arrival.
    messages: Line<Held>,
    order: Order,
    deduplication: Deduplication,
    attempts: Attempts,
    in_flight: usize,
    /// When those that are not visible become so.
    timers: Sorted<(Instant, Spot)>,
    /// How many are neither visible nor in flight.
    away: usize,
    /// How many were kept long enough, and are gone.
    expired: u64,
    signal: Arc<Signal>,
    quiet: Quiet,
}

/// A message, and how it stands.
struct Held {
    stored: Stored,
    state: State,
    /// Whose receipt is the latest.
    lease: Option<Lease>,
    received: Instant,
}

#[derive(Clone, Copy)]
struct State {
    standing: Standing,
    /// When it becomes visible, unless it is.
    until: Option<Instant>,
    /// Received, and neither settled nor visible again.
    in_flight: bool,
}

/// What is kept: all that came later than this, and all where that was before the beginning of time.
#[derive(Clone, Copy)]
struct Kept {
    since: Option<Instant>,
}

impl Kept {
    fn is_over(self, stored: &Stored) -> bool {
        self.since.is_some_and(|since| stored.sent <= since)
    }
}

impl State {
    const VISIBLE: Self = Self { standing: Standing::Visible, until: None, in_flight: false };

    fn delayed(until: Instant) -> Self {
        Self { standing: Standing::Away, until: Some(until), in_flight: false }
    }
}

impl Queue {
    pub(super) fn new(name: &str, dice: Option<Dice>) -> Self {
        let keyed = dice.as_ref().is_none_or(|dice| !dice.shuffled);
        Self {
            name: name.into(),
            fifo: is_fifo(name),
            settings: Settings::default(),
            purged: None,
            dice,
            number: unique(),
            messages: Line::default(),
            order: Order::new(is_fifo(name), keyed),
            deduplication: Deduplication::default(),
            attempts: Attempts::default(),
            in_flight: 0,
            timers: Sorted::default(),
            away: 0,
            expired: 0,
            signal: Arc::default(),
            quiet: Quiet::default(),
        }
    }

    /// As `plan` wants it. Of several plans the most patient counts.
    pub(super) fn plan(&mut self, plan: &QueuePlan) {
        // Received at least once, or nothing would ever come out.
        let max_receives = plan.max_receives.max(1);
        if let Some(redrive) = &mut self.settings.redrive {
            redrive.max_receives = redrive.max_receives.max(max_receives);
            self.settings.visibility = self.settings.visibility.max(plan.visibility);
        } else {
            self.settings.redrive = Some(Redrive { to: dead_letter_queue(&plan.name), max_receives });
            self.settings.visibility = plan.visibility;
        }
    }

    /// Does what it is told. The delay of a FIFO queue is also that of what is in it already and was never received.
    ///
    /// Source: the SQS developer guide, delay queues.
    pub(super) fn tell(&mut self, told: QueueSettings, now: Instant) {
        self.wake_up(now);
        self.settings.tell(told);
        if self.fifo {
            let waiting = self.messages.iter().filter(|(_, held)| held.stored.receives == 0);
            let waiting: Vec<(Spot, Instant)> = waiting.map(|(spot, held)| (spot, held.stored.sent)).collect();
            for (spot, sent) in waiting {
                let due = later(sent, self.settings.delay);
                self.set(spot, if due > now { State::delayed(due) } else { State::VISIBLE });
            }
        }
        // Something may be over, or may come, sooner than who waits has reckoned.
        self.signal.changed();
    }

    pub(super) fn signal(&self) -> Arc<Signal> {
        Arc::clone(&self.signal)
    }

    /// It is deleted: whoever waits for anything here is to hear of it.
    pub(super) fn let_go(&self) {
        self.signal.changed();
        self.quiet.is_there();
    }

    /// What the first message known by `id` was given, if there is one: a FIFO queue takes an id once in five minutes.
    pub(super) fn known(&mut self, key: Option<&Arc<str>>, id: &DedupId, now: Instant) -> Option<Given> {
        let group = key.filter(|_| self.settings.dedup_by_group);
        self.fifo.then(|| self.deduplication.known(group, id, now)).flatten()
    }

    /// Takes in what was published or sent, to be handed out once the delay, its own or the queue's, is over.
    pub(super) fn publish(
        &mut self,
        place: u64,
        mut stored: Stored,
        id: Option<&DedupId>,
        delay: Option<Duration>,
        now: Instant,
    ) {
        if let Some(id) = id.filter(|_| self.fifo) {
            let group = stored.key.as_ref().filter(|_| self.settings.dedup_by_group);
            self.deduplication.remember(group, id, (stored.message_id.clone(), place), now);
            stored.dedup_id = Some(Arc::clone(id));
        }
        self.put(place, stored, delay.unwrap_or(self.settings.delay), now);
    }

    /// Takes in what was in another queue before, or comes twice.
    pub(super) fn put(&mut self, place: u64, stored: Stored, delay: Duration, now: Instant) {
        let state = if delay.is_zero() { State::VISIBLE } else { State::delayed(later(now, delay)) };
        let lane = stored.lane(self.fifo).cloned();
        let spot = self.messages.insert(place, Held { stored, state, lease: None, received: now });
        if let Some(until) = state.until {
            self.timers.insert((until, spot));
        }
        self.away += usize::from(state.standing == Standing::Away);
        self.order.set(spot, lane.as_ref(), Some(state.standing));
        self.signal.changed();
    }

    /// The message in flight under `receipt`.
    ///
    /// # Errors
    /// When it is not in flight, or not under this receipt.
    pub(super) fn in_hand(&mut self, receipt: &Receipt, now: Instant) -> Result<&Stored, Refused> {
        self.wake_up(now);
        let receipt = self.own(receipt)?;
        self.leased(receipt).map(|held| &held.stored).ok_or_else(|| self.not_in_flight())
    }

    /// Deletes by `receipt`. A standard queue takes one whose time is over: if it is the latest the message is deleted,
    /// and else nothing is. So it is with one that was deleted before.
    ///
    /// # Errors
    /// When the receipt is none of this queue; in a FIFO queue, when its time is over.
    pub(super) fn delete(&mut self, receipt: &Receipt, now: Instant) -> Result<(), Refused> {
        self.wake_up(now);
        self.delete_now(receipt)
    }

    /// The same for several, each with its own result.
    pub(super) fn delete_all(
        &mut self,
        receipts: &[Receipt],
        now: Instant,
    ) -> impl Iterator<Item = Result<(), Refused>> {
        self.wake_up(now);
        receipts.iter().map(|receipt| self.delete_now(receipt))
    }

    fn delete_now(&mut self, receipt: &Receipt) -> Result<(), Refused> {
        let receipt = self.own(receipt)?;
        let Some(held) = self.messages.get(receipt.spot) else { return Ok(()) };
        let is_latest = held.lease == Some(receipt.lease);
        if self.fifo && !(is_latest && held.state.in_flight) {
            let what = format!(
                "queue `{}` is FIFO, and deletes nothing by a receipt whose time is over: the message comes again",
                self.name
            );
            return Err(Refused::new(RefusedKind::InvalidReceipt, what));
        }
        if is_latest {
            self.remove(receipt.spot);
        }
        Ok(())
    }

    /// Keeps the message in flight under `receipt` invisible for `time` from now.
    ///
    /// # Errors
    /// When it is not in flight under this receipt, or would be for more than twelve hours in all.
    pub(super) fn change_visibility(&mut self, receipt: &Receipt, time: Duration, now: Instant) -> Result<(), Refused> {
        self.wake_up(now);
        let receipt = self.own(receipt)?;
        let Some(held) = self.leased(receipt) else { return Err(self.not_in_flight()) };
        let until = later(now, time);
        if until > held.received + LONGEST_VISIBILITY {
            return Err(Refused::parameter(format!(
                "a message of queue `{}` would be in flight for more than 12 hours since it was received",
                self.name
            )));
        }
        // Nobody says whether a handler goes on or a retry is due. Who goes on asks for the same time again.
        let standing = if time == self.settings.visibility { Standing::InHand } else { Standing::Away };
        let later = State { standing, until: Some(until), in_flight: true };
        self.attempts.forget_message(receipt.spot.place);
        self.set(receipt.spot, if time.is_zero() { State::VISIBLE } else { later });
        Ok(())
    }

    /// How each message stands, in the order of arrival.
    pub(super) fn messages(&mut self, now: Instant) -> impl Iterator<Item = (&Stored, Standing)> {
        self.forget_expired(now);
        self.messages.iter().map(|(_, held)| (&held.stored, held.state.standing))
    }

    /// Takes out all messages that are not in flight, in the order of arrival.
    pub(super) fn drain(&mut self, now: Instant) -> Vec<Stored> {
        self.forget_expired(now);
        let free = |(spot, held): (Spot, &Held)| (held.state.standing != Standing::InHand).then_some(spot);
        let spots: Vec<Spot> = self.messages.iter().filter_map(free).collect();
        spots.into_iter().filter_map(|spot| self.remove(spot)).collect()
    }

    /// Whether no message can be received or is in flight, as of the last check.
    #[inline]
    fn is_quiet(&self) -> bool {
        self.messages.len() == self.away
    }

    /// Completes once no message can be received or is in flight; `None` if that is so already.
    pub(super) fn until_quiet(&mut self, now: Instant) -> Option<OwnedNotified> {
        self.forget_expired(now);
        (!self.is_quiet()).then(|| self.quiet.heard())
    }

    /// How many may be received now.
    pub(super) fn visible(&mut self, now: Instant) -> u64 {
        self.messages(now).filter(|(_, standing)| *standing == Standing::Visible).count() as u64
    }

    /// Takes out the next that may be received, with its place.
    pub(super) fn take(&mut self, now: Instant) -> Option<(u64, Stored)> {
        self.wake_up(now);
        let kept = self.kept(now);
        loop {
            let spot = self.order.next(None)?;
            let stored = self.remove(spot)?;
            if !kept.is_over(&stored) {
                return Some((spot.place, stored));
            }
            self.expired += 1;
        }
    }

    /// Deletes all messages, in flight or not, and returns how many those were.
    pub(super) fn purge(&mut self) -> usize {
        let spots: Vec<Spot> = self.messages.iter().map(|(spot, _)| spot).collect();
        spots.into_iter().filter_map(|spot| self.remove(spot)).count()
    }

    /// Makes visible what has waited long enough, and forgets the oldest that were kept long enough.
    fn wake_up(&mut self, now: Instant) {
        while let Some((_, spot)) = self.timers.first().filter(|(at, _)| *at <= now) {
            self.set(spot, State::VISIBLE);
        }
        let kept = self.kept(now);
        while let Some((spot, held)) = self.messages.first()
            && kept.is_over(&held.stored)
        {
            self.expire(spot);
        }
    }

    /// The same, and forgets all that were kept long enough: a dead letter may be older than what came before it.
    fn forget_expired(&mut self, now: Instant) {
        self.wake_up(now);
        let kept = self.kept(now);
        let is_expired = |(_, held): &(Spot, &Held)| kept.is_over(&held.stored);
        let expired: Vec<Spot> = self.messages.iter().filter(is_expired).map(|(spot, _)| spot).collect();
        for spot in expired {
            self.expire(spot);
        }
    }

    /// It was kept long enough.
    fn expire(&mut self, spot: Spot) {
        self.expired += u64::from(self.remove(spot).is_some());
    }

    /// How many were kept long enough so far, and are gone.
    pub(super) fn expired(&mut self, now: Instant) -> u64 {
        self.forget_expired(now);
        self.expired
    }

    /// What is kept `now`.
    fn kept(&self, now: Instant) -> Kept {
        Kept { since: now.checked_sub(self.settings.retention) }
    }

    fn own(&self, receipt: &Receipt) -> Result<MemoryReceipt, Refused> {
        MemoryReceipt::of(receipt).filter(|receipt| receipt.queue == self.number).ok_or_else(|| {
            let what =
                format!("a receipt is none of queue `{}`: it is another queue's, or another transport's", self.name);
            Refused::new(RefusedKind::InvalidReceipt, what)
        })
    }

    fn leased(&self, receipt: MemoryReceipt) -> Option<&Held> {
        let held = self.messages.get(receipt.spot)?;
        (held.state.in_flight && held.lease == Some(receipt.lease)).then_some(held)
    }

    fn not_in_flight(&self) -> Refused {
        let what = format!(
            "the message of queue `{}` is no longer in hand: its visibility timeout is over, or it was settled",
            self.name
        );
        Refused::new(RefusedKind::NotInFlight, what)
    }

    /// Everything that changes how a message stands comes through here, once it has been `put`, or through `remove`.
    fn set(&mut self, spot: Spot, state: State) -> Option<&mut Held> {
        let all = self.messages.len();
        let held = self.messages.get_mut(spot)?;
        if let Some(before) = held.state.until {
            self.timers.remove(&(before, spot));
        }
        if let Some(until) = state.until {
            self.timers.insert((until, spot));
        }
        self.in_flight += usize::from(state.in_flight);
        self.in_flight -= usize::from(held.state.in_flight);
        self.away += usize::from(state.standing == Standing::Away);
        self.away -= usize::from(held.state.standing == Standing::Away);
        held.state = state;
        self.order.set(spot, held.stored.lane(self.fifo), Some(state.standing));
        self.signal.changed();
        if self.away == all {
            self.quiet.is_there();
        }
        Some(held)
    }

    fn remove(&mut self, spot: Spot) -> Option<Stored> {
        let Held { stored, state, .. } = self.messages.remove(spot)?;
        if let Some(before) = state.until {
            self.timers.remove(&(before, spot));
        }
        self.in_flight -= usize::from(state.in_flight);
        self.away -= usize::from(state.standing == Standing::Away);
        self.order.set(spot, stored.lane(self.fifo), None);
        self.signal.changed();
        if self.is_quiet() {
            self.quiet.is_there();
        }
        Some(stored)
    }
}

#[cfg(test)]
mod tests;
