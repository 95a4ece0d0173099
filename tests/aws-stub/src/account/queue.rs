//! A queue: what is visible, what is in flight, and for how long.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use super::attempts::Attempts;
use super::deduplication::{Deduplication, Given};
use super::line::{Line, Standing};
use super::settings::Settings;
use crate::clock::Moment;
use crate::content::{Content, hex};
use crate::refusal::Refusal;

/// Most messages in flight. Source: the SQS developer guide, queue quotas.
pub(crate) const MOST_IN_FLIGHT: usize = 120_000;

/// How long a message can be in flight, extensions included. Source: the SQS API reference, `ChangeMessageVisibility`.
const LONGEST: Duration = Duration::from_secs(43_200);

/// A queue.
#[derive(Debug)]
pub(crate) struct Queue {
    pub(crate) arn: Arc<str>,
    pub(crate) name: Arc<str>,
    pub(crate) fifo: bool,
    pub(crate) settings: Settings,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) created: Moment,
    pub(crate) modified: Moment,
    pub(crate) purged: Option<Moment>,
    /// Told when there is something to receive.
    pub(crate) signal: Arc<Notify>,
    /// Whether SNS may send what was published to a topic, as far as it was asked.
    pub(super) lets: HashMap<Arc<str>, bool>,
    /// Tells its receipts from those of others.
    number: u64,
    messages: HashMap<u64, Stored>,
    line: Line,
    timers: BTreeSet<(Moment, u64)>,
    in_flight: usize,
    deduplication: Deduplication,
    attempts: Attempts,
}

/// A message on its way into a queue.
#[derive(Debug, Clone)]
pub(crate) struct Arriving {
    pub(crate) content: Arc<Content>,
    pub(crate) id: Arc<str>,
    pub(crate) group: Option<Arc<str>>,
    pub(crate) deduplication_id: Option<Arc<str>>,
    pub(crate) sequence: Option<Arc<str>>,
    pub(crate) trace: Option<String>,
    /// When it was sent, which a standard queue's dead letters keep.
    pub(crate) sent: Moment,
    pub(crate) first_received: Option<Moment>,
    pub(crate) receives: u32,
    /// The queue that it was too much for.
    pub(crate) source: Option<Arc<str>>,
}

/// A message in the queue.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) message: Arriving,
    standing: Standing,
    /// When it becomes visible, unless it is.
    until: Option<Moment>,
    /// When it was received last.
    received: Moment,
}

/// A message as it is handed out.
#[derive(Debug)]
pub(crate) struct Handed {
    pub(crate) message: Arriving,
    pub(crate) receipt: Receipt,
}

/// What settles a message: of this queue, at this place, received this often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Receipt {
    pub(crate) queue: u64,
    pub(crate) place: u64,
    pub(crate) receives: u32,
}

/// What a receive brought.
#[derive(Debug, Default)]
pub(crate) struct Received {
    pub(crate) handed: Vec<Handed>,
    /// What was received too often before.
    pub(crate) dead: Vec<Arriving>,
    pub(crate) expired: u64,
    /// The same as an earlier receive, asked for again.
    pub(crate) again: bool,
}

/// How many messages of a queue stand how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Standings {
    /// May be received.
    pub visible: usize,
    /// Received, and neither deleted nor given back.
    pub in_flight: usize,
    /// Sent with a delay that is not over.
    pub delayed: usize,
}

impl Queue {
    pub(super) fn new(arn: Arc<str>, name: Arc<str>, number: u64, settings: Settings, now: Moment) -> Self {
        let fifo = name.ends_with(".fifo");
        Self {
            arn,
            name,
            fifo,
            settings,
            tags: BTreeMap::new(),
            created: now,
            modified: now,
            purged: None,
            signal: Arc::default(),
            lets: HashMap::new(),
            number,
            messages: HashMap::new(),
            line: Line::new(fifo),
            timers: BTreeSet::new(),
            in_flight: 0,
            deduplication: Deduplication::default(),
            attempts: Attempts::default(),
        }
    }

    /// Takes in what is sent, unless it is a duplicate: then what the first was given.
    pub(crate) fn send(&mut self, place: u64, mut message: Arriving, delay: Option<Duration>, now: Moment) -> Given {
        if self.fifo {
            let id = message.deduplication_id.clone().unwrap_or_else(|| content_id(&message.content));
            let scope = message.group.as_ref().filter(|_| self.settings.deduplicates_by_group());
            if let Some(given) = self.deduplication.known(scope, &id, now) {
                return given;
            }
            let sequence: Arc<str> = format!("{place:020}").into();
            self.deduplication.remember(scope, &id, (Arc::clone(&message.id), Arc::clone(&sequence)), now);
            message.deduplication_id = Some(id);
            message.sequence = Some(sequence);
        }
        let given = (Arc::clone(&message.id), message.sequence.clone().unwrap_or_else(|| "".into()));
        let delay = delay.unwrap_or_else(|| self.settings.delay());
        self.put(place, message, delay, now);
        given
    }

