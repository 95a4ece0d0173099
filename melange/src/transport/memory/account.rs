//! The account: topics, the queues they fan out to, and the dead-letter queues of those.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::queue::Queue;
use super::signal::{Look, Signal};
use super::stored::{Content, Stored};
use super::topic::Topic;
use super::{dead_letter_queue, direct, is_fifo};
use crate::transport::{DeadLetter, Message, Receipt, Topology, TransportError, TransportErrorKind};

/// All topics and queues. What is put in stays until it is taken out; nothing here waits.
#[derive(Default)]
pub(super) struct Account {
    topics: HashMap<String, Topic>,
    queues: HashMap<String, Queue>,
    /// The place of the message that came last.
    last_place: u64,
}

impl Account {
    /// Adds what `topology` wants to what is there.
    ///
    /// # Errors
    /// What SNS would refuse; then nothing is added.
    pub(super) fn declare(&mut self, topology: &Topology) -> Result<(), Vec<String>> {
        let refused = refused(topology);
        if !refused.is_empty() {
            return Err(refused);
        }
        for topic in &topology.topics {
            self.topic(topic);
        }
        for plan in &topology.queues {
            self.queue_or_new(&plan.name).plan(plan);
            self.queue_or_new(&dead_letter_queue(&plan.name));
            for filter in &plan.topics {
                self.topic(&filter.topic).subscribe(&plan.name, &filter.event_types);
            }
        }
        Ok(())
    }

    /// The event types that any topic lets through to `queue`.
    pub(super) fn event_types(&self, queue: &str) -> BTreeSet<String> {
        self.topics.values().flat_map(|topic| topic.event_types(queue)).cloned().collect()
    }

    /// Puts a copy into every queue that wants it.
    pub(super) fn publish(&mut self, message: Message, now: Instant) -> Result<(), TransportError> {
        // A topic that nobody declared has no subscribers.
        let Some(topic) = self.topics.get_mut(message.topic()) else {
            return Ok(());
        };
        let wanted = topic.take(&message, now)?;
        if wanted.is_empty() {
            return Ok(());
        }
        let dedup_id = message.dedup_id.clone();
        let content = Arc::new(Content::from(message));
        for name in wanted {
            if let Some(queue) = self.queues.get_mut(name)
                && queue.is_new(&dedup_id, now)
            {
                self.last_place += 1;
                queue.publish(self.last_place, Stored::new(Arc::clone(&content)), None, now);
            }
        }
        Ok(())
    }

    /// Puts it into `queue` itself.
    ///
    /// # Errors
    /// When there is no such queue, or SQS would refuse it.
    pub(super) fn send(
        &mut self,
        queue: &str,
        message: Message,
        delay: Option<Duration>,
        now: Instant,
    ) -> Result<(), TransportError> {
        let place = self.next_place();
        let to = self.queue(queue)?;
        direct::check(queue, &message, delay)?;
        if to.is_new(&message.dedup_id, now) {
            // A FIFO queue has one delay for all.
            let delay = delay.filter(|_| !is_fifo(queue)).map(direct::whole_seconds);
            to.publish(place, Stored::new(Arc::new(Content::from(message))), delay, now);
        }
        Ok(())
    }

    /// Hands out up to `max` messages of `queue`, and moves to its dead-letter queue what was received too often.
    pub(super) fn receive(&mut self, queue: &str, max: usize, now: Instant) -> Result<Look, TransportError> {
        let mut dead = Vec::new();
        let look = self.queue(queue)?.receive(max, now, &mut dead);
        for stored in dead {
            self.bury(queue, stored);
        }
        Ok(look)
    }

    pub(super) fn delete(&mut self, queue: &str, receipt: &Receipt, now: Instant) -> Result<(), TransportError> {
        self.queue(queue)?.delete(receipt, now).map(|_| ()).ok_or_else(|| lease_lost(queue))
    }

