//! What is in hand: leases, and how much of it there may be.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use melange::{CancellationToken, EventBus, Metadata, State, subscriber};
use melange_aws_stub::{Fault, Stub};
use melange_tests::faulty::{Faulty, Op};
use tokio::time::{Instant, sleep};

use crate::counts::Counts;
use crate::events::{Job, jobs};
use crate::service::{Stalls, WORKERS, queue, started, stop, until, workers};

const HOUR: Duration = Duration::from_secs(3600);

/// In real time: so long that a machine with much else to do extends it in time.
const VISIBILITY: Duration = Duration::from_secs(12);

/// A process that was not let run for so long is too late.
const STALL: Duration = Duration::from_secs(1);

fn job(number: u64, takes: Duration) -> Job {
    Job { number, takes_ms: takes.as_millis().try_into().unwrap(), ..Job::default() }
}

#[tokio::test(start_paused = true)]
async fn row_04_handler_slower_than_the_visibility() {
    let (transport, counts) = (Faulty::new(WORKERS), Counts::default());
    // Two that could run it at the same time.
    let patient = |transport: &Faulty| workers(transport.clone(), &counts).wait(Duration::from_secs(20));
    let first = started(patient(&transport)).await;
    let second = started(patient(&transport)).await;
    counts.publish(first.publisher(), [job(0, HOUR), job(1, 10 * HOUR)]).await;
    while first.metrics().handled + second.metrics().handled < 2 {
        sleep(HOUR / 60).await;
    }
    let extensions = transport.calls(Op::ChangeVisibility);
    let gaps = extensions.windows(2).map(|two| two[1].at - two[0].at);
    let longest = gaps.max().unwrap();
    // At half of the 30 seconds, seen once in an eighth.
    assert!(longest <= Duration::from_secs(16), "{longest:?}");
    assert_eq!(first.metrics().received + second.metrics().received, 2, "nobody else got them");
    assert_eq!(counts.check(4).duplicated, 0);
    stop(first).await;
    stop(second).await;
}

/// Notes how long it ran before it was cancelled; on the second attempt it is done at once.
#[subscriber(listens_to = Job, retry(attempts = 5, backoff = "1s..2s"))]
async fn endless(
    job: &Job,
    meta: &Metadata,
    token: CancellationToken,
    State(counts): State<Counts>,
    State(cancelled): State<Arc<Mutex<Vec<Duration>>>>,
) {
    if meta.attempt > 1 {
        return counts.receive(job.number, &meta.event_id);
    }
    let begun = Instant::now();
    token.cancelled().await;
    cancelled.lock().unwrap().push(begun.elapsed());
}

