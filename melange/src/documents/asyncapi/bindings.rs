//! The bindings of SNS and SQS, in the versions that go with AsyncAPI 3.0.0.
//!
//! Source: <https://github.com/asyncapi/bindings>, `sns` 0.1.0 and `sqs` 0.2.0.

use serde_json::{Value, json};

use super::insert;
use crate::attributes::EVENT_TYPE;
use crate::documents::Documents;
use crate::documents::view::{QueueView, View};
use crate::transport::FeedSetup;

const SNS: &str = "0.1.0";
const SQS: &str = "0.2.0";

/// A topic.
pub(super) fn topic(address: &str) -> Value {
    let ordering = if address.ends_with(".fifo") {
        // Melange gives every message a deduplication id.
        json!({ "type": "FIFO", "contentBasedDeduplication": false })
    } else {
        json!({ "type": "standard" })
    };
    json!({ "name": address, "ordering": ordering, "bindingVersion": SNS })
}

/// The queues of this program that a topic feeds; `None` if there are none.
pub(super) fn consumers(topic: &str, view: &View, documents: &Documents) -> Option<Value> {
    let feeds = view.queues.iter().filter_map(|queue| Some((queue, queue.setup.feeds.get(topic)?)));
    let consumers: Vec<Value> = feeds.map(|(queue, feed)| consumer(queue, feed, documents)).collect();
    let topic = json!({ "name": documents.topic_address(topic) });
    (!consumers.is_empty()).then(|| json!({ "topic": topic, "consumers": consumers, "bindingVersion": SNS }))
}

fn consumer(queue: &QueueView, feed: &FeedSetup, documents: &Documents) -> Value {
    let mut consumer = json!({
        "protocol": "sqs",
        "endpoint": { "name": documents.queue_address(&queue.name) },
        "rawMessageDelivery": feed.raw,
    });
    if let Some(names) = &feed.event_types {
        insert(&mut consumer, "filterPolicy", Some(json!({ EVENT_TYPE: names })));
        // The binding has no room for what lets messages without a name through.
        let values = names.iter().map(|name| Value::from(name.as_str())).chain([json!({ "exists": false })]);
        insert(&mut consumer, "x-filterPolicy", Some(json!({ EVENT_TYPE: values.collect::<Vec<_>>() })));
        insert(&mut consumer, "filterPolicyScope", Some("MessageAttributes"));
    }
    if feed.keeps_undelivered {
        insert(&mut consumer, "redrivePolicy", Some(json!({ "deadLetterQueue": dead_letters(queue, documents) })));
    }
    consumer
}

/// A queue with its dead-letter queue.
pub(super) fn queue(queue: &QueueView, documents: &Documents) -> Value {
    json!({
        "queue": settings(queue, documents),
        "deadLetterQueue": { "name": documents.queue_address(&queue.setup.dead_letters), "fifoQueue": is_fifo(queue) },
        "bindingVersion": SQS,
    })
}

/// A queue that is consumed from.
pub(super) fn consumed(queue: &QueueView, documents: &Documents) -> Value {
    json!({ "queues": [settings(queue, documents)], "bindingVersion": SQS })
}

fn settings(queue: &QueueView, documents: &Documents) -> Value {
    let setup = &queue.setup;
    let mut settings = json!({
        "name": documents.queue_address(&queue.name),
        "fifoQueue": is_fifo(queue),
        "visibilityTimeout": setup.visibility.as_secs(),
        "redrivePolicy": {
            "deadLetterQueue": dead_letters(queue, documents),
            "maxReceiveCount": setup.max_receives,
        },
    });
    insert(&mut settings, "messageRetentionPeriod", setup.retention.map(|retention| retention.as_secs()));
    if setup.by_group {
        insert(&mut settings, "deduplicationScope", Some("messageGroup"));
        insert(&mut settings, "fifoThroughputLimit", Some("perMessageGroupId"));
    }
    settings
}

/// As others refer to it.
fn dead_letters(queue: &QueueView, documents: &Documents) -> Value {
    json!({ "name": documents.queue_address(&queue.setup.dead_letters) })
}

fn is_fifo(queue: &QueueView) -> bool {
    queue.name.ends_with(".fifo")
}
