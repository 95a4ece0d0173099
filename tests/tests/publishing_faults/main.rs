//! What publishing costs, and what comes through when AWS fails, on a stub that counts requests and fails on demand.

mod costs;
mod failures;
mod groups;
mod to_queues;

use std::time::Instant;

use melange::transport::TransportErrorKind as Kind;
use melange::{Event, EventId, MessagePublisher, PublishError};
use melange_aws::Aws;
use melange_aws_stub::{Call, Stub};
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(topic = "orders")]
struct OrderPlaced {
    number: u64,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    note: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(topic = "steps.fifo")]
struct Step {
    #[event(key)]
    order: u64,
    number: u64,
}

fn placed(number: u64) -> OrderPlaced {
    OrderPlaced { number, note: String::new() }
}

/// An event whose message has about this many bytes.
fn large(number: u64, bytes: usize) -> OrderPlaced {
    OrderPlaced { number, note: "x".repeat(bytes) }
}

fn step(order: u64, number: u64) -> Step {
    Step { order, number }
}

/// An account with the topics and queues of these tests.
async fn account() -> Stub {
    let stub = Stub::start().await;
    for (topic, queue) in [("orders", "billing"), ("steps.fifo", "steps.fifo")] {
        stub.create_topic(topic);
        stub.create_queue(queue);
        stub.subscribe(topic, queue, true);
    }
    stub
}

/// For what is to come through soon, or to be given up soon.
async fn ready() -> (Stub, MessagePublisher) {
    let stub = account().await;
    let publisher = MessagePublisher::new(Aws::from_config(&stub.hurried_config()));
    (stub, publisher)
}

/// For what is counted: on a busy machine nothing is to be tried again only because it took long.
async fn patient() -> (Stub, MessagePublisher) {
    let stub = account().await;
    let publisher = MessagePublisher::new(Aws::from_config(&stub.sdk_config()));
    (stub, publisher)
}

/// The events in a queue: id, key, number, in the order they came.
fn arrived(stub: &Stub, queue: &str) -> Vec<(String, u64, u64)> {
    let read = |body: &str| {
        let mut event: Value = serde_json::from_str(body).unwrap();
        if let Some(inner) = event.get("Message") {
            event = serde_json::from_str(inner.as_str().unwrap()).unwrap();
        }
        let number = |name: &str| event[name].as_u64().unwrap_or_default();
        (event["event_id"].as_str().unwrap().to_owned(), number("order"), number("number"))
    };
    stub.messages_in(queue).iter().map(|message| read(&message.body)).collect()
}

/// How many messages each request for batches carried.
fn batches(stub: &Stub) -> Vec<usize> {
    stub.calls_of("PublishBatch").iter().map(|call| call.entries).collect()
}

/// Most calls that were under way at the same time.
fn most_at_a_time(calls: &[Call]) -> usize {
    let under_way = |at: Instant| {
        calls.iter().filter(|call| call.at <= at && call.answered.is_none_or(|answered| answered > at)).count()
    };
    calls.iter().map(|call| under_way(call.at)).max().unwrap_or_default()
}

/// Publishes each in a call of its own, at the same time.
async fn crowd(publisher: &MessagePublisher, events: impl IntoIterator<Item = OrderPlaced>) -> Vec<String> {
    let tasks: Vec<_> = events
        .into_iter()
        .map(|event| {
            let publisher = publisher.clone();
            tokio::spawn(async move { publisher.publish(event).await })
        })
        .collect();
    let mut ids = Vec::with_capacity(tasks.len());
    for task in tasks {
        ids.push(task.await.unwrap().unwrap().to_string());
    }
    ids
}

fn outcomes(answers: &[Result<EventId, PublishError>]) -> Vec<Option<Kind>> {
    let kind = |error: &PublishError| error.transport_error().map(|error| error.kind());
    answers.iter().map(|answer| answer.as_ref().err().and_then(kind)).collect()
}

fn sorted<T: Ord>(items: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut items: Vec<T> = items.into_iter().collect();
    items.sort();
    items
}
