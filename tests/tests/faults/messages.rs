//! Messages that cannot be handled, read or recognised, or come in another order or twice.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_sqs::types::MessageAttributeValue;
use melange::transport::MemoryTransport;
use melange::{
    Event, EventBus, Latest, MessagePublisher, Metadata, Outcome, State, Timestamp, UnknownEvents, subscriber,
};
use melange_aws_stub::{Fault, REGION, Stub};
use melange_tests::faulty::{Act, Faulty, Op};
use serde::{Deserialize, Serialize};

use crate::counts::{Counts, Numbered};
use crate::events::{Job, Step, jobs};
use crate::logs;
use crate::service::{STEPS, WORKERS, aws, prepared, queue, started, stepping, stop, until, workers};

#[tokio::test(start_paused = true)]
async fn row_08_handler_panic() {
    let (transport, counts) = (Faulty::new(WORKERS), Counts::default());
    let bus = started(workers(transport.clone(), &counts)).await;
    let panicking = Job { number: 4, failing: 2, panics: true, ..Job::default() };
    let begun = tokio::time::Instant::now();
    counts.publish(bus.publisher(), jobs((0..10).filter(|number| *number != 4)).chain([panicking])).await;
    until("the others are handled", || counts.received() == 9).await;
    assert!(begun.elapsed() < Duration::from_secs(1), "they wait for nobody: {:?}", begun.elapsed());
    until("all are handled", || bus.metrics().handled == 10).await;
    let metrics = bus.metrics();
    assert_eq!((metrics.failed_runs, metrics.retried, metrics.received), (2, 2, 12));
    assert!(bus.health().is_healthy());
    assert_eq!(counts.check(8).duplicated, 0);
    stop(bus).await;
}

