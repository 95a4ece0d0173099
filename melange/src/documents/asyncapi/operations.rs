//! Operations: what this program sends to topics and receives from queues.

use serde_json::{Value, json};

use super::{Object, Parts, bindings, insert, reference};
use crate::documents::text::duration;
use crate::documents::view::SubscriberView;

impl Parts<'_> {
    pub(super) fn operations(&self) -> Object {
        self.sends().chain(self.receives()).collect()
    }

    fn sends(&self) -> impl Iterator<Item = (String, Value)> {
        self.view.topics.iter().zip(&self.topics).filter_map(|(topic, channel)| {
            let sent = topic.events.iter().copied().filter(|place| self.view.event(*place).is_some_and(|it| it.sent));
            let messages = self.in_channel(channel, sent);
            if messages.is_empty() {
                return None;
            }
            let mut operation = json!({
                "action": "send",
                "channel": reference(&["channels", channel]),
                "summary": format!("Publishes to the topic {}.", topic.name),
                "messages": messages,
            });
            let consumers = bindings::consumers(&topic.name, &self.view, self.documents);
            insert(&mut operation, "bindings", consumers.map(|sns| json!({ "sns": sns })));
            Some((channel.replacen("topic.", "send.", 1), operation))
        })
    }

    fn receives(&self) -> impl Iterator<Item = (String, Value)> {
        self.view.queues.iter().enumerate().zip(&self.queues).filter_map(|((place, queue), channel)| {
            let messages = self.in_channel(channel, self.taken_from(place).into_iter());
            if messages.is_empty() {
                return None;
            }
            let here = self.view.subscribers.iter().filter(|subscriber| subscriber.queue == Some(place));
            let operation = json!({
                "action": "receive",
                "channel": reference(&["channels", channel]),
                "summary": format!("Consumes from the queue {}.", queue.name),
                "messages": messages,
                "bindings": { "sqs": bindings::consumed(queue, self.documents) },
                "x-subscribers": here.map(|subscriber| self.subscriber(subscriber)).collect::<Vec<_>>(),
            });
            Some((channel.replacen("queue.", "receive.", 1), operation))
        })
    }

    fn subscriber(&self, subscriber: &SubscriberView) -> Value {
        let retry = subscriber.options.retry;
        let listens_to = subscriber.events.iter().filter_map(|place| self.view.event(*place));
        let mut value = json!({
            "name": subscriber.name,
            "module": subscriber.location.module_path(),
            "source": subscriber.location.to_string(),
            "listensTo": listens_to.map(|event| event.descriptor.to_string()).collect::<Vec<_>>(),
            "retry": { "attempts": retry.attempts, "backoff": format!("{}..{}", duration(retry.min), duration(retry.max)) },
        });
        insert(&mut value, "timeout", subscriber.options.timeout.map(duration));
        insert(&mut value, "concurrency", subscriber.options.concurrency);
        value
    }
}