    /// Takes in a message, from here or from another queue.
    pub(super) fn put(&mut self, place: u64, mut message: Arriving, delay: Duration, now: Moment) {
        if self.fifo && message.sequence.is_none() {
            message.sequence = Some(format!("{place:020}").into());
        }
        let stored = Stored { message, standing: Standing::Delayed, until: None, received: now };
        self.messages.insert(place, stored);
        if delay.is_zero() {
            self.set(place, Standing::Visible, None);
        } else {
            self.set(place, Standing::Delayed, Some(now.after(delay)));
        }
    }

    /// Hands out up to `max` messages.
    pub(super) fn receive(
        &mut self,
        max: usize,
        visibility: Option<Duration>,
        attempt: Option<&str>,
        redrives: bool,
        now: Moment,
    ) -> Result<Received, Refusal> {
        self.wake(now);
        let visibility = visibility.unwrap_or_else(|| self.settings.visibility());
        let mut received = Received::default();
        if let Some(again) = attempt.and_then(|attempt| self.again(attempt, visibility, now)) {
            return Ok(Received { handed: again, again: true, ..received });
        }
        let room = MOST_IN_FLIGHT.saturating_sub(self.in_flight);
        if room == 0 && !self.fifo {
            return Err(Refusal::new("OverLimit", "Too many messages in flight."));
        }
        let most = self.settings.redrive.as_ref().filter(|_| redrives).map(|redrive| redrive.max_receives);
        let max = max.min(room);
        while received.handed.len() < max {
            let next = self.line.next(max - received.handed.len());
            if next.is_empty() {
                break;
            }
            for place in next {
                let Some(stored) = self.messages.get_mut(&place) else { continue };
                if now.since(stored.message.sent) >= self.settings.retention() {
                    self.remove(place);
                    received.expired += 1;
                    continue;
                }
                if most.is_some_and(|most| stored.message.receives >= most) {
                    received.dead.extend(self.remove(place));
                    continue;
                }
                stored.message.receives += 1;
                stored.message.first_received.get_or_insert(now);
                stored.received = now;
                let receipt = Receipt { queue: self.number, place, receives: stored.message.receives };
                received.handed.push(Handed { message: stored.message.clone(), receipt });
                self.set(place, Standing::InFlight, Some(now.after(visibility)));
            }
        }
        if let Some(attempt) = attempt.filter(|_| !received.handed.is_empty()) {
            self.attempts.remember(attempt, received.handed.iter().map(|handed| handed.receipt).collect(), now);
        }
        if !self.line.is_empty() {
            self.signal.notify_one();
        }
        Ok(received)
    }

    /// What an earlier receive under the same id brought, if nothing has happened to it since.
    fn again(&mut self, attempt: &str, visibility: Duration, now: Moment) -> Option<Vec<Handed>> {
        let receipts = self.attempts.of(attempt, now)?.to_vec();
        let unchanged = |receipt: &Receipt| {
            let stored = self.messages.get(&receipt.place);
            stored.is_some_and(|s| s.standing == Standing::InFlight && s.message.receives == receipt.receives)
        };
        if !receipts.iter().all(unchanged) {
            self.attempts.forget(attempt);
            return None;
        }
        let mut handed = Vec::with_capacity(receipts.len());
        for receipt in receipts {
            self.set(receipt.place, Standing::InFlight, Some(now.after(visibility)));
            let message = self.messages.get(&receipt.place)?.message.clone();
            handed.push(Handed { message, receipt });
        }
        Some(handed)
    }

    /// Deletes by `receipt`; says whether there was something to delete. `shown` is the receipt as it came.
    pub(crate) fn delete(&mut self, receipt: Receipt, shown: &str, now: Moment) -> Result<bool, Refusal> {
        self.own(receipt)?;
        self.wake(now);
        let Some(stored) = self.messages.get(&receipt.place) else { return Ok(false) };
        let latest = stored.message.receives == receipt.receives;
        if self.fifo && !(latest && stored.standing == Standing::InFlight) {
            return Err(Refusal::value("ReceiptHandle", shown, "The receipt handle has expired."));
        }
        // A standard queue takes an old receipt, and does nothing.
        Ok(latest && self.remove(receipt.place).is_some())
    }