fn endless_bus(transport: impl melange::Transport, counts: &Counts, cancelled: &Arc<Mutex<Vec<Duration>>>) -> EventBus {
    EventBus::builder()
        .subscribers(melange::subscribers![endless])
        .state(counts.clone())
        .state(Arc::clone(cancelled))
        .transport(transport)
        .build()
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn row_04_twelve_hours_are_the_most() {
    let (transport, counts, cancelled) = (Faulty::new(WORKERS), Counts::default(), Arc::default());
    let bus = endless_bus(transport.clone(), &counts, &cancelled);
    bus.start().await.unwrap();
    counts.publish(bus.publisher(), jobs([0])).await;
    let published = Instant::now();
    // SQS refuses what goes beyond them, and shortens nothing: the last extensions ask for what is left.
    sleep(12 * HOUR - Duration::from_secs(12)).await;
    assert!(cancelled.lock().unwrap().is_empty());
    until("it is told", || cancelled.lock().unwrap().len() == 1).await;
    assert!(published.elapsed() < 12 * HOUR, "before SQS takes the message back");
    assert!(transport.calls(Op::Delete).is_empty());
    until("it is handled when it comes again", || counts.is_complete()).await;
    assert_eq!(counts.check(4).duplicated, 0);
    stop(bus).await;
}

async fn heartbeat_fails_once(fault: Fault) {
    let (stub, counts, stalls) = (Stub::start().await, Counts::default(), Stalls::watched());
    let bus = started(workers(queue(&stub, WORKERS, VISIBILITY), &counts)).await;
    let failing = stub.inject(fault.on("ChangeMessageVisibilityBatch").times(1));
    let longer = VISIBILITY + Duration::from_secs(2);
    counts.publish(bus.publisher(), [job(0, longer), job(1, longer)]).await;
    until("both are handled", || bus.metrics().handled == 2).await;
    assert_eq!(failing.hits(), 1);
    assert!(stub.messages().redelivered == 0 || stalls.longest() > STALL, "it goes on in time");
    assert_eq!(counts.check(5).duplicated, 0);
    stop(bus).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_05_heartbeat_fails_and_then_does_not() {
    tokio::join!(
        heartbeat_fails_once(Fault::http(500)),
        heartbeat_fails_once(Fault::error("RequestThrottled")),
        heartbeat_fails_once(Fault::fail_entries([0, 1], "InternalError", false)),
    );
}

async fn heartbeat_fails_for_good(fault: Fault) {
    let (stub, counts, cancelled) = (Stub::start().await, Counts::default(), Arc::default());
    let stalls = Stalls::watched();
    let bus = endless_bus(queue(&stub, WORKERS, VISIBILITY), &counts, &cancelled);
    bus.start().await.unwrap();
    let failing = stub.inject(fault.on("ChangeMessageVisibilityBatch"));
    counts.publish(bus.publisher(), jobs(0..3)).await;
    until("the handlers are told", || cancelled.lock().unwrap().len() == 3).await;
    let told = cancelled.lock().unwrap().iter().max().copied().unwrap();
    assert!(told > VISIBILITY / 2 && told < VISIBILITY + stalls.longest(), "{told:?}");
    let redelivered = stub.messages().redelivered;
    assert!(redelivered == 0 || stalls.longest() > STALL, "they are told before anyone else has it");
    until("they are counted", || bus.metrics().leases_lost == 3).await;
    assert_eq!(stub.requests().of("DeleteMessageBatch"), 0, "nothing is deleted after the loss");
    failing.remove();
    until("they are handled when they come again", || counts.is_complete()).await;
    assert_eq!(counts.check(5).duplicated, 0);
    stop(bus).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_05_heartbeat_fails_for_good() {
    tokio::join!(
        heartbeat_fails_for_good(Fault::http(500)),
        heartbeat_fails_for_good(Fault::error("RequestThrottled")),
        heartbeat_fails_for_good(Fault::hang()),
    );
}

#[subscriber(listens_to = Job, timeout = "30s", retry(attempts = 3, backoff = "1s..2s"))]
async fn stuck(job: &Job, meta: &Metadata, State(counts): State<Counts>) {
    if job.number == 0 && meta.attempt < 3 {
        return std::future::pending().await;
    }
    counts.receive(job.number, &meta.event_id);
}

#[tokio::test(start_paused = true)]
async fn row_06_handler_stuck_for_ever() {
    let (transport, counts) = (Faulty::new(WORKERS), Counts::default());
    let builder = EventBus::builder().subscribers(melange::subscribers![stuck]).state(counts.clone());
    // One slot: whoever is stuck has it.
    let bus = started(builder.transport(transport.clone()).concurrency(1)).await;
    let begun = Instant::now();
    counts.publish(bus.publisher(), jobs(0..4)).await;
    until("the others are handled", || counts.received() == 3).await;
    assert!((30..65).contains(&begun.elapsed().as_secs()), "the slot is free after the timeout: {:?}", begun.elapsed());
    until("all are handled", || counts.is_complete()).await;
    assert_eq!((bus.metrics().failed_runs, bus.metrics().retried), (2, 2));
    assert_eq!(counts.check(6).duplicated, 0);
    stop(bus).await;
}

/// Whether a thread that blocks may go on.
#[derive(Clone, Default)]
struct Blocks(Arc<AtomicBool>);

/// Blocks its thread, which nobody can stop.
#[subscriber(listens_to = Job, blocking, timeout = "1s", retry(attempts = 3, backoff = "1s..1s"))]
fn blocking(job: &Job, meta: &Metadata, State(counts): State<Counts>, State(released): State<Blocks>) {
    if job.number == 0 && meta.attempt == 1 {
        while !released.0.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(5));
        }
        return;
    }
    counts.receive(job.number, &meta.event_id);
}

#[tokio::test]
async fn row_06_handler_that_blocks_its_thread() {
    let (transport, counts, released) = (Faulty::new(WORKERS), Counts::default(), Blocks::default());
    let builder = EventBus::builder().subscribers(melange::subscribers![blocking]).state(counts.clone());
    let bus = started(builder.state(released.clone()).transport(transport.clone()).concurrency(1)).await;
    counts.publish(bus.publisher(), jobs(0..4)).await;
    // The slot is free meanwhile: the thread is still blocked.
    until("all are handled", || counts.is_complete()).await;
    released.0.store(true, Ordering::Relaxed);
    assert_eq!(counts.check(6).duplicated, 0);
    stop(bus).await;
}

/// Messages, and bytes of them, in the hands of handlers at once.
#[derive(Clone, Default)]
struct InHand(Arc<AtomicUsize>);

#[subscriber(listens_to = Job)]
async fn slow_downstream(job: &Job, meta: &Metadata, State(counts): State<Counts>, State(in_hand): State<InHand>) {
    in_hand.0.fetch_add(job.ballast.len(), Ordering::Relaxed);
    sleep(Duration::from_secs(1)).await;
    in_hand.0.fetch_sub(job.ballast.len(), Ordering::Relaxed);
    counts.receive(job.number, &meta.event_id);
}

#[tokio::test(start_paused = true)]
async fn row_47_downstream_slow() {
    const BYTES: usize = 50_000;
    let (transport, counts, in_hand) = (Faulty::new(WORKERS), Counts::default(), InHand::default());
    let builder = EventBus::builder().subscribers(melange::subscribers![slow_downstream]).concurrency(20);
    let builder = builder.state(counts.clone()).state(in_hand.clone()).transport(transport.clone());
    let bus = started(builder).await;
    let large = (0..200).map(|number| Job { number, ballast: "x".repeat(BYTES), ..Job::default() });
    counts.publish(bus.publisher(), large).await;
    let (mut most, mut most_bytes) = (0, 0);
    while !counts.is_complete() {
        sleep(Duration::from_millis(50)).await;
        let metrics = bus.metrics();
        let taken = transport.account().depth(WORKERS).in_hand;
        most = most.max(taken).max(bus.health().queues[0].in_flight);
        most_bytes = most_bytes.max(in_hand.0.load(Ordering::Relaxed));
        // What waits for its delete to go out is not in anyone's hands any more.
        assert!(metrics.received - metrics.handled <= 40, "{metrics:?}");
    }
    assert!(most <= 40, "{most} were taken from the queue");
    assert!(most_bytes <= 20 * BYTES, "{most_bytes} bytes in hand");
    // With all slots taken nothing is asked for: ten seconds of work, and no more requests than it takes.
    assert!(transport.calls(Op::Receive).len() <= 60, "{}", transport.calls(Op::Receive).len());
    assert_eq!(counts.check(47).duplicated, 0);
    stop(bus).await;
}