    pub(super) fn change_visibility(
        &mut self,
        queue: &str,
        receipt: &Receipt,
        time: Duration,
        now: Instant,
    ) -> Result<(), TransportError> {
        self.queue(queue)?.change_visibility(receipt, time, now).ok_or_else(|| lease_lost(queue))
    }

    /// Puts a copy of the message in hand into the dead-letter queue.
    pub(super) fn dead_letter(
        &mut self,
        queue: &str,
        receipt: &Receipt,
        letter: &DeadLetter,
        now: Instant,
    ) -> Result<(), TransportError> {
        let stored = self.queue(queue)?.in_hand(receipt, now).ok_or_else(|| lease_lost(queue))?;
        let copy = stored.dead_letter(queue, letter);
        self.bury(queue, copy);
        Ok(())
    }

    /// Moves what is in the dead-letter queue, and in nobody's hand, back to `queue`, and says how many that were.
    pub(super) fn redrive(&mut self, queue: &str, now: Instant) -> usize {
        let Some(dead) = self.queues.get_mut(&dead_letter_queue(queue)) else {
            return 0;
        };
        let letters = dead.drain(now);
        for letter in &letters {
            let place = self.next_place();
            self.queue_or_new(queue).put(place, letter.redriven(None));
        }
        letters.len()
    }

    /// Puts a copy of the letter in hand back into `queue`.
    pub(super) fn redrive_one(
        &mut self,
        queue: &str,
        receipt: &Receipt,
        redrives: u32,
        now: Instant,
    ) -> Result<(), TransportError> {
        let dead = dead_letter_queue(queue);
        let letter = self.queue(&dead)?.in_hand(receipt, now).ok_or_else(|| lease_lost(&dead))?;
        let copy = letter.redriven(Some(redrives));
        let place = self.next_place();
        self.queue_or_new(queue).put(place, copy);
        Ok(())
    }

    pub(super) fn signal(&mut self, queue: &str) -> Result<Arc<Signal>, TransportError> {
        self.queue(queue).map(|queue| queue.signal())
    }

    pub(super) fn queue(&mut self, name: &str) -> Result<&mut Queue, TransportError> {
        self.queues.get_mut(name).ok_or_else(|| {
            TransportError::new(
                TransportErrorKind::NotFound,
                format!("there is no queue `{name}` in this memory account: it is made by building a bus that consumes from it"),
            )
        })
    }

    pub(super) fn queue_or_new(&mut self, name: &str) -> &mut Queue {
        self.queues.entry(name.to_owned()).or_insert_with(|| Queue::new(name))
    }

    fn topic(&mut self, name: &str) -> &mut Topic {
        self.topics.entry(name.to_owned()).or_insert_with(|| Topic::new(name))
    }

    fn bury(&mut self, queue: &str, stored: Stored) {
        let place = self.next_place();
        self.queue_or_new(&dead_letter_queue(queue)).put(place, stored);
    }

    fn next_place(&mut self) -> u64 {
        self.last_place += 1;
        self.last_place
    }
}

/// What SNS would refuse of `topology`.
fn refused(topology: &Topology) -> Vec<String> {
    let mut refused = Vec::new();
    for plan in topology.queues.iter().filter(|plan| is_fifo(&plan.name)) {
        for filter in plan.topics.iter().filter(|filter| !is_fifo(&filter.topic)) {
            refused.push(format!(
                "queue `{}` is FIFO and cannot be subscribed to topic `{topic}`, which is not: call the topic `{topic}.fifo`, \
                 or consume from a queue whose name does not end in `.fifo`",
                plan.name,
                topic = filter.topic,
            ));
        }
    }
    refused
}

fn lease_lost(queue: &str) -> TransportError {
    TransportError::new(
        TransportErrorKind::LeaseLost,
        format!(
            "the message of queue `{queue}` is no longer in hand: its visibility time-out is over, or it was settled"
        ),
    )
}

#[cfg(test)]
mod tests;
