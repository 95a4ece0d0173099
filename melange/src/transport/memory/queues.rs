//! All queues of an account, and how messages get into them.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use tokio::time::Instant;

use super::chance::Chance;
use super::deduplication::{DedupId, Given};
use super::queue::Queue;
use super::refused::{Refused, RefusedKind};
use super::stored::Stored;

/// How long the name of a deleted queue cannot be used again. Source: the SQS API reference, `DeleteQueue`.
const DELETED: Duration = Duration::from_secs(60);

/// All queues of an account.
#[derive(Default)]
pub(super) struct Queues {
    all: BTreeMap<String, Queue>,
    deleted: HashMap<String, Instant>,
    chance: Chance,
    /// The place of the message that came last.
    last_place: u64,
}

impl Queues {
    pub(super) fn left_to(chance: Chance) -> Self {
        Self { chance, ..Self::default() }
    }

    pub(super) fn get(&mut self, name: &str) -> Result<&mut Queue, Refused> {
        self.all.get_mut(name).ok_or_else(|| Refused::no_queue(name))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Queue> {
        self.all.values()
    }

    pub(super) fn get_or_new(&mut self, name: &str) -> &mut Queue {
        let chance = self.chance;
        self.all.entry(name.to_owned()).or_insert_with(|| Queue::new(name, chance.of(name)))
    }

    pub(super) fn delete(&mut self, name: &str, now: Instant) -> Result<(), Refused> {
        let queue = self.all.remove(name).ok_or_else(|| Refused::no_queue(name))?;
        queue.let_go();
        self.deleted.insert(name.to_owned(), now);
        Ok(())
    }

    /// Refuses a name that was another queue's a moment ago.
    pub(super) fn is_free(&mut self, name: &str, now: Instant) -> Result<(), Refused> {
        self.deleted.retain(|_, since| now.duration_since(*since) < DELETED);
        if self.deleted.contains_key(name) {
            let what = format!("queue `{name}` was deleted less than 60 seconds ago: wait until its name is free");
            return Err(Refused::new(RefusedKind::DeletedRecently, what));
        }
        Ok(())
    }

    /// Refuses `dead` as the dead-letter queue of `queue` when it is not there, or serves others only.
    pub(super) fn may_serve(&mut self, dead: &str, queue: &str) -> Result<(), Refused> {
        if self.get(dead)?.settings.serves(queue) {
            return Ok(());
        }
        Err(Refused::parameter(format!(
            "queue `{dead}` is told whose dead-letter queue it is, and not that of `{queue}`"
        )))
    }

    /// Whether the queue `name` was told a dead-letter queue, and that is there.
    pub(super) fn gives_up(&self, name: &str) -> bool {
        let redrive = self.all.get(name).and_then(|queue| queue.settings.redrive.as_ref());
        redrive.is_some_and(|redrive| self.all.contains_key(&redrive.to))
    }

    /// Puts what is sent into the queue `name`, unless it is a duplicate: then says what the first was given.
    pub(super) fn send(
        &mut self,
        name: &str,
        stored: Stored,
        id: Option<&DedupId>,
        delay: Option<Duration>,
        now: Instant,
    ) -> Result<Given, Refused> {
        let places = (self.next_place(), self.next_place());
        Ok(arrive(self.get(name)?, places, stored, id, delay, now))
    }

    /// Puts what a topic delivers into the queue `name`; gives it back when it is not there, or does not take it.
    pub(super) fn deliver(
        &mut self,
        name: &str,
        stored: Stored,
        id: Option<&DedupId>,
        now: Instant,
    ) -> Option<Box<Stored>> {
        let places = (self.next_place(), self.next_place());
        match self.all.get_mut(name) {
            Some(queue) if stored.fits(queue.settings.max_bytes) => {
                arrive(queue, places, stored, id, None, now);
                None
            }
            _ => Some(Box::new(stored)),
        }
    }

    /// Puts what another queue moves into `name`, which is made if it is not there.
    pub(super) fn put(&mut self, name: &str, stored: Stored, now: Instant) {
        let place = self.next_place();
        self.get_or_new(name).put(place, stored, Duration::ZERO, now);
    }

    /// The same for what is sent there anew, and so waits for the queue's delay.
    pub(super) fn put_new(&mut self, name: &str, stored: Stored, now: Instant) {
        let place = self.next_place();
        let queue = self.get_or_new(name);
        queue.put(place, stored, queue.settings.delay, now);
    }

    pub(super) fn next_place(&mut self) -> u64 {
        self.last_place += 1;
        self.last_place
    }
}

/// With chance, it comes twice.
fn arrive(
    queue: &mut Queue,
    (place, twice): (u64, u64),
    stored: Stored,
    id: Option<&DedupId>,
    delay: Option<Duration>,
    now: Instant,
) -> Given {
    if let Some(given) = id.and_then(|id| queue.known(stored.key.as_ref(), id, now)) {
        return given;
    }
    let given = (stored.message_id.clone(), place);
    let (visibility, own_delay) = (queue.settings.visibility, queue.settings.delay);
    if !queue.fifo
        && let Some(dice) = &mut queue.dice
        && dice.duplicates()
    {
        let later = if dice.fraction() < 0.5 { Duration::ZERO } else { visibility.mul_f64(dice.fraction()) };
        queue.put(twice, stored.clone(), delay.unwrap_or(own_delay) + later, now);
    }
    queue.publish(place, stored, id, delay, now);
    given
}
