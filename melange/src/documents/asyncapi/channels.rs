//! Channels: the topics events are published to, and the queues they are consumed from.

use serde_json::{Value, json};

use super::{Object, Parts, bindings, insert, reference};

/// Said of queues whose messages are not as they were published.
const WRAPPED: &str = "Messages come in the envelope of SNS: the body described here is the text of its `Message`, and the headers \
                       are its `MessageAttributes`.";

impl Parts<'_> {
    pub(super) fn channels(&self) -> Object {
        let topics = self.view.topics.iter().zip(&self.topics).map(|(topic, id)| {
            let events = topic.events.iter().copied();
            let channel = json!({
                "address": self.documents.topic_address(&topic.name),
                "title": format!("Topic {}", topic.name),
                "messages": self.messages_of(events),
                "bindings": { "sns": bindings::topic(&self.documents.topic_address(&topic.name)) },
            });
            (id.clone(), channel)
        });
        let queues = self.view.queues.iter().enumerate().zip(&self.queues).map(|((place, queue), id)| {
            let mut channel = json!({
                "address": self.documents.queue_address(&queue.name),
                "title": format!("Queue {}", queue.name),
                "messages": self.messages_of(self.taken_from(place).into_iter()),
                "bindings": { "sqs": bindings::queue(queue, self.documents) },
            });
            let wrapped = queue.setup.feeds.values().any(|feed| !feed.raw);
            insert(&mut channel, "description", wrapped.then_some(WRAPPED));
            (id.clone(), channel)
        });
        topics.chain(queues).collect()
    }

    /// The events that come out of a queue: what its subscribers listen to, and the older versions these are made from.
    pub(super) fn taken_from(&self, queue: usize) -> Vec<usize> {
        let mut events: Vec<usize> = Vec::new();
        for subscriber in self.view.subscribers.iter().filter(|subscriber| subscriber.queue == Some(queue)) {
            for event in subscriber.events.iter().filter_map(|place| self.view.event(*place)) {
                let ancestors = event.descriptor.ancestors();
                let is_read = |place: &usize| {
                    self.view.event(*place).is_some_and(|other| {
                        other.descriptor.is_same_type(event.descriptor)
                            || ancestors.iter().any(|old| old.is_same_type(other.descriptor))
                    })
                };
                events.extend(event.versions.iter().copied().filter(is_read));
            }
        }
        events.sort_unstable();
        events.dedup();
        events
    }

    fn messages_of(&self, events: impl Iterator<Item = usize>) -> Object {
        let names = self.wire_messages(events);
        names.map(|name| (name.to_owned(), reference(&["components", "messages", name]))).collect()
    }

    /// The messages in a channel, as an operation refers to them.
    pub(super) fn in_channel(&self, channel: &str, events: impl Iterator<Item = usize>) -> Vec<Value> {
        self.wire_messages(events).map(|name| reference(&["channels", channel, "messages", name])).collect()
    }

    fn wire_messages(&self, events: impl Iterator<Item = usize>) -> impl Iterator<Item = &str> {
        let leaves = |place: &usize| self.view.event(*place).is_some_and(|event| !event.descriptor.is_local());
        events.filter(leaves).filter_map(|place| self.messages.get(place)).map(String::as_str)
    }
}
