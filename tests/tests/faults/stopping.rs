//! Processes that are told to stop.

use std::time::{Duration, Instant};

use melange::MessagePublisher;
use melange_aws_stub::{Fault, Proxy, Stub};

use crate::child::{PATIENCE, Process};
use crate::counts::Counts;
use crate::events::{Job, jobs};
use crate::processes::{a_poll_is_open, note};
use crate::service::{WORKERS, aws, hasty, queue, started, stop, until};

/// What a worker that stopped in order says last: finished and released.
fn report(lines: &[String]) -> (u64, u64) {
    let words: Vec<&str> = lines.last().map(|line| line.split(' ').collect()).unwrap_or_default();
    match words.as_slice() {
        ["stopped", "finished", finished, "released", released, ..] => {
            (finished.parse().unwrap(), released.parse().unwrap())
        }
        other => panic!("it did not stop in order: {other:?}"),
    }
}

/// A worker that has begun with all of these.
async fn busy(stub: &Stub, counts: &Counts, grace: &str, jobs: Vec<Job>) -> Process {
    let worker = Process::start(stub, &["consume", "30", grace]);
    let count = jobs.len();
    counts.publish(&MessagePublisher::new(aws(stub)), jobs).await;
    let mut began = 0;
    let lines = worker.lines_until(|line| {
        began += usize::from(line.starts_with("began"));
        began == count
    });
    note(counts, &lines);
    worker
}

/// A stop that waits for nothing it need not wait for: far shorter than what it would wait for otherwise, and long enough
/// for a machine that has much else to do.
const SOON: Duration = Duration::from_secs(15);

/// Tells it to stop, and waits until it has heard it.
fn told_to_stop(worker: &Process, counts: &Counts) {
    worker.signal("TERM");
    note(counts, &worker.lines_until(|line| line == "stopping"));
}

