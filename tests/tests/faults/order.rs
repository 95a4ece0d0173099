//! Messages that come in another order, and groups whose order is kept.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use melange::{Event, EventBus, Latest, Metadata, Outcome, State, Timestamp, subscriber};
use melange_aws_stub::Stub;
use serde::{Deserialize, Serialize};

use crate::counts::{Counts, Numbered, number_in};
use crate::events::Step;
use crate::service::{STEPS, prepared, queue, started, stepping, stop, until};

/// What a sensor has measured.
#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(topic = "readings")]
struct Reading {
    number: u64,
    sensor: u64,
    #[event(occurred_on)]
    at: Timestamp,
}

impl Numbered for Reading {
    fn number(&self) -> u64 {
        self.number
    }
}

type Shown = Arc<Mutex<BTreeMap<u64, Timestamp>>>;

/// Shows the newest of each sensor.
#[subscriber(listens_to = Reading)]
async fn show(
    reading: &Reading,
    meta: &Metadata,
    State(counts): State<Counts>,
    State(latest): State<Arc<Latest<u64>>>,
    State(shown): State<Shown>,
) -> Outcome {
    counts.receive(reading.number, &meta.event_id);
    if latest.is_newer(reading.sensor, meta.occurred_on) {
        shown.lock().unwrap().insert(reading.sensor, meta.occurred_on);
    }
    Outcome::Done
}

#[tokio::test(flavor = "multi_thread")]
async fn row_15_reorder_on_a_standard_queue() {
    let (stub, counts, shown) = (Stub::start().await, Counts::default(), Shown::default());
    let bus = EventBus::builder()
        .subscribers(melange::subscribers![show])
        .state(counts.clone())
        .state(Arc::new(Latest::<u64>::new(100)))
        .state(Arc::clone(&shown))
        .transport(queue(&stub, "displays", Duration::from_secs(30)));
    let bus = started(bus).await;
    let moment = |second: u64| Timestamp::from_unix_millis(1_700_000_000_000 + second as i64 * 1000).unwrap();
    let mut readings: Vec<Reading> =
        (0..200).map(|number| Reading { number, sensor: number % 10, at: moment(number) }).collect();
    fastrand::Rng::with_seed(15).shuffle(&mut readings);
    counts.publish(bus.publisher(), readings).await;
    until("all are handled", || bus.metrics().handled == 200).await;
    let newest: BTreeMap<u64, Timestamp> = (190..200).map(|number| (number % 10, moment(number))).collect();
    assert_eq!(*shown.lock().unwrap(), newest);
    assert_eq!(counts.check(15).duplicated, 0);
    stop(bus).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_16_fifo_middle_of_a_group_fails() {
    let (stub, counts) = (Stub::start().await, Counts::default());
    let bus = started(stepping(queue(&stub, STEPS, Duration::from_secs(30)), &counts)).await;
    let control = bus.queue(STEPS).unwrap();
    control.pause();
    // Group a has 0, 2, .., 18, group b the others; the 6 fails twice.
    let steps = (0..20).map(|number| Step {
        order: if number % 2 == 0 { "a" } else { "b" }.to_owned(),
        number,
        failing: if number == 6 { 2 } else { 0 },
    });
    counts.publish(bus.publisher(), steps).await;
    control.resume();
    until("the other group goes on", || counts.order().iter().filter(|number| *number % 2 == 1).count() == 10).await;
    let a: Vec<u64> = counts.order().into_iter().filter(|number| number % 2 == 0).collect();
    assert!(a.len() <= 3, "nothing of the group runs past what failed: {a:?}");
    let left = |stub: &Stub| stub.messages_in(STEPS).iter().filter(|m| m.group.as_deref() == Some("a")).count();
    assert!(left(&stub) >= 7, "nor is it deleted");
    until("all are handled", || bus.metrics().handled == 20).await;
    let (even, odd): (Vec<u64>, Vec<u64>) = counts.order().into_iter().partition(|number| number % 2 == 0);
    assert!(even.is_sorted() && odd.is_sorted(), "{even:?} {odd:?}");
    assert_eq!(counts.check(16).duplicated, 0);
    stop(bus).await;
}

/// How often each step has been run.
#[derive(Clone, Default)]
struct Runs(Arc<Mutex<BTreeMap<u64, u32>>>);

/// Fails so many of its first runs, whatever they are counted as.
#[subscriber(listens_to = Step, retry(attempts = 5, backoff = "1s..1s"))]
async fn stumble(step: &Step, meta: &Metadata, State(counts): State<Counts>, State(runs): State<Runs>) -> Outcome {
    let run = {
        let mut runs = runs.0.lock().unwrap();
        let run = runs.entry(step.number).or_default();
        *run += 1;
        *run
    };
    if run <= step.failing {
        return Outcome::retry("a test says so");
    }
    counts.receive(step.number, &meta.event_id);
    Outcome::Done
}

/// Each receive brings the whole group, and what stands behind a failure goes back without having run: that must not use
/// up its attempts.
#[tokio::test(flavor = "multi_thread")]
async fn row_16_fifo_those_behind_a_failure_keep_their_attempts() {
    let (stub, counts, runs) = (Stub::start().await, Counts::default(), Runs::default());
    let transport = queue(&stub, STEPS, Duration::from_secs(600));
    let bus = EventBus::builder().subscribers(melange::subscribers![stumble]).state(counts.clone()).state(runs.clone());
    let bus = prepared(bus.transport(transport.clone()).wait(Duration::from_secs(1)), &transport).await;
    // Of five attempts two or three fail, for one of them all.
    let steps = [2, 3, u32::MAX, 2, 3, 0].into_iter().zip(0..);
    let steps = steps.map(|(failing, number)| Step { order: "a".to_owned(), number, failing });
    counts.publish(bus.publisher(), steps).await;
    bus.start().await.unwrap();
    until("all are settled", || {
        stub.advance(Duration::from_millis(200));
        bus.metrics().handled + bus.metrics().dead_lettered >= 6 || stub.messages_in(STEPS).is_empty()
    })
    .await;
    let dead = stub.messages_in("stepping-dlq.fifo");
    dead.iter().for_each(|letter| counts.put_aside(number_in(Some(&letter.body))));
    assert_eq!(*runs.0.lock().unwrap(), BTreeMap::from([(0, 3), (1, 4), (2, 5), (3, 3), (4, 4), (5, 1)]));
    assert_eq!((dead.len(), dead[0].attributes["melange_reason"].as_str()), (1, "a test says so"));
    assert_eq!(counts.order(), [0, 1, 3, 4, 5, 2], "in order, and at last the one that was given up");
    assert_eq!(counts.check(16).duplicated, 0);
    stop(bus).await;
}
