//! The consuming engine, over memory with faults and tokio's paused clock: how many requests it makes, what it does about
//! leases, errors and panics, and that nothing is lost. Every test counts what was published, handled and deleted.

mod control;
mod failures;
mod leases;
mod requests;
mod settling;
mod stopping;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use melange::{CancellationToken, Event, EventBus, EventBusBuilder, State, subscriber};
use melange_tests::faulty::Faulty;
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(topic = "jobs")]
struct Job {
    number: u64,
    takes_ms: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(topic = "steps.fifo")]
struct Step {
    #[event(key)]
    order: String,
    number: u64,
}

/// What was handled, in order.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<u64>>>);

impl Seen {
    fn note(&self, number: u64) {
        self.0.lock().unwrap().push(number);
    }

    fn numbers(&self) -> Vec<u64> {
        self.0.lock().unwrap().clone()
    }

    fn counts(&self) -> BTreeMap<u64, usize> {
        self.numbers().into_iter().fold(BTreeMap::new(), |mut counts, number| {
            *counts.entry(number).or_default() += 1;
            counts
        })
    }

    /// The four counts; nothing may be lost or unexpected.
    fn check(&self, published: u64) -> usize {
        let counts = self.counts();
        let lost = (0..published).filter(|number| !counts.contains_key(number)).count();
        let unexpected = counts.keys().filter(|number| **number >= published).count();
        let duplicated = counts.values().filter(|count| **count > 1).count();
        println!(
            "published {published}, handled {}, duplicated {duplicated}, lost {lost}, unexpected {unexpected}",
            counts.len()
        );
        assert_eq!((lost, unexpected), (0, 0));
        duplicated
    }
}

#[subscriber(listens_to = Job, retry(attempts = 5, backoff = "1s..2s"))]
async fn work(job: &Job, State(seen): State<Seen>) {
    sleep(Duration::from_millis(job.takes_ms)).await;
    seen.note(job.number);
}

/// Notes the numbers of those whose token is cancelled while they run, plus 1000.
#[subscriber(listens_to = Job)]
async fn heedful(job: &Job, token: CancellationToken, State(seen): State<Seen>) {
    tokio::select! {
        () = sleep(Duration::from_millis(job.takes_ms)) => seen.note(job.number),
        () = token.cancelled() => seen.note(job.number + 1000),
    }
}

/// A bus that runs `work`.
async fn running(transport: &Faulty, seen: &Seen, concurrency: usize) -> EventBus {
    started(EventBus::builder().subscribers(melange::subscribers![work]).concurrency(concurrency), transport, seen)
        .await
}

/// A bus that runs `heedful`.
async fn heeding(transport: &Faulty, seen: &Seen) -> EventBus {
    started(EventBus::builder().subscribers(melange::subscribers![heedful]), transport, seen).await
}

async fn started(builder: EventBusBuilder, transport: &Faulty, seen: &Seen) -> EventBus {
    let bus = builder.state(seen.clone()).transport(transport.clone()).build().unwrap();
    bus.start().await.unwrap();
    bus
}

async fn publish(bus: &EventBus, numbers: impl IntoIterator<Item = u64>, takes_ms: u64) {
    let jobs = numbers.into_iter().map(|number| Job { number, takes_ms });
    assert!(bus.publish_all(jobs).await.iter().all(Result::is_ok));
}