/// What was handed back is there at once: nothing waits for its visibility.
async fn the_rest_is_handled_at_once(stub: &Stub, counts: &Counts) {
    let begun = Instant::now();
    let bus = started(hasty(queue(stub, WORKERS, Duration::from_secs(30)), counts)).await;
    until("the rest is handled", || counts.is_complete() && stub.messages_in(WORKERS).is_empty()).await;
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    stop(bus).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_44_sigterm_during_handling() {
    let (stub, counts) = (Stub::start().await, Counts::default());
    // Those with an even number are done within the grace, the others are not. They are as many as may be in hand, so that no
    // poll is open.
    let jobs = (0..20).map(|number| Job { number, takes_ms: 3000 + number % 2 * 60_000, ..Job::default() });
    let worker = busy(&stub, &counts, "6", jobs.collect()).await;
    told_to_stop(&worker, &counts);
    stub.reset_counts();
    let (status, took, lines) = worker.ended();
    assert!(status.success(), "{lines:?}");
    assert!(took < SOON, "{took:?}");
    assert_eq!(stub.requests().of("ReceiveMessage"), 0, "nothing more is asked for");
    assert_eq!(report(&lines), (10, 10));
    let standings = stub.standings(WORKERS).unwrap();
    assert_eq!((standings.visible, standings.in_flight), (10, 0), "the deletes are out, and the rest is handed back");
    note(&counts, &lines);
    the_rest_is_handled_at_once(&stub, &counts).await;
    assert_eq!(counts.check(44).duplicated, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn row_44_a_second_signal_ends_it_at_once() {
    let (stub, counts) = (Stub::start().await, Counts::default());
    let jobs = (0..20).map(|number| Job { number, takes_ms: 60_000, ..Job::default() });
    let worker = busy(&stub, &counts, "30", jobs.collect()).await;
    told_to_stop(&worker, &counts);
    worker.signal("INT");
    let (status, took, lines) = worker.ended();
    assert!(took < SOON, "{took:?}");
    assert!(!status.success() && lines.iter().any(|line| line.contains("second signal")), "{lines:?}");
    stub.advance(Duration::from_secs(31));
    the_rest_is_handled_at_once(&stub, &counts).await;
    assert_eq!(counts.check(44).duplicated, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn row_44_sigterm_while_starting() {
    let (stub, counts) = (Stub::start().await, Counts::default());
    let queue = queue(&stub, WORKERS, Duration::from_secs(30));
    stop(started(hasty(queue, &counts)).await).await;
    counts.publish(&MessagePublisher::new(aws(&stub)), jobs(0..3)).await;
    stub.inject(Fault::hang());
    stub.reset_counts();
    let worker = Process::start(&stub, &["start"]);
    assert!(stub.until(PATIENCE, |stub| stub.requests().total() > 0).await);
    worker.signal("TERM");
    let (status, took, lines) = worker.ended();
    // A start that nobody ends goes on for half a minute, and fails.
    assert!(status.success() && took < SOON, "{took:?}, {lines:?}");
    stub.clear_faults();
    the_rest_is_handled_at_once(&stub, &counts).await;
    assert_eq!(counts.check(44).duplicated, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn row_45_sigterm_with_a_long_poll_open() {
    let (stub, counts) = (Stub::start().await, Counts::default());
    let worker = Process::start(&stub, &["consume", "30", "5"]);
    assert!(stub.until(PATIENCE, a_poll_is_open).await);
    worker.signal("TERM");
    let (status, took, lines) = worker.ended();
    // The poll would wait for twenty seconds.
    assert!(status.success() && took < SOON, "{took:?}, {lines:?}");
    assert_eq!(report(&lines), (0, 0));
    counts.publish(&MessagePublisher::new(aws(&stub)), jobs(0..5)).await;
    // Whatever was given to that poll, which nobody reads any more.
    stub.advance(Duration::from_secs(31));
    the_rest_is_handled_at_once(&stub, &counts).await;
    assert_eq!(counts.check(45).duplicated, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn row_45_what_a_long_poll_brings_after_the_sigterm() {
    let (stub, counts) = (Stub::start().await, Counts::default());
    // As long as something is in hand the poll stays open.
    let worker = busy(&stub, &counts, "8", vec![Job { number: 0, takes_ms: 60_000, ..Job::default() }]).await;
    assert!(stub.until(PATIENCE, a_poll_is_open).await);
    told_to_stop(&worker, &counts);
    counts.publish(&MessagePublisher::new(aws(&stub)), jobs(1..6)).await;
    assert!(stub.until(PATIENCE, |stub| stub.messages().received > 1).await);
    let (status, _, lines) = worker.ended();
    assert!(status.success(), "{lines:?}");
    assert!(!lines.iter().any(|line| line.starts_with("began")), "what came after the stop is not begun: {lines:?}");
    let (finished, released) = report(&lines);
    assert!(finished == 0 && released > 1, "it is handed back: {lines:?}");
    assert_eq!(stub.standings(WORKERS).unwrap().visible, 6);
    the_rest_is_handled_at_once(&stub, &counts).await;
    assert_eq!(counts.check(45).duplicated, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn row_45_sigterm_while_nothing_answers() {
    let (stub, counts) = (Stub::start().await, Counts::default());
    let proxy = Proxy::start(stub.port()).await;
    let worker = Process::at(&proxy.endpoint(), &["consume", "30", "2"]);
    assert_eq!(worker.line().as_deref(), Some("ready"));
    // So that no delete is through before nothing answers any more.
    stub.inject(Fault::hang().on("DeleteMessageBatch"));
    counts.publish(&MessagePublisher::new(aws(&stub)), jobs(0..10)).await;
    let lines = worker.lines_until(|line| line.starts_with("done"));
    proxy.black_hole();
    note(&counts, &lines);
    worker.signal("TERM");
    let (status, took, lines) = worker.ended();
    // What cannot be settled does not keep it until the leases end: two seconds, and three more for handing back.
    assert!(took < SOON, "{took:?}");
    assert!(!status.success() && lines.iter().any(|line| line.contains("could not be handed back")), "{lines:?}");
    note(&counts, &lines);
    stub.clear_faults();
    stub.advance(Duration::from_secs(31));
    the_rest_is_handled_at_once(&stub, &counts).await;
    counts.check(45);
}
