//! Messages that come twice.

use std::time::Duration;

use melange::ConsumerMetrics;
use melange_aws_stub::{Fault, Stub};
use melange_tests::faulty::{Act, Faulty, Op};

use crate::counts::Counts;
use crate::events::{Step, jobs};
use crate::service::{STEPS, WORKERS, queue, started, stepping, stop, until, workers};

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
    // Those that came first are given up once their leases are over, which may be after their copies are deleted.
    let settled = |m: ConsumerMetrics| m.handled == 5 && m.received == m.handled + m.unsettled + m.leases_lost;
    until("they come again and are deleted", || settled(bus.metrics())).await;
    assert!(bus.metrics().received > 5);
    assert_eq!(counts.check(13).duplicated, 0);
    stop(bus).await;
}
