//! The leases (visibility timeouts) of messages in flight: extended in batches while handlers run, and detected when
//! lost.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use slab::Slab;
use tokio::sync::Notify;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::lane::{self, InHand};
use super::report::Fate;
use super::settle::Verdict;
use crate::transport::{Delivery, DynTransport, Receipt, TransportError, TransportErrorKind};

/// A lease is looked at this often within its visibility, and extended once less than half of it is left.
const TICKS: u32 = 8;

/// The most that is subtracted from a lease, because it began before the response arrived.
const MARGIN: Duration = Duration::from_secs(2);

/// One queue's messages in flight.
pub(crate) struct Leases {
    queue: String,
    visibility: Duration,
    /// The longest a message may be in flight, extensions included.
    longest: Duration,
    held: Mutex<Held>,
    /// The first lease was taken.
    taken: Notify,
}

#[derive(Default)]
struct Held {
    last: u64,
    leases: Slab<Entry>,
}

/// The slot of an entry and its generation, because slots are reused.
#[derive(Debug, Clone, Copy)]
struct Key {
    place: usize,
    number: u64,
}

impl Held {
    fn get(&self, key: Key) -> Option<&Entry> {
        self.leases.get(key.place).filter(|entry| entry.number == key.number)
    }

    fn get_mut(&mut self, key: Key) -> Option<&mut Entry> {
        self.leases.get_mut(key.place).filter(|entry| entry.number == key.number)
    }
}

struct Entry {
    number: u64,
    receipt: Receipt,
    since: Instant,
    until: Instant,
    /// Created when somebody asks for it.
    token: Option<CancellationToken>,
    /// The lease is lost.
    lost: bool,
    /// A call that extends it is under way.
    extending: bool,
    /// Its handlers are done: it is being settled, and needs no more time.
    done: Option<Done>,
}

/// The extension requested for one message.
#[derive(Clone)]
struct Extension {
    key: Key,
    receipt: Receipt,
    time: Duration,
}

/// A pending extension of several. If the caller is dropped before there is an answer, others can request it again.
struct Asking<'a> {
    leases: &'a Leases,
    batch: Vec<Extension>,
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        let mut held = self.leases.held();
        for extension in &self.batch {
            if let Some(entry) = held.get_mut(extension.key) {
                entry.extending = false;
            }
        }
    }
}

/// The extension requested for several, when that was, and the broker's answer.
struct Extended<'a> {
    asking: Asking<'a>,
    asked: Instant,
    answers: Vec<Result<(), TransportError>>,
}

/// What will happen to a message whose handlers are done.
struct Done {
    message_id: String,
    verdict: Verdict,
}

impl Entry {
    /// Cancels this token when the message is lost. True if it is.
    fn know(&mut self, token: &CancellationToken) -> bool {
        self.token = Some(token.clone());
        self.lost
    }

    fn lose(&mut self) {
        self.lost = true;
        if let Some(token) = &self.token {
            token.cancel();
        }
    }
}

impl Leases {
    pub(crate) fn new(queue: String, visibility: Duration, longest: Duration) -> Arc<Self> {
        Arc::new(Self { queue, visibility, longest, held: Mutex::default(), taken: Notify::new() })
    }

    /// The lease on a message that was received just now.
    pub(crate) fn take(self: &Arc<Self>, receipt: Receipt) -> Lease {
        let (now, mut held) = (Instant::now(), self.held());
        self.take_in(&mut held, receipt, now)
    }

    /// The same for several.
    pub(crate) fn take_all(self: &Arc<Self>, deliveries: Vec<Delivery>) -> Vec<lane::Held> {
        let (now, mut held) = (Instant::now(), self.held());
        let take = |delivery: Delivery| {
            Box::new(InHand { lease: self.take_in(&mut held, delivery.receipt.clone(), now), delivery })
        };
        deliveries.into_iter().map(take).collect()
    }

