//! What a bus needs from its broker: which queues, subscribed to which topics, with which filters.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::event::EventDescriptor;
use crate::subscriber::SubscriberDescriptor;

/// Times a message may be received beyond its subscribers' own attempts, before the broker itself moves it to the
/// dead-letter queue: received but never run, in crashes and shutdowns.
pub(crate) const SPARE_RECEIVES: u32 = 5;

/// Messages of one group that a receive from a FIFO queue may bring. Those behind one that fails go back unrun, and are
/// received again whenever it is.
const OF_A_GROUP: u32 = 10;

/// Most receives that a queue can be told to grant; whoever wants more attempts has that many.
/// Source: the SQS API reference, `SetQueueAttributes`: `maxReceiveCount` of a `RedrivePolicy` is 1 to 1,000.
const MOST_RECEIVES: u32 = 1_000;

/// What a bus needs from its broker.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Topology {
    /// The queues it consumes from.
    pub queues: Vec<QueuePlan>,
    /// The topics of all its events, listened to or not.
    pub topics: BTreeSet<String>,
}

/// A queue, and its subscriptions.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueuePlan {
    /// Its name, without any prefix.
    pub name: String,
    /// The topics it is subscribed to, with their filters.
    pub topics: Vec<TopicFilter>,
    /// The visibility timeout.
    pub visibility: Duration,
    /// How often a message is received before the broker itself gives it up: more than any subscriber's attempts, and
    /// in a FIFO queue more than those of all messages that one receive may bring before it; at most 1,000.
    pub max_receives: u32,
}

/// A subscription of a queue to a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TopicFilter {
    /// The topic's name, without any prefix.
    pub topic: String,
    /// The `event_type`s that pass: names and aliases of the events that are listened to.
    pub event_types: BTreeSet<String>,
}

impl Topology {
    /// What `events` and `subscribers` need; those that name no queue share `own_queue`. The visibility timeout is
    /// extended for handlers that take longer than `visibility`.
    #[must_use]
    pub fn of(
        own_queue: &str,
        visibility: Duration,
        events: &[&'static EventDescriptor],
        subscribers: &[SubscriberDescriptor],
    ) -> Self {
        Self::planned(own_queue, visibility, events, subscribers)
    }

    /// The same, wherever the subscribers are.
    pub(crate) fn planned<'a>(
        own_queue: &str,
        visibility: Duration,
        events: &[&'static EventDescriptor],
        subscribers: impl IntoIterator<Item = &'a SubscriberDescriptor>,
    ) -> Self {
        let mut queues: BTreeMap<&str, Queue> = BTreeMap::new();
        for subscriber in subscribers {
            let queue = queues.entry(subscriber.queue().unwrap_or(own_queue)).or_default();
            queue.attempts = queue.attempts.max(subscriber.options().retry.attempts);
            let event = subscriber.event();
            let Some(topic) = event.topic() else { continue };
            let types = queue.topics.entry(topic).or_default();
            // An older version may have been published under another name.
            types.extend(event.family_names());
        }
        let plan = |(name, queue): (&str, Queue)| QueuePlan {
            name: name.to_owned(),
            topics: queue
                .topics
                .into_iter()
                .map(|(topic, event_types)| TopicFilter { topic: topic.to_owned(), event_types: owned(event_types) })
                .collect(),
            visibility,
            max_receives: max_receives(queue.attempts, name.ends_with(".fifo")),
        };
        Self {
            queues: queues.into_iter().map(plan).collect(),
            topics: owned(events.iter().filter_map(|event| event.topic()).collect()),
        }
    }
}

/// Each of these once.
fn owned(mut texts: Vec<&str>) -> BTreeSet<String> {
    // Thousands of events share a topic: sorted before they are copied.
    texts.dedup();
    texts.sort_unstable();
    texts.dedup();
    texts.into_iter().map(str::to_owned).collect()
}

fn max_receives(attempts: u32, fifo: bool) -> u32 {
    let group = if fifo { OF_A_GROUP } else { 1 };
    attempts.saturating_mul(group).saturating_add(SPARE_RECEIVES).min(MOST_RECEIVES)
}

#[derive(Default)]
struct Queue {
    attempts: u32,
    topics: BTreeMap<&'static str, Vec<&'static str>>,
}

#[cfg(test)]
mod tests {
    use super::max_receives;

    #[test]
    fn no_more_receives_are_planned_than_a_queue_can_grant() {
        assert_eq!([1, 5, 995, 996, u32::MAX].map(|attempts| max_receives(attempts, false)), [6, 10, 1000, 1000, 1000]);
        assert_eq!([1, 5, 99, 100, u32::MAX].map(|attempts| max_receives(attempts, true)), [15, 55, 995, 1000, 1000]);
    }
}
