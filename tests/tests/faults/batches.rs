//! Batches of which a part fails, goes missing, or can never be sent.

use std::time::Duration;

use melange::transport::TransportErrorKind as Kind;
use melange::{Event, EventBus, EventId, PublishError};
use melange_aws_stub::{Fault, Stub};
use serde::{Deserialize, Serialize};

use crate::counts::{Counts, Numbered};
use crate::events::{Job, Step, jobs};
use crate::service::{STEPS, Stalls, WORKERS, queue, started, stepping, stop, until, workers};

const VISIBILITY: Duration = Duration::from_secs(30);

async fn running(stub: &Stub, counts: &Counts) -> EventBus {
    started(workers(queue(stub, WORKERS, VISIBILITY), counts)).await
}

/// How many entries each call of this action was about.
fn entries(stub: &Stub, action: &str) -> Vec<usize> {
    stub.calls_of(action).iter().map(|call| call.entries).collect()
}

/// The places of those that were not published.
fn failed(answers: &[Result<EventId, PublishError>]) -> Vec<usize> {
    (0..answers.len()).filter(|at| answers[*at].is_err()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn row_26_partial_failure_of_publishing() {
    let (stub, counts) = (Stub::start().await, Counts::default());
    let bus = running(&stub, &counts).await;
    // Of ten, two fail for the server's reasons; when they come again, the second of them for the sender's.
    stub.inject(Fault::fail_entries([2, 7], "InternalError", false).on("PublishBatch").times(1));
    stub.inject(Fault::fail_entries([1], "InvalidParameter", true).on("PublishBatch").times(1));
    let answers = counts.publish(bus.publisher(), jobs(0..10)).await;
    assert_eq!(entries(&stub, "PublishBatch"), [10, 2], "only what failed is sent again, and only what may succeed");
    assert_eq!(failed(&answers), [7]);
    let refused = answers[7].as_ref().unwrap_err();
    assert!(refused.is_invalid() && !refused.is_retryable() && !refused.is_uncertain(), "{refused}");
    until("the others are handled", || bus.metrics().handled == 9).await;
    assert!(!counts.order().contains(&7));
    assert_eq!(counts.check(26).duplicated, 0);
    stop(bus).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_26_partial_failure_keeps_the_order_of_a_fifo_topic() {
    let (stub, counts) = (Stub::start().await, Counts::default());
    let bus = started(stepping(queue(&stub, STEPS, VISIBILITY), &counts)).await;
    let mut random = fastrand::Rng::with_seed(26);
    for round in 0..6 {
        let place = random.usize(0..3);
        stub.inject(Fault::fail_entries([place], "InternalError", false).on("PublishBatch").after(round).times(1));
    }
    let steps = (0..40).map(|number| Step { order: (number % 4).to_string(), number, failing: 0 });
    let answers = counts.publish(bus.publisher(), steps).await;
    assert_eq!(failed(&answers), [0_usize; 0]);
    until("all are handled", || bus.metrics().handled == 40).await;
    let of = |group| counts.order().into_iter().filter(|number| number % 4 == group).collect::<Vec<_>>();
    assert!((0..4).all(|group| of(group).is_sorted()), "{:?}", counts.order());
    assert_eq!(counts.check(26).duplicated, 0);
    stop(bus).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_27_partial_failure_of_deleting() {
    let (stub, counts) = (Stub::start().await, Counts::default());
    let bus = running(&stub, &counts).await;
    stub.inject(Fault::fail_entries([0, 4], "InternalError", false).on("DeleteMessageBatch").times(1));
    stub.inject(Fault::fail_entries([1], "InternalError", false).on("DeleteMessageBatch").times(1));
    counts.publish(bus.publisher(), jobs(0..10)).await;
    until("all are deleted", || bus.metrics().handled == 10).await;
    let deletes = entries(&stub, "DeleteMessageBatch");
    assert_eq!(deletes.iter().sum::<usize>(), 13, "only what failed is tried again: {deletes:?}");
    assert!(stub.messages_in(WORKERS).is_empty() && stub.messages().redelivered == 0);
    assert_eq!(counts.check(27).duplicated, 0);
    stop(bus).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_27_what_cannot_be_deleted_comes_again() {
    let (stub, counts) = (Stub::start().await, Counts::default());
    let visibility = Duration::from_secs(2);
    let bus = started(workers(queue(&stub, WORKERS, visibility), &counts)).await;
    let failing = stub.inject(Fault::fail_entries(0..10, "InternalError", false).on("DeleteMessageBatch"));
    counts.publish(bus.publisher(), jobs(0..5)).await;
    // Some before they were asked for once, if the machine was that busy.
    let given_up = || bus.metrics().unsettled + bus.metrics().leases_lost;
    until("they are given up with their leases", || given_up() >= 5).await;
    bus.shutdown(Duration::from_secs(5)).await.unwrap_or_else(|error| error.report);
    failing.remove();
    // In another process nobody remembers who is done.
    let bus = started(workers(queue(&stub, WORKERS, visibility), &counts)).await;
    until("all are deleted", || bus.metrics().handled == 5).await;
    assert!(counts.check(27).duplicated <= 5);
    stop(bus).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_28_response_misses_an_entry() {
    let (stub, counts) = (Stub::start().await, Counts::default());
    let bus = running(&stub, &counts).await;
    for (number, fault) in (0..).zip([Fault::omit_entries([3]), Fault::lose_entries([3])]) {
        let done = bus.metrics().handled;
        stub.inject(fault.on("PublishBatch").times(1));
        let answers = counts.publish(bus.publisher(), jobs(number * 10..number * 10 + 10)).await;
        assert_eq!(failed(&answers), [3], "what is not answered for is not acknowledged");
        let unknown = answers[3].as_ref().unwrap_err();
        assert!(unknown.is_uncertain() && unknown.is_retryable(), "{unknown}");
        until("the others are handled", || bus.metrics().handled >= done + 9).await;
    }
    until("what was published all the same is handled", || bus.metrics().handled == 19).await;

    for (number, fault) in (2..).zip([Fault::omit_entries([0, 1]), Fault::lose_entries([0, 1])]) {
        stub.inject(fault.on("DeleteMessageBatch").times(1));
        counts.publish(bus.publisher(), jobs(number * 10..number * 10 + 10)).await;
        until("all are deleted", || bus.metrics().handled == 10 * number + 9).await;
        assert!(stub.messages_in(WORKERS).is_empty());
    }
    assert_eq!((bus.metrics().leases_lost, bus.metrics().unsettled), (0, 0));
    assert_eq!((counts.check(28).duplicated, stub.messages().redelivered), (0, 0));
    stop(bus).await;
}

async fn heartbeat_misses(fault: Fault) {
    let (stub, counts, stalls) = (Stub::start().await, Counts::default(), Stalls::watched());
    // So long that a machine with much else to do extends it in time.
    let bus = started(workers(queue(&stub, WORKERS, Duration::from_secs(12)), &counts)).await;
    let missing = stub.inject(fault.on("ChangeMessageVisibilityBatch").times(1));
    counts.publish(bus.publisher(), (0..3).map(|number| Job { number, takes_ms: 14_000, ..Job::default() })).await;
    until("all are handled", || bus.metrics().handled == 3).await;
    assert_eq!(missing.hits(), 1);
    assert!(stub.messages().redelivered == 0 || stalls.longest() > Duration::from_secs(1), "it goes on in time");
    assert_eq!(counts.check(28).duplicated, 0);
    stop(bus).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_28_response_to_a_heartbeat_misses_an_entry() {
    tokio::join!(heartbeat_misses(Fault::omit_entries([0, 1])), heartbeat_misses(Fault::lose_entries([0, 1])));
}

#[tokio::test(flavor = "multi_thread")]
async fn row_29_oversize() {
    let (stub, counts) = (Stub::start().await, Counts::default());
    let bus = running(&stub, &counts).await;
    let sized = |number, bytes: usize| Job { number, ballast: "x".repeat(bytes), ..Job::default() };
    // One that is too large among small ones, and ten of which no three go in one request.
    let small = (0..8).map(|number| sized(number, 10));
    let events = small.chain([sized(8, 300_000)]).chain((9..19).map(|number| sized(number, 100_000)));
    let answers = counts.publish(bus.publisher(), events).await;
    assert_eq!(failed(&answers), [8]);
    let refused = answers[8].as_ref().unwrap_err();
    assert!(refused.is_invalid() && !refused.is_uncertain(), "{refused}");
    assert!(
        refused.to_string().contains("300") && refused.to_string().contains("262144"),
        "it says the sizes: {refused}"
    );
    let calls = stub.calls_of("PublishBatch");
    assert!(calls.iter().all(|call| call.bytes <= 262_144 && call.status == Some(200)), "{calls:?}");
    assert_eq!(calls.iter().map(|call| call.entries).sum::<usize>(), 18, "it was not sent at all");
    until("the others are handled", || bus.metrics().handled == 18).await;
    assert_eq!(counts.check(29).duplicated, 0);
    stop(bus).await;
}

/// With text in every place that text can be.
#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(topic = "notes")]
struct Note {
    number: u64,
    text: String,
    #[event(key)]
    subject: String,
    #[event(attribute)]
    label: String,
}

impl Numbered for Note {
    fn number(&self) -> u64 {
        self.number
    }
}

#[melange::subscriber(listens_to = Note)]
async fn read(note: &Note, meta: &melange::Metadata, melange::State(counts): melange::State<Counts>) {
    assert_eq!(note.text, ODD.join(""), "every character arrives");
    counts.receive(note.number, &meta.event_id);
}

/// Characters that SQS refuses as they are, and some that it does not.
const ODD: [&str; 8] = ["\0", "\u{1}", "\u{1f}", "\u{7f}", "\u{fffe}", "\u{ffff}", "\u{1F600}", "\u{10FFFF}"];

#[tokio::test(flavor = "multi_thread")]
async fn row_30_illegal_characters() {
    let (stub, counts) = (Stub::start().await, Counts::default());
    let transport = queue(&stub, "readers", VISIBILITY);
    let bus = EventBus::builder().subscribers(melange::subscribers![read]).state(counts.clone());
    let bus = started(bus.transport(transport).wait(Duration::from_secs(1))).await;
    let note = |number, subject: &str, label: &str| Note {
        number,
        text: ODD.join(""),
        subject: subject.to_owned(),
        label: label.to_owned(),
    };
    // In the body they are escaped, and keys are only compared.
    let arriving = counts.publish(bus.publisher(), [note(0, "plain", "plain"), note(1, &ODD.join(""), "plain")]).await;
    assert_eq!(failed(&arriving), [0_usize; 0], "{arriving:?}");
    // In an attribute, which others filter by, they cannot be.
    let sent = stub.requests().total();
    for (number, odd) in (2..).zip(["\0", "\u{1}", "\u{1f}", "\u{fffe}", "\u{ffff}", "\u{1F600}"]) {
        let answers = counts.publish(bus.publisher(), [note(number, "plain", odd)]).await;
        let refused = answers[0].as_ref().unwrap_err();
        assert_eq!(refused.transport_error().map(melange::transport::TransportError::kind), Some(Kind::InvalidMessage));
        assert!(refused.to_string().contains("\"label\""), "it says which attribute: {refused}");
    }
    assert_eq!(stub.requests().of("PublishBatch"), 1, "{} calls before", sent);
    until("both are handled", || bus.metrics().handled == 2).await;
    assert_eq!(stub.messages().undeliverable, 0);
    assert_eq!(counts.check(30).duplicated, 0);
    stop(bus).await;
}