    fn take_in(self: &Arc<Self>, held: &mut Held, receipt: Receipt, now: Instant) -> Lease {
        if held.leases.is_empty() {
            self.taken.notify_one();
        }
        held.last += 1;
        let number = held.last;
        let place = held.leases.insert(Entry {
            number,
            receipt,
            since: now,
            until: self.end(now, self.visibility, now),
            token: None,
            lost: false,
            extending: false,
            done: None,
        });
        Lease { leases: Arc::clone(self), key: Some(Key { place, number }), token: OnceLock::new() }
    }

    /// How long a lease is, unless it is extended.
    pub(crate) fn visibility(&self) -> Duration {
        self.visibility
    }

    /// How many are in flight, and since when the oldest is.
    pub(crate) fn in_hand(&self) -> (usize, Option<Instant>) {
        let held = self.held();
        (held.leases.len(), held.leases.iter().map(|(_, entry)| entry.since).min())
    }

    /// The fate with which a redelivered message can be deleted, if its handlers were done here and its settling is
    /// stuck.
    pub(crate) fn being_deleted(&self, message_id: &str) -> Option<Fate> {
        // Messages without an id could not be told apart.
        if message_id.is_empty() {
            return None;
        }
        let held = self.held();
        let mut done = held.leases.iter().filter_map(|(_, entry)| entry.done.as_ref());
        done.find_map(|done| match done.verdict {
            Verdict::Delete(fate) if done.message_id == message_id => Some(fate),
            _ => None,
        })
    }

    /// When a lease that begins or is extended at `from` for this long ends, on this process's clock.
    fn end(&self, from: Instant, time: Duration, since: Instant) -> Instant {
        let margin = (self.visibility / 10).min(MARGIN);
        (from + time.saturating_sub(margin)).min(since + self.longest)
    }

    /// For how long a message that has been in flight `since` may be extended. A broker refuses, and does not cap, an
    /// extension beyond the longest; it has counted for a little longer than this process, and in whole seconds.
    fn time(&self, now: Instant, since: Instant) -> Duration {
        let left = (since + self.longest).saturating_duration_since(now).saturating_sub(MARGIN);
        if left < self.visibility { Duration::from_secs(left.as_secs()) } else { self.visibility }
    }

    /// Extends leases that need it, and gives up lost ones. Never returns. Several tasks may run it at once.
    pub(crate) async fn keep(&self, transport: &DynTransport) -> Infallible {
        let tick = (self.visibility / TICKS).max(Duration::from_millis(10));
        let mut ticks = interval(tick);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut calls = FuturesUnordered::new();
        loop {
            while calls.is_empty() && self.held().leases.is_empty() {
                self.taken.notified().await;
                ticks.reset();
            }
            tokio::select! {
                biased;
                Some(extended) = calls.next() => self.extended(extended),
                _ = ticks.tick() => {
                    let due = self.due(tick);
                    for batch in due.chunks(transport.capabilities().max_batch.max(1)) {
                        calls.push(self.extend(transport, Asking { leases: self, batch: batch.to_vec() }));
                    }
                }
            }
        }
    }

    /// Cancels leases that end before the next check, and picks those with less than half their time left.
    fn due(&self, tick: Duration) -> Vec<Extension> {
        let now = Instant::now();
        let mut due = Vec::new();
        for (place, entry) in &mut self.held().leases {
            if entry.done.is_some() || entry.lost {
                continue;
            }
            if entry.until <= now + tick {
                tracing::warn!(
                    queue = self.queue,
                    "the lease on a message could not be extended: its handler is cancelled"
                );
                entry.lose();
            } else if entry.until <= now + self.visibility / 2 + tick && !entry.extending {
                let time = self.time(now, entry.since);
                if self.end(now, time, entry.since) > entry.until {
                    entry.extending = true;
                    let key = Key { place, number: entry.number };
                    due.push(Extension { key, receipt: entry.receipt.clone(), time });
                }
            }
        }
        due
    }

