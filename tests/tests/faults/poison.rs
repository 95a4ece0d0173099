//! Messages that cannot be handled.

use std::time::Duration;

use melange::MessagePublisher;
use melange_aws_stub::Stub;
use melange_tests::faulty::{Faulty, Op};

use crate::counts::{Counts, number_in};
use crate::events::{Job, jobs};
use crate::service::{WORKERS, aws, queue, started, stop, until, workers};

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
    dead.iter().for_each(|letter| counts.put_aside(number_in(letter.body.as_deref())));
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
    dead.iter().for_each(|letter| counts.put_aside(number_in(Some(&letter.body))));
    assert_eq!(counts.check(9).duplicated, 0);
}
