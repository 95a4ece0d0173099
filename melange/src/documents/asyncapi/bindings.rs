//! The bindings of SNS and SQS, in the versions that go with AsyncAPI 3.0.0.
//!
//! Source: <https://github.com/asyncapi/bindings>, `sns` 0.1.0 and `sqs` 0.2.0.

use serde_json::{Value, json};

use crate::attributes::EVENT_TYPE;
use crate::documents::Documents;
use crate::documents::view::{QueueView, View};

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
    let mut consumers = Vec::new();
    for queue in &view.queues {
        for filter in queue.filters.iter().filter(|filter| filter.topic == topic) {
            consumers.push(json!({
                "protocol": "sqs",
                "endpoint": { "name": documents.address(&queue.name) },
                "filterPolicy": { EVENT_TYPE: filter.event_types },
                "filterPolicyScope": "MessageAttributes",
                "rawMessageDelivery": true,
            }));
        }
    }
    let topic = json!({ "name": documents.address(topic) });
    (!consumers.is_empty()).then(|| json!({ "topic": topic, "consumers": consumers, "bindingVersion": SNS }))
}

/// A queue with its dead-letter queue.
pub(super) fn queue(queue: &QueueView, documents: &Documents) -> Value {
    json!({
        "queue": settings(queue, documents),
        "deadLetterQueue": { "name": documents.address(&queue.dead_letters), "fifoQueue": is_fifo(queue) },
        "bindingVersion": SQS,
    })
}

/// A queue that is consumed from.
pub(super) fn consumed(queue: &QueueView, documents: &Documents) -> Value {
    json!({ "queues": [settings(queue, documents)], "bindingVersion": SQS })
}

fn settings(queue: &QueueView, documents: &Documents) -> Value {
    json!({
        "name": documents.address(&queue.name),
        "fifoQueue": is_fifo(queue),
        "visibilityTimeout": queue.visibility.as_secs(),
        "redrivePolicy": {
            "deadLetterQueue": { "name": documents.address(&queue.dead_letters) },
            "maxReceiveCount": queue.max_receives,
        },
    })
}

fn is_fifo(queue: &QueueView) -> bool {
    queue.name.ends_with(".fifo")
}