    /// Keeps the message in flight for `time` from now.
    pub(crate) fn change_visibility(
        &mut self,
        receipt: Receipt,
        shown: &str,
        time: Duration,
        now: Moment,
    ) -> Result<(), Refusal> {
        self.own(receipt)?;
        self.wake(now);
        let Some(stored) = self.messages.get(&receipt.place) else {
            let reason = "Message does not exist or is not available for visibility timeout change.";
            return Err(Refusal::value("ReceiptHandle", shown, reason));
        };
        if stored.standing != Standing::InFlight || stored.message.receives != receipt.receives {
            return Err(Refusal::new("MessageNotInflight", "The message referred to isn't in flight."));
        }
        let end = now.after(time);
        if end > stored.received.after(LONGEST) {
            let reason = "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]";
            return Err(Refusal::value("VisibilityTimeout", time.as_secs(), reason));
        }
        self.attempts.forget_message(receipt.place);
        if time.is_zero() {
            self.set(receipt.place, Standing::Visible, None);
        } else {
            self.set(receipt.place, Standing::InFlight, Some(end));
        }
        Ok(())
    }

    fn own(&self, receipt: Receipt) -> Result<(), Refusal> {
        if receipt.queue == self.number {
            return Ok(());
        }
        Err(Refusal::new("ReceiptHandleIsInvalid", "The input receipt handle is invalid."))
    }

    /// Deletes everything.
    pub(crate) fn purge(&mut self) {
        let places: Vec<u64> = self.messages.keys().copied().collect();
        for place in places {
            self.remove(place);
        }
    }

    /// Takes out up to `max` visible messages, to move them elsewhere.
    pub(super) fn drain(&mut self, max: usize, now: Moment) -> Vec<Arriving> {
        self.wake(now);
        let next = self.line.next(max);
        next.into_iter().filter_map(|place| self.remove(place)).collect()
    }

    /// Every message, in the order of arrival.
    pub(crate) fn contents(&self) -> Vec<&Arriving> {
        let mut all: Vec<(&u64, &Stored)> = self.messages.iter().collect();
        all.sort_by_key(|(place, _)| **place);
        all.into_iter().map(|(_, stored)| &stored.message).collect()
    }

    pub(crate) fn standings(&mut self, now: Moment) -> Standings {
        self.wake(now);
        let in_flight = self.in_flight;
        // Whoever is neither in flight nor visible waits on a timer.
        let delayed = self.timers.len() - in_flight;
        Standings { visible: self.messages.len() - in_flight - delayed, in_flight, delayed }
    }

    /// When something becomes visible by itself.
    pub(crate) fn next_change(&self) -> Option<Moment> {
        self.timers.first().map(|(at, _)| *at)
    }

    /// Makes visible what has waited long enough.
    pub(super) fn wake(&mut self, now: Moment) {
        while let Some((_, place)) = self.timers.first().copied().filter(|(at, _)| *at <= now) {
            self.set(place, Standing::Visible, None);
        }
    }

    /// Everything that changes how a message stands comes through here or through `remove`.
    fn set(&mut self, place: u64, standing: Standing, until: Option<Moment>) {
        let Some(stored) = self.messages.get_mut(&place) else { return };
        if let Some(before) = stored.until {
            self.timers.remove(&(before, place));
        }
        self.timers.extend(until.map(|until| (until, place)));
        self.in_flight += usize::from(standing == Standing::InFlight);
        self.in_flight -= usize::from(stored.standing == Standing::InFlight);
        stored.standing = standing;
        stored.until = until;
        self.line.set(place, stored.message.group.as_ref(), Some(standing));
        if standing == Standing::Visible {
            self.signal.notify_one();
        }
    }

    fn remove(&mut self, place: u64) -> Option<Arriving> {
        let Stored { message, standing, until, .. } = self.messages.remove(&place)?;
        if let Some(before) = until {
            self.timers.remove(&(before, place));
        }
        self.in_flight -= usize::from(standing == Standing::InFlight);
        self.line.set(place, message.group.as_ref(), None);
        // The next of its group may be free now.
        if self.fifo && !self.line.is_empty() {
            self.signal.notify_one();
        }
        Some(message)
    }
}

/// What content-based deduplication goes by: the body alone.
pub(crate) fn content_id(content: &Content) -> Arc<str> {
    use sha2::{Digest, Sha256};
    hex(&Sha256::digest(content.body.as_bytes())).into()
}