#[tokio::test(start_paused = true)]
async fn row_09_poison_message() {
    let (transport, counts) = (Faulty::new(WORKERS), Counts::default());
    let bus = started(workers(transport.clone(), &counts).concurrency(10)).await;
    // As many as there are slots: the queue must go on all the same.
    let poison = (0..10).map(|number| Job { number, failing: u32::MAX, ..Job::default() });
    counts.publish(bus.publisher(), poison.chain(jobs(10..50))).await;
    until("the others are handled", || counts.received() == 40).await;
    until("the rest is given up", || bus.metrics().dead_lettered == 10).await;
    let dead = transport.account().dead_letters(WORKERS);
    assert!(dead.iter().all(|letter| letter.attempts == 5 && letter.reason == "a test says so"));
    dead.iter().for_each(|letter| counts.put_aside(number(letter.body.as_deref())));
    let rests: Vec<Duration> =
        transport.calls(Op::ChangeVisibility).iter().flat_map(|call| call.visibilities.clone()).collect();
    // A rest begins when it is decided, up to a tenth of a second before its request goes out.
    assert!(rests.len() == 40 && rests.iter().all(|rest| *rest >= Duration::from_millis(900)), "{rests:?}");
    assert_eq!(transport.account().depth(WORKERS).total(), 0);
    assert_eq!(counts.check(9).duplicated, 0);
    stop(bus).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_09_poison_that_kills_whoever_reads_it() {
    let (stub, counts) = (Stub::start().await, Counts::default());
    let bus = started(workers(queue(&stub, WORKERS, Duration::from_secs(30)), &counts)).await;
    stop(bus).await;
    counts.publish(&MessagePublisher::new(aws(&stub)), jobs([0])).await;
    // Nobody lives to give it up. The queue itself does: 5 attempts and 5 more.
    let sqs = aws_sdk_sqs::Client::new(&stub.sdk_config());
    let url = format!("{}/000000000000/{WORKERS}", stub.endpoint());
    let mut receives = 0;
    while stub.messages().dead_lettered == 0 {
        let received = sqs.receive_message().queue_url(&url).visibility_timeout(30).send().await.unwrap();
        receives += received.messages().len();
        stub.advance(Duration::from_secs(31));
        assert!(receives < 20);
    }
    assert_eq!(receives, 10);
    let dead = stub.messages_in("workers-dlq");
    dead.iter().for_each(|letter| counts.put_aside(number(Some(&letter.body))));
    assert_eq!(counts.check(9).duplicated, 0);
}

/// The number in a body.
fn number(body: Option<&str>) -> u64 {
    let json: serde_json::Value = serde_json::from_str(body.unwrap()).unwrap();
    json["number"].as_u64().unwrap()
}

/// Puts a body of any kind into the workers' queue.
async fn put(stub: &Stub, counts: &Counts, number: u64, body: &str, attributes: &[(&str, &str)]) {
    let sqs = aws_sdk_sqs::Client::new(&stub.sdk_config());
    let url = format!("{}/000000000000/{WORKERS}", stub.endpoint());
    let mut send = sqs.send_message().queue_url(url).message_body(body);
    for (name, value) in [("number", number.to_string().as_str())].iter().chain(attributes) {
        let value = MessageAttributeValue::builder().data_type("String").string_value(*value).build().unwrap();
        send = send.message_attributes(*name, value);
    }
    counts.attempt(number);
    send.send().await.unwrap();
    counts.acknowledge(number);
}

/// What was put into the dead-letter queue, by number: why.
fn dead(stub: &Stub, counts: &Counts) -> BTreeMap<u64, String> {
    let letters = stub.messages_in("workers-dlq");
    let reasons = letters.iter().map(|letter| {
        let number = letter.attributes["number"].parse().unwrap();
        counts.put_aside(number);
        (number, letter.attributes["melange_reason"].clone())
    });
    reasons.collect()
}

const SECRET: &str = "secret-of-row-10";

#[tokio::test(flavor = "multi_thread")]
async fn row_10_undecodable() {
    let logs = logs::collect();
    let (stub, counts) = (Stub::start().await, Counts::default());
    let bus = started(workers(queue(&stub, WORKERS, Duration::from_secs(30)), &counts)).await;
    let control = bus.queue(WORKERS).unwrap();
    control.pause();
    let confirmation = format!(
        r#"{{"Type":"SubscriptionConfirmation","MessageId":"{SECRET}","Token":"{SECRET}","TopicArn":"arn:aws:sns:{REGION}:000000000000:jobs","Message":"You have chosen","SubscribeURL":"https://{SECRET}","Timestamp":"2026-01-01T00:00:00.000Z"}}"#
    );
    let wrapped = |message: &str| {
        let message = serde_json::Value::from(message);
        format!(
            r#"{{"Type":"Notification","MessageId":"m","TopicArn":"arn:aws:sns:{REGION}:000000000000:jobs","Message":{message}}}"#
        )
    };
    let bodies = [
        format!(r#"{{"event_type_name":"Job","number":{SECRET}"#),
        SECRET.to_owned(),
        format!(r#"["{SECRET}"]"#),
        format!(r#"{{"number":1,"note":"{SECRET}"}}"#),
        format!(r#"{{"event_type_name":"Job","number":"{SECRET}"}}"#),
        format!(r#"{{"event_type_name":"Job","note":"{SECRET}"}}"#),
        // Invalid UTF-8, in base64.
        "//79/A==".to_owned(),
        wrapped(SECRET),
        wrapped(&wrapped(SECRET)),
        confirmation,
    ];
    let count = bodies.len() as u64;
    for (number, body) in (100..).zip(&bodies) {
        put(&stub, &counts, number, body, &[]).await;
        counts.publish(bus.publisher(), jobs([number - 100])).await;
    }
    // Unread, whatever it says.
    put(&stub, &counts, 100 + count, r#"{"event_type_name":"Job","number":1}"#, &[("serializer_id", "2")]).await;
    control.resume();
    until("the good ones are handled", || counts.received() as u64 == count).await;
    until("the others are put aside", || bus.metrics().dead_lettered == count + 1).await;
    let metrics = bus.metrics();
    assert_eq!((metrics.received, metrics.retried), (2 * count + 1, 0), "each was looked at once");
    let reasons = dead(&stub, &counts);
    assert_eq!(reasons.len() as u64, count + 1);
    assert!(reasons.values().all(|reason| !reason.contains(SECRET)), "{reasons:?}");
    stop(bus).await;
    assert!(logs.text().contains("dead-lettered") && !logs.text().contains(SECRET), "bodies are not logged");
    assert_eq!(counts.check(10).duplicated, 0);
}

/// An event that takes anything.
#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(topic = "things")]
struct Thing {
    number: u64,
    anything: serde_json::Value,
}

#[subscriber(listens_to = Thing)]
async fn take(thing: &Thing, meta: &Metadata, State(counts): State<Counts>) {
    counts.receive(thing.number, &meta.event_id);
}

#[tokio::test(flavor = "multi_thread")]
async fn row_31_deep_nesting_huge_numbers_duplicate_keys_and_a_megabyte() {
    let (stub, counts) = (Stub::start().await, Counts::default());
    let transport = queue(&stub, WORKERS, Duration::from_secs(30));
    let bus = EventBus::builder().subscribers(melange::subscribers![take]).state(counts.clone());
    let bus = bus.transport(transport.clone()).wait(Duration::from_secs(1)).build().unwrap();
    melange::Transport::prepare(&transport, bus.topology()).await.unwrap();
    let deep = |open: &str, inner: &str, close: &str, times: usize| {
        format!("{}{inner}{}", open.repeat(times), close.repeat(times))
    };
    let thing = |number: u64, anything: &str| {
        format!(r#"{{"event_type_name":"Thing","event_id":"{number}","number":{number},"anything":{anything}}}"#)
    };
    let unreadable = [
        thing(0, &deep("[", "", "]", 10_000)),
        thing(1, &deep(r#"{"a":"#, "1", "}", 10_000)),
        // Where nobody looks for it.
        thing(2, "1").replace(r#""number":2"#, &format!(r#""other":{},"number":"x""#, deep("[", "", "]", 100_000))),
        deep("[", "", "]", 200_000),
        thing(4, &"1".repeat(2)).replace(r#""number":4"#, r#""number":1e400"#),
        thing(5, "1").replace(r#""number":5"#, &format!(r#""number":{}"#, "9".repeat(10_000))),
        thing(6, "1").replace(r#""number":6"#, r#""number":6,"number":7"#),
    ];
    let readable = [
        thing(10, &deep("[", "", "]", 100)),
        thing(11, "1e300"),
        thing(12, r#"{"a":1,"a":2}"#),
        thing(13, &format!("\"{}\"", "x".repeat(1_000_000))),
        thing(14, &format!("[{}0]", "0,".repeat(400_000))),
        thing(15, "1").replace(r#""number":15"#, &format!(r#""other":{},"number":15"#, deep("[", "", "]", 10_000))),
    ];
    for (number, body) in (0..).zip(&unreadable) {
        put(&stub, &counts, number, body, &[]).await;
    }
    for (number, body) in (10..).zip(&readable) {
        put(&stub, &counts, number, body, &[]).await;
    }
    bus.start().await.unwrap();
    let settled = || bus.metrics().dead_lettered + bus.metrics().handled;
    until("all are settled", || settled() == 13).await;
    let reasons = dead(&stub, &counts);
    assert_eq!(reasons.keys().copied().collect::<Vec<u64>>(), (0..7).collect::<Vec<u64>>(), "{reasons:#?}");
    assert_eq!((bus.metrics().received, bus.metrics().retried), (13, 0));
    assert_eq!(counts.check(31).duplicated, 0);
    stop(bus).await;
}

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
    dead.iter().for_each(|letter| counts.put_aside(number(letter.body.as_deref())));
    assert_eq!(counts.check(12).duplicated, 0);
    stop(bus).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_13_duplicate_delivery_one_after_the_other() {
    let (stub, counts) = (Stub::start().await, Counts::default());
    let bus = started(workers(queue(&stub, WORKERS, Duration::from_secs(30)), &counts)).await;
    // It is published, the answer is lost, and the SDK publishes it again: under the same event id.
    stub.inject(Fault::close_after().on("PublishBatch").times(1));
    counts.publish(bus.publisher(), jobs([0])).await;
    until("both are handled", || bus.metrics().handled == 2).await;
    assert_eq!(counts.check(13).duplicated, 1, "at least once, as documented");
    stop(bus).await;

    // A FIFO topic knows it.
    let counts = Counts::default();
    let bus = started(stepping(queue(&stub, STEPS, Duration::from_secs(30)), &counts)).await;
    stub.inject(Fault::close_after().on("PublishBatch").times(1));
    let steps = (0..3).map(|number| Step { order: "a".to_owned(), number, failing: 0 });
    counts.publish(bus.publisher(), steps).await;
    until("all are handled", || bus.metrics().handled == 3).await;
    assert_eq!((counts.check(13).duplicated, counts.order()), (0, vec![0, 1, 2]));
    stop(bus).await;
}

#[tokio::test(start_paused = true)]
async fn row_13_who_is_done_is_not_run_again_in_the_same_process() {
    let (transport, counts) = (Faulty::new(WORKERS), Counts::default());
    // The delete is carried out never, or its answer is lost: the message comes again.
    transport.rule(|call| match (call.op, call.number) {
        (Op::Delete, 1..=20) => Act::Fail(melange::transport::TransportErrorKind::Unavailable),
        _ => Act::Pass,
    });
    let bus = started(workers(transport.clone(), &counts)).await;
    counts.publish(bus.publisher(), jobs(0..5)).await;
    until("they come again and are deleted", || bus.metrics().handled == 5).await;
    assert!(bus.metrics().received > 5);
    assert_eq!(counts.check(13).duplicated, 0);
    stop(bus).await;
}

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
    dead.iter().for_each(|letter| counts.put_aside(number(Some(&letter.body))));
    assert_eq!(*runs.0.lock().unwrap(), BTreeMap::from([(0, 3), (1, 4), (2, 5), (3, 3), (4, 4), (5, 1)]));
    assert_eq!((dead.len(), dead[0].attributes["melange_reason"].as_str()), (1, "a test says so"));
    assert_eq!(counts.order(), [0, 1, 3, 4, 5, 2], "in order, and at last the one that was given up");
    assert_eq!(counts.check(16).duplicated, 0);
    stop(bus).await;
}
