//! Messages that are not recognised: of events, versions and fields that nobody here knows.

use melange::transport::MemoryTransport;
use melange::{Event, UnknownEvents};
use melange_tests::faulty::Faulty;
use serde::{Deserialize, Serialize};

use crate::counts::{Counts, Numbered, number_in};
use crate::events::jobs;
use crate::service::{WORKERS, started, stop, until, workers};

/// An event of this topic that the workers do not know.
#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(topic = "jobs")]
struct Holiday {
    number: u64,
}

impl Numbered for Holiday {
    fn number(&self) -> u64 {
        self.number
    }
}

#[tokio::test(start_paused = true)]
async fn row_11_unknown_event_type() {
    for policy in [UnknownEvents::Acknowledge, UnknownEvents::DeadLetter] {
        let (stub_like, counts) = (MemoryTransport::new(), Counts::default());
        let transport = stub_like.queue(WORKERS);
        let bus = started(workers(transport.clone(), &counts).unknown_events(policy)).await;
        // Past the filter, which would keep it out: as while a filter policy has not arrived everywhere.
        for number in 0..5 {
            counts.attempt(number);
            bus.send_to(WORKERS, Holiday { number }).await.unwrap();
            counts.acknowledge(number);
        }
        counts.publish(bus.publisher(), jobs(5..10)).await;
        until("all are settled", || bus.metrics().handled == 5 && transport.depth(WORKERS).total() == 0).await;
        let metrics = bus.metrics();
        assert_eq!((metrics.received, metrics.retried), (10, 0), "no loop of retries");
        let dead = transport.dead_letters(WORKERS);
        match policy {
            UnknownEvents::Acknowledge => assert_eq!((metrics.ignored, dead.len()), (5, 0)),
            _ => {
                assert_eq!((metrics.dead_lettered, dead.len()), (5, 5));
                assert!(dead.iter().all(|letter| letter.reason.contains("Holiday")), "{dead:?}");
            }
        }
        (0..5).for_each(|number| counts.put_aside(number));
        assert_eq!(counts.check(11).duplicated, 0);
        stop(bus).await;
    }
}

/// What a newer release of another service publishes.
#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(topic = "jobs", name = "Job")]
struct WiderJob {
    number: u64,
    priority: u8,
    tags: Vec<String>,
}

/// What that service publishes when it has changed what a job is.
#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(topic = "jobs", name = "Job", version = 2)]
struct NextJob {
    number: u64,
    label: String,
}

impl Numbered for WiderJob {
    fn number(&self) -> u64 {
        self.number
    }
}

impl Numbered for NextJob {
    fn number(&self) -> u64 {
        self.number
    }
}

#[tokio::test(start_paused = true)]
async fn row_12_newer_versions_and_other_fields() {
    let (transport, counts) = (Faulty::new(WORKERS), Counts::default());
    let bus = started(workers(transport.clone(), &counts)).await;
    // More fields than are known, and without those that have a default.
    let wider = |number| WiderJob { number, priority: 1, tags: vec!["a".to_owned()] };
    counts.publish(bus.publisher(), (0..5).map(wider)).await;
    until("they are handled", || bus.metrics().handled == 5).await;
    // Another version is not guessed at: it may be that a newer worker comes. Then it is put aside.
    let next = |number| NextJob { number, label: "x".to_owned() };
    counts.publish(bus.publisher(), (5..8).map(next)).await;
    counts.publish(bus.publisher(), jobs(8..10)).await;
    until("the others are handled", || bus.metrics().handled == 7).await;
    until("they are given up", || bus.metrics().dead_lettered == 3).await;
    let dead = transport.account().dead_letters(WORKERS);
    assert!(dead.iter().all(|letter| letter.reason.contains("version 2 of Job") && letter.attempts == 9), "{dead:?}");
    dead.iter().for_each(|letter| counts.put_aside(number_in(letter.body.as_deref())));
    assert_eq!(counts.check(12).duplicated, 0);
    stop(bus).await;
}