    async fn extend<'a>(&self, transport: &DynTransport, asking: Asking<'a>) -> Extended<'a> {
        let asked = Instant::now();
        let changes = asking.batch.iter().map(|extension| (extension.receipt.clone(), extension.time)).collect();
        // An answer after the end of the lease does not count.
        let call = transport.change_visibilities(&self.queue, changes);
        let answers = tokio::time::timeout(self.visibility / 2, call).await.unwrap_or_default();
        Extended { asking, asked, answers }
    }

    fn extended(&self, Extended { asking, asked, answers }: Extended<'_>) {
        let mut held = self.held();
        let mut answers = answers.into_iter();
        for Extension { key, time, .. } in &asking.batch {
            let answer = answers.next().unwrap_or_else(|| Err(TransportError::no_answer()));
            let Some(entry) = held.get_mut(*key) else { continue };
            match answer {
                Ok(()) => entry.until = self.end(asked, *time, entry.since).max(entry.until),
                Err(error) if error.kind() == TransportErrorKind::LeaseLost => {
                    tracing::warn!(queue = self.queue, "a message is no longer in hand: its handler is cancelled");
                    entry.lose();
                }
                Err(error) => {
                    tracing::warn!(queue = self.queue, %error, "a lease could not be extended, trying again");
                }
            }
        }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The lease on one message; given up when dropped.
pub(crate) struct Lease {
    leases: Arc<Leases>,
    /// `None` once it is given up.
    key: Option<Key>,
    /// Created when needed, which is rare: for a handler that waits, or must be told to stop.
    token: OnceLock<CancellationToken>,
}

impl Lease {
    /// Cancelled when the lease is lost, or the handlers should stop.
    pub(crate) fn token(&self) -> &CancellationToken {
        self.token.get_or_init(|| {
            let token = CancellationToken::new();
            match self.key.and_then(|key| self.leases.held().get_mut(key).map(|entry| entry.know(&token))) {
                Some(false) => {}
                // Lost before anybody asked.
                Some(true) | None => token.cancel(),
            }
            token
        })
    }

    /// Whether its token is cancelled, or would be.
    pub(crate) fn is_stopped(&self) -> bool {
        self.token.get().map_or_else(|| self.is_lost(), CancellationToken::is_cancelled)
    }

    /// Whether the lease is lost: another consumer runs the message again.
    pub(crate) fn is_lost(&self) -> bool {
        self.look(|entry| entry.lost).unwrap_or(true)
    }

    /// Waits until the lease is lost.
    pub(crate) async fn lost(&self) {
        self.token().cancelled().await;
        // Once told to stop, its handlers have little time left, and this need not wait for a loss of the lease in it.
        if !self.is_lost() {
            std::future::pending::<()>().await;
        }
    }

    /// Whether the lease is still valid `now`, as far as this process knows.
    pub(crate) fn is_ours(&self, now: Instant) -> bool {
        self.look(|entry| !entry.lost && now < entry.until).unwrap_or(false)
    }

    /// Notes that the handlers are done, and what will happen to the message: the time left is enough to settle it.
    pub(crate) fn finish(&self, message_id: String, verdict: Verdict) {
        if let Some(key) = self.key
            && let Some(entry) = self.leases.held().get_mut(key)
        {
            entry.done = Some(Done { message_id, verdict });
        }
    }

    /// Notes that it is settled, and returns the message's id.
    pub(crate) fn end(&mut self) -> String {
        self.remove().and_then(|entry| entry.done).map(|done| done.message_id).unwrap_or_default()
    }

    fn look<T>(&self, at: impl Fn(&Entry) -> T) -> Option<T> {
        self.leases.held().get(self.key?).map(at)
    }

    fn remove(&mut self) -> Option<Entry> {
        let key = self.key.take()?;
        self.leases.held().leases.try_remove(key.place)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let entry = self.remove();
        // Dropping the message takes a moment: do not hold the lock meanwhile.
        drop(entry);
    }
}
