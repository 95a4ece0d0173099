//! What happens to connections.

use std::time::{Duration, Instant};

use melange::MessagePublisher;
use melange_aws::{Aws, AwsQueue, Provision};
use melange_aws_stub::{Cut, Direction, Fault, Proxy, Stub};

use crate::counts::Counts;
use crate::events::{Job, Step, jobs};
use crate::service::{STEPS, WORKERS, aws, prepared, queue, started, stepping, stop, until, workers};

/// An account behind a proxy.
struct Behind {
    stub: Stub,
    proxy: Proxy,
    counts: Counts,
}

impl Behind {
    async fn new() -> Self {
        let stub = Stub::start().await;
        let proxy = Proxy::start(stub.port()).await;
        Self { stub, proxy, counts: Counts::default() }
    }

    /// Through the proxy.
    fn queue(&self, visibility: Duration) -> AwsQueue {
        let aws = Aws::from_config(&self.stub.config_at(&self.proxy.endpoint()));
        aws.queue(WORKERS).provision(Provision::Create).visibility(visibility)
    }
}

async fn fifo_answers_are_lost(fault: Fault) {
    let (stub, counts) = (Stub::start().await, Counts::default());
    // Through their visibility it would take half a minute.
    let queue = queue(&stub, STEPS, Duration::from_secs(30));
    let bus = prepared(stepping(queue.clone(), &counts), &queue).await;
    let steps = (0..30).map(|number| Step { order: (number % 3).to_string(), number, failing: 0 });
    counts.publish(bus.publisher(), steps).await;
    let lost = stub.inject(fault.on("ReceiveMessage").times(3));
    bus.start().await.unwrap();
    let begun = Instant::now();
    until("all are handled", || counts.received() == 30).await;
    assert!(begun.elapsed() < Duration::from_secs(25), "the same are had again at once: {:?}", begun.elapsed());
    assert_eq!(lost.hits(), 3);
    let by_group = |group| counts.order().into_iter().filter(|number| number % 3 == group).collect::<Vec<_>>();
    assert!((0..3).all(|group| by_group(group).is_sorted()));
    assert_eq!(counts.check(17).duplicated, 0);
    stop(bus).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_17_fifo_receive_response_lost() {
    tokio::join!(fifo_answers_are_lost(Fault::close_after()), fifo_answers_are_lost(Fault::truncate()));
}

#[tokio::test(flavor = "multi_thread")]
async fn row_18_receive_response_lost() {
    let (stub, counts) = (Stub::start().await, Counts::default());
    let transport = queue(&stub, WORKERS, Duration::from_secs(30));
    let bus = prepared(workers(transport.clone(), &counts), &transport).await;
    counts.publish(bus.publisher(), jobs(0..40)).await;
    let lost = stub.inject(Fault::close_after().on("ReceiveMessage").times(2));
    bus.start().await.unwrap();
    until("two answers are lost", || lost.hits() == 2).await;
    // What was in them; of others nothing is known before they are answered.
    let in_them = || {
        let calls = stub.calls_of("ReceiveMessage");
        calls.iter().filter(|call| call.answered.is_none()).map(|call| call.entries as u64).sum::<u64>()
    };
    // Their deletes too, since the clock is put forward.
    until("the others are deleted", || {
        let metrics = bus.metrics();
        let waiting = stub.standings(WORKERS).map_or(0, |standings| standings.visible);
        waiting == 0 && metrics.handled + in_them() == 40
    })
    .await;
    let for_nothing = stub.messages().received - bus.metrics().received;
    assert!((1..=20).contains(&for_nothing), "{for_nothing}");
    stub.advance(Duration::from_secs(31));
    until("all are handled", || bus.metrics().handled == 40).await;
    assert_eq!(stub.messages().redelivered, for_nothing, "one receive is burnt for each that was lost");
    assert!(bus.health().is_healthy(), "{}", bus.health());
    assert_eq!(counts.check(18).duplicated, 0);
    stop(bus).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_19_black_hole() {
    let behind = Behind::new().await;
    let counts = &behind.counts;
    let bus = started(workers(behind.queue(Duration::from_secs(30)), counts)).await;
    let other = started(workers(queue(&behind.stub, WORKERS, Duration::from_secs(30)), counts)).await;
    let direct = MessagePublisher::new(aws(&behind.stub));
    // All connections that are open go silent, without a reset; new ones do not.
    until("it polls", || behind.proxy.connections().open > 0).await;
    let open = behind.proxy.connections().open;
    behind.proxy.cut(Cut::after(0, Direction::ToServer).stalling().times(open));
    let begun = Instant::now();
    let through = async {
        counts.publish(bus.publisher(), jobs(0..5)).await;
        begun.elapsed()
    };
    let meanwhile = async {
        let sent = Instant::now();
        counts.publish(&direct, jobs(5..25)).await;
        until("the other poller handles them", || counts.received() >= 20).await;
        assert!(sent.elapsed() < Duration::from_secs(8), "the other poller knows nothing of it: {:?}", sent.elapsed());
    };
    let (took, ()) = tokio::join!(through, meanwhile);
    // An attempt has ten seconds.
    assert!(took < Duration::from_secs(19), "the publish was tried again on a new connection: {took:?}");
    stop(other).await;
    // Its own poll had a wait of a second, and ten more to answer.
    counts.publish(&direct, jobs(25..30)).await;
    until("it polls on a new connection", || counts.is_complete()).await;
    assert!(begun.elapsed() < Duration::from_secs(25), "{:?}", begun.elapsed());
    assert_eq!(counts.check(19).duplicated, 0);
    stop(bus).await;
}

async fn breaks_off(fault: Fault, seconds: u64) {
    let (stub, counts) = (Stub::start().await, Counts::default());
    let queue = queue(&stub, WORKERS, Duration::from_secs(30));
    let bus = prepared(workers(queue.clone(), &counts), &queue).await;
    counts.publish(bus.publisher(), jobs(0..10)).await;
    let broken = stub.inject(fault.on("ReceiveMessage").times(1));
    bus.start().await.unwrap();
    let begun = Instant::now();
    until("a poll fails", || bus.metrics().failed_polls == 1).await;
    assert!(begun.elapsed() < Duration::from_secs(seconds), "{:?}", begun.elapsed());
    assert_eq!((broken.hits(), counts.received(), bus.metrics().received), (1, 0, 0), "half an answer is none");
    stub.advance(Duration::from_secs(31));
    until("all are handled", || bus.metrics().handled == 10).await;
    assert_eq!(counts.check(20).duplicated, 0);
    stop(bus).await;
}

async fn answer_to_a_delete_breaks_off(fault: Fault) {
    let (stub, counts) = (Stub::start().await, Counts::default());
    let bus = started(workers(queue(&stub, WORKERS, Duration::from_secs(30)), &counts)).await;
    let broken = stub.inject(fault.on("DeleteMessageBatch").times(1));
    counts.publish(bus.publisher(), jobs(0..10)).await;
    until("all are handled", || bus.metrics().handled == 10).await;
    assert!(broken.hits() == 1 && stub.messages_in(WORKERS).is_empty());
    assert_eq!(counts.check(20).duplicated, 0);
    stop(bus).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_20_body_stalls_or_is_truncated() {
    tokio::join!(
        // By what the SDK allows a body to stall, which is five seconds, and at once.
        breaks_off(Fault::stall(), 20),
        breaks_off(Fault::truncate(), 5),
        answer_to_a_delete_breaks_off(Fault::stall()),
        answer_to_a_delete_breaks_off(Fault::truncate()),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn row_21_reset_at_any_byte() {
    let behind = Behind::new().await;
    let counts = &behind.counts;
    let bus = started(workers(behind.queue(Duration::from_secs(2)), counts)).await;
    let mut random = fastrand::Rng::with_seed(21);
    for round in 0..30 {
        let direction = if random.bool() { Direction::ToServer } else { Direction::ToClient };
        let cut = Cut::after(random.u64(0..3000), direction).times(random.u64(1..4));
        behind.proxy.cut(if random.bool() { cut } else { cut.closing() });
        if round % 10 == 9 {
            behind.proxy.reset_all();
        }
        if round % 10 == 4 {
            behind.proxy.half_close_all();
        }
        counts.publish(bus.publisher(), jobs(round * 10..round * 10 + 10)).await;
    }
    behind.proxy.heal().await;
    println!("{:?}", behind.proxy.connections());
    assert!(behind.proxy.connections().cut >= 30);
    until("all are handled", || counts.is_complete()).await;
    until("nothing is left", || behind.stub.messages_in(WORKERS).is_empty()).await;
    let tally = counts.check(21);
    println!("{:?}", behind.stub.messages());
    assert!(tally.acknowledged >= 270, "{tally}");
    stop(bus).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_22_latency() {
    let behind = Behind::new().await;
    let counts = &behind.counts;
    let bus = started(workers(behind.queue(Duration::from_secs(30)), counts)).await;
    // Each way: two seconds for a call, and one more for a connection that is new.
    behind.proxy.latency(Duration::from_secs(1));
    let begun = Instant::now();
    let jobs = (0..100).map(|number| Job { number, takes_ms: 200, ..Job::default() });
    counts.publish(bus.publisher(), jobs).await;
    assert_eq!(counts.tally().acknowledged, 100);
    until("all are deleted", || bus.metrics().handled == 100).await;
    // One after the other 30 calls would take a minute.
    assert!(begun.elapsed() < Duration::from_secs(40), "{:?}", begun.elapsed());
    let messages = behind.stub.messages();
    assert_eq!((messages.redelivered, messages.stale_deletes), (0, 0), "deletes come before the lease ends");
    assert_eq!(counts.check(22).duplicated, 0);
    let stopping = Instant::now();
    bus.shutdown(Duration::from_secs(40)).await.unwrap();
    assert!(stopping.elapsed() < Duration::from_secs(20), "nothing is in hand: {:?}", stopping.elapsed());
}
