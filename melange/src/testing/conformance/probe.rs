//! What the subscribers of a case saw, and what they were told to answer.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::timeout;

use crate::subscriber::{Subscriber, SubscriberOptions};
use crate::transport::{Delivery, Transport};
use crate::{Context, Event, EventBus, Metadata, Outcome, RetryPolicy};

/// Long enough for any broker, short enough to fail a test.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// As short as brokers can rest a message.
pub(crate) const QUICK: RetryPolicy = RetryPolicy::new(5, Duration::from_secs(1), Duration::from_secs(1));

/// A subscriber that notes what it sees and answers as told. Clones share their notes.
pub(crate) struct Probe<E> {
    notes: Arc<Notes<E>>,
    pub(crate) options: SubscriberOptions,
    answer: Arc<Answering<E>>,
}

type Answering<E> = dyn Fn(&E, &Metadata) -> Answer + Send + Sync;

struct Notes<E> {
    seen: Mutex<Vec<(E, Metadata)>>,
    done: Mutex<usize>,
    changed: Notify,
}

/// What a probe does with an event.
pub(crate) enum Answer {
    Now(Outcome),
    After(Duration),
    Panic,
}

impl<E: Event + Clone> Probe<E> {
    pub(crate) fn new(answer: impl Fn(&E, &Metadata) -> Answer + Send + Sync + 'static) -> Self {
        let notes = Notes { seen: Mutex::default(), done: Mutex::default(), changed: Notify::new() };
        let options = SubscriberOptions::new().with_retry(QUICK);
        Self { notes: Arc::new(notes), options, answer: Arc::new(answer) }
    }

    /// One that is content with all it sees.
    pub(crate) fn content() -> Self {
        Self::new(|_, _| Answer::Now(Outcome::Done))
    }

    pub(crate) fn with(mut self, options: SubscriberOptions) -> Self {
        self.options = options;
        self
    }

    pub(crate) fn handle(&self) -> Self {
        Self { notes: Arc::clone(&self.notes), options: self.options, answer: Arc::clone(&self.answer) }
    }

    pub(crate) fn seen(&self) -> Vec<(E, Metadata)> {
        self.notes.seen.lock().unwrap().clone()
    }

    pub(crate) fn events(&self) -> Vec<E> {
        self.seen().into_iter().map(|(event, _)| event).collect()
    }

    /// Runs that came to their end.
    pub(crate) fn done(&self) -> usize {
        *self.notes.done.lock().unwrap()
    }

    /// Waits until `count` runs have begun.
    pub(crate) async fn has_seen(&self, count: usize) {
        self.until(count, "begun", |probe| probe.seen().len()).await;
    }

    /// Waits until `count` runs have come to their end.
    pub(crate) async fn has_done(&self, count: usize) {
        self.until(count, "ended", Self::done).await;
    }

    async fn until(&self, count: usize, what: &str, now: impl Fn(&Self) -> usize) {
        let enough = async {
            loop {
                let changed = self.notes.changed.notified();
                if now(self) >= count {
                    return;
                }
                changed.await;
            }
        };
        if timeout(PATIENCE, enough).await.is_err() {
            panic!("{} of {count} runs had {what} after {PATIENCE:?}", now(self));
        }
    }
}

impl<E: Event + Clone> Subscriber<E> for Probe<E> {
    async fn process(&self, event: &E, cx: &Context<E>) -> Outcome {
        self.notes.seen.lock().unwrap().push((event.clone(), cx.metadata().clone()));
        self.notes.changed.notify_waiters();
        let outcome = match (self.answer)(event, cx.metadata()) {
            Answer::Now(outcome) => outcome,
            Answer::After(wait) => {
                tokio::time::sleep(wait).await;
                Outcome::Done
            }
            Answer::Panic => panic!("a probe that was told to"),
        };
        *self.notes.done.lock().unwrap() += 1;
        self.notes.changed.notify_waiters();
        outcome
    }

    fn options(&self) -> SubscriberOptions {
        self.options
    }
}

/// A running bus on `transport` with these probes.
pub(crate) async fn running<E: Event + Clone>(
    transport: impl Transport,
    probes: impl IntoIterator<Item = Probe<E>>,
) -> EventBus {
    let mut builder = EventBus::builder().transport(transport).wait(Duration::from_secs(2));
    for probe in probes {
        builder = builder.subscriber(probe);
    }
    let bus = builder.build().unwrap();
    bus.start().await.unwrap();
    bus
}

pub(crate) async fn stop(bus: &EventBus) {
    bus.shutdown(Duration::from_secs(20)).await.unwrap();
}

/// The dead letters of a queue: why, and who gave it up.
pub(crate) async fn dead_letters(
    transport: &impl Transport,
    queue: &str,
    count: usize,
) -> Vec<(String, Option<String>, Delivery)> {
    let name = format!("{queue}-dlq");
    let mut letters = Vec::new();
    let all = async {
        while letters.len() < count {
            for delivery in transport.receive(&name, 10, Duration::from_secs(2)).await.unwrap() {
                let inbound = delivery.content.clone().unwrap();
                let text = |attribute| inbound.attributes.text(attribute).map(str::to_owned);
                let reason = text(crate::attributes::REASON).expect("a dead letter says why it is one");
                let from = text(crate::attributes::ORIGINAL_QUEUE).unwrap_or_default();
                assert!(from.ends_with(queue), "it came from {from}");
                letters.push((reason, text(crate::attributes::SUBSCRIBER), delivery));
            }
        }
    };
    if timeout(PATIENCE, all).await.is_err() {
        panic!("{} of {count} dead letters were there after {PATIENCE:?}", letters.len());
    }
    letters
}

/// Asserts that nothing is left in a queue, in hand or visible, once it had time to come back.
pub(crate) async fn is_empty(transport: &impl Transport, queue: &str) {
    let left = transport.receive(queue, 10, Duration::from_secs(1)).await.unwrap();
    assert!(left.is_empty(), "{} messages are left in {queue}", left.len());
}

/// Waits until the counter reaches `count`.
pub(crate) async fn eventually<F: Future<Output = bool>>(what: &str, holds: impl Fn() -> F) {
    let wait = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(timeout(PATIENCE, wait).await.is_ok(), "{what} did not come true within {PATIENCE:?}");
}

/// How often each is there.
pub(crate) fn counts<T: std::hash::Hash + Eq>(items: impl IntoIterator<Item = T>) -> HashMap<T, usize> {
    let mut counts = HashMap::new();
    for item in items {
        *counts.entry(item).or_default() += 1;
    }
    counts
}
