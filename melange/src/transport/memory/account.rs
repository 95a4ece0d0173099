//! The account: topics, the queues they fan out to, and the dead-letter queues of those.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::chance::Chance;
use super::content::Content;
use super::deduplication::DedupId;
use super::fan_out::keyed;
use super::limits::{Checked, Limits, QUEUE_NAME, name_problem};
use super::moves::Moves;
use super::queue::Ask;
use super::queues::Queues;
use super::receipt::MemoryReceipt;
use super::refused::Refused;
use super::settings::LONGEST_RETENTION;
use super::signal::Look;
use super::stored::{Form, Stored};
use super::subscription::Feed;
use super::topic::Topic;
use super::topic_settings::TopicSettings;
use super::{dead_letter_queue, direct, is_fifo};
use crate::error::build::{Problem, ProblemKind};
use crate::transport::{DeadLetter, Message, Receipt, Topology, TransportError};

/// All topics and queues. What is put in stays until it is taken out; nothing here waits.
#[derive(Default)]
pub(super) struct Account {
    pub(super) topics: BTreeMap<String, Topic>,
    pub(super) queues: Queues,
    pub(super) moves: Moves,
    /// Messages that a topic could not deliver, and lost.
    pub(super) undelivered: u64,
}

impl Account {
    pub(super) fn left_to(chance: Chance) -> Self {
        Self { queues: Queues::left_to(chance), ..Self::default() }
    }

    /// Adds what `topology`, of a service with this queue, wants to what is there.
    ///
    /// # Errors
    /// What SNS or SQS would refuse; then nothing is added.
    pub(super) fn declare(&mut self, own_queue: &str, topology: &Topology) -> Result<(), Vec<Problem>> {
        let refused = self.refused(own_queue, topology);
        if !refused.is_empty() {
            return Err(refused);
        }
        for topic in &topology.topics {
            self.topic(topic);
        }
        for plan in &topology.queues {
            let dead = dead_letter_queue(&plan.name);
            if self.queues.get(&dead).is_err() {
                // Kept as long as can be: who looks after dead letters may be away.
                self.queues.get_or_new(&dead).settings.retention = LONGEST_RETENTION;
            }
            self.queues.get_or_new(&plan.name).plan(plan);
            for filter in &plan.topics {
                self.topic(&filter.topic).declare(&plan.name, &filter.event_types);
            }
        }
        Ok(())
    }

    /// The event types that any topic lets through to `queue`.
    pub(super) fn event_types(&self, queue: &str) -> BTreeSet<String> {
        self.topics.values().flat_map(|topic| topic.event_types(queue)).cloned().collect()
    }

    /// Puts what a bus sends into `queue` itself.
    ///
    /// # Errors
    /// When there is no such queue, or SQS would refuse it.
    pub(super) fn send(
        &mut self,
        name: &str,
        message: &Message,
        delay: Option<Duration>,
        now: Instant,
    ) -> Result<(), TransportError> {
        let queue = self.queues.get(name)?;
        direct::check(name, delay)?;
        Limits::queue(name, queue.settings.max_bytes).message(message, &mut Checked::default())?;
        let fifo = queue.fifo;
        if fifo {
            keyed(message, format_args!("queue `{name}`"))?;
        }
        let id = fifo.then(|| DedupId::from(message.dedup_id()));
        let key = message.key.as_deref().map(Arc::from);
        // A FIFO queue has one delay for all.
        let delay = delay.filter(|_| !fifo).map(direct::whole_seconds);
        let stored = Stored::new(Content::from(message), Form::Own, key, now);
        self.queues.send(name, stored, id.as_ref(), delay, now)?;
        Ok(())
    }

    /// Hands out what is asked for of `queue`, and moves to its dead-letter queue what was received too often, unless
    /// that was deleted.
    pub(super) fn receive<T>(
        &mut self,
        name: &str,
        ask: &Ask<'_>,
        now: Instant,
        show: fn(&Stored, MemoryReceipt) -> T,
    ) -> Result<Look<T>, Refused> {
        let next_move = self.moves.go_on(&mut self.queues, now);
        let (mut dead, gives_up) = (Vec::new(), self.queues.gives_up(name));
        let queue = self.queues.get(name)?;
        let mut look = queue.receive(ask, now, gives_up.then_some(&mut dead), show)?;
        look.next_change = look.next_change.into_iter().chain(next_move).min();
        let to = queue.settings.redrive.as_ref().filter(|_| !dead.is_empty()).map(|redrive| redrive.to.clone());
        for stored in dead {
            if let Some(to) = &to {
                self.queues.put(to, stored.moved_from(name, is_fifo(to), now), now);
            }
        }
        Ok(look)
    }

    /// Sends a copy of a message in flight to the dead-letter queue.
    pub(super) fn dead_letter(
        &mut self,
        queue: &str,
        receipt: &Receipt,
        letter: &DeadLetter,
        now: Instant,
    ) -> Result<(), Refused> {
        let copy = self.queues.get(queue)?.in_hand(receipt, now)?.dead_letter(queue, letter, now);
        let dead = dead_letter_queue(queue);
        self.queues.get(&dead)?;
        self.queues.put_new(&dead, copy, now);
        Ok(())
    }

    /// Moves what is in the dead-letter queue, and in nobody's hand, back to `queue`, and says how many that were.
    pub(super) fn redrive(&mut self, queue: &str, now: Instant) -> usize {
        if self.queues.get(queue).is_err() {
            return 0;
        }
        let Ok(dead) = self.queues.get(&dead_letter_queue(queue)) else {
            return 0;
        };
        let letters = dead.drain(now);
        for letter in &letters {
            self.queues.put_new(queue, letter.redriven(None, now), now);
        }
        letters.len()
    }

    /// Sends a copy of a dead letter in flight back to `queue`.
    pub(super) fn redrive_one(
        &mut self,
        queue: &str,
        receipt: &Receipt,
        redrives: u32,
        now: Instant,
    ) -> Result<(), Refused> {
        let copy = self.queues.get(&dead_letter_queue(queue))?.in_hand(receipt, now)?.redriven(Some(redrives), now);
        self.queues.get(queue)?;
        self.queues.put_new(queue, copy, now);
        Ok(())
    }

    pub(super) fn topic(&mut self, name: &str) -> &mut Topic {
        self.topics.entry(name.to_owned()).or_insert_with(|| Topic::new(name, TopicSettings::new()))
    }

    /// What SNS or SQS would refuse of `topology`.
    fn refused(&mut self, own_queue: &str, topology: &Topology) -> Vec<Problem> {
        let illegal = |what| Problem::new(ProblemKind::IllegalName, what, "change the name");
        let mut refused = Vec::new();
        for plan in &topology.queues {
            let dead = dead_letter_queue(&plan.name);
            if self.queues.get(&dead).is_ok()
                && let Err(why) = self.queues.may_serve(&dead, &plan.name)
            {
                let fix = format!("add {:?} to its `dead_letters_of(..)`", plan.name);
                refused.push(Problem::new(ProblemKind::QueueConflict, why.to_string(), fix));
            }
            // What events and subscribers name was checked where it was said; the bus's own queue was not.
            let problem = name_problem("queue", &plan.name, QUEUE_NAME);
            if problem.is_none() {
                refused.extend(name_problem("dead-letter queue", &dead, QUEUE_NAME).map(illegal));
            }
            refused.extend(problem.filter(|_| plan.name == own_queue).map(illegal));
            for filter in &plan.topics {
                let topic = &filter.topic;
                if is_fifo(&plan.name) && !is_fifo(topic) {
                    let what = format!(
                        "queue `{}` is FIFO and cannot be subscribed to topic `{topic}`, which is not",
                        plan.name
                    );
                    let fix = format!(
                        "call the topic `{topic}.fifo`, or consume from a queue whose name does not end in `.fifo`"
                    );
                    refused.push(Problem::new(ProblemKind::FifoMismatch, what, fix));
                }
                let feed = self.topics.get(topic).and_then(|known| known.feeds.get(&plan.name));
                if matches!(feed, Some(Feed::Told(_))) {
                    refused.push(by_hand(&plan.name, topic, plan.name == own_queue));
                }
            }
        }
        refused
    }
}

/// A queue that a bus wants to subscribe, and somebody else has subscribed otherwise.
fn by_hand(queue: &str, topic: &str, is_own: bool) -> Problem {
    let elsewhere = if is_own {
        "give the bus another own queue, by `.queue(..)` of its transport or of the test's builder"
    } else {
        "name another queue at its subscribers"
    };
    let what = format!(
        "queue `{queue}` is subscribed to topic `{topic}` already, by `account.subscribe(..)`, and this bus would subscribe it \
         itself, by the events that its subscribers listen to"
    );
    let fix = format!(
        "leave that `subscribe` out, or undo it by `account.unsubscribe({topic:?}, {queue:?})` before the bus is built; or {elsewhere}"
    );
    Problem::new(ProblemKind::QueueConflict, what, fix)
}

#[cfg(test)]
mod tests;
