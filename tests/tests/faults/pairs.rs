//! Two faults at once, on every kind of queue: nothing is lost, nothing is made up, and the keys of a FIFO queue stay in order.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::join_all;
use melange_aws::{Aws, AwsQueue, Provision};
use melange_aws_stub::{Fault, Stub};

use crate::counts::Counts;
use crate::events::{Step, jobs};
use crate::service::{STEPS, WORKERS, started, stepping, stop, until, workers};

const VISIBILITY: Duration = Duration::from_secs(10);

/// What may happen to any call.
fn of_calls() -> Vec<Fault> {
    vec![
        Fault::error("ThrottlingException"),
        Fault::error("KMS.ThrottlingException"),
        Fault::expired_token(),
        Fault::http(503),
        Fault::http(429),
        Fault::html(),
        Fault::garbage(),
        Fault::empty(),
        Fault::close_before(),
        Fault::close_after(),
        Fault::truncate(),
        Fault::stall(),
        Fault::hang(),
        Fault::delay(Duration::from_millis(300)),
    ]
}

/// What may happen to a batch besides.
fn of_batches() -> Vec<Fault> {
    vec![
        Fault::fail_entries([0, 3, 4], "InternalError", false),
        Fault::fail_entries([1, 2], "RequestThrottled", true),
        Fault::omit_entries([0, 5]),
        Fault::lose_entries([1, 3]),
        Fault::fail_entries([2], "ReceiptHandleIsInvalid", true),
    ]
}

/// All pairs would be very many: each fault of a receive meets some of a delete, and each of those one of a publish.
fn triples(seed: usize) -> Vec<[Fault; 3]> {
    let (receives, batches) = (of_calls(), [of_calls(), of_batches()].concat());
    let of = |at: usize, action: &'static str| batches[at % batches.len()].clone().on(action);
    let triple = |at: usize, receive: &Fault| {
        let receive = receive.clone().on("ReceiveMessage");
        [receive, of(at * 5 + seed * 7, "DeleteMessageBatch"), of(at * 3 + seed * 11, "PublishBatch")]
    };
    receives.iter().enumerate().map(|(at, receive)| triple(at, receive)).collect()
}

fn queue(stub: &Stub, name: &str, wrapped: bool) -> AwsQueue {
    let queue = Aws::from_config(&stub.hurried_config()).queue(name).provision(Provision::Create);
    let queue = queue.visibility(VISIBILITY);
    if wrapped { queue.wrapped() } else { queue }
}

async fn outlives(fifo: bool, wrapped: bool, faults: [Fault; 3]) {
    let said = format!("fifo {fifo}, wrapped {wrapped}: {faults:#?}");
    let (stub, counts) = (Stub::start().await, Counts::default());
    let name = if fifo { STEPS } else { WORKERS };
    let transport = queue(&stub, name, wrapped);
    let bus = if fifo { stepping(transport, &counts) } else { workers(transport, &counts) };
    let bus = started(bus).await;
    for (seed, fault) in (1..).zip(faults) {
        stub.inject(fault.chance(0.5, seed).times(4));
    }
    for round in 0..3 {
        let numbers = round * 20..(round + 1) * 20;
        if fifo {
            let steps = numbers.map(|number| Step { order: (number % 4).to_string(), number, failing: 0 });
            counts.publish(bus.publisher(), steps).await;
        } else {
            counts.publish(bus.publisher(), jobs(numbers)).await;
        }
    }
    until(&said, || {
        // What was handed out to nobody comes again only when its time is over.
        stub.advance(Duration::from_millis(20));
        counts.is_complete() && stub.messages_in(name).is_empty()
    })
    .await;
    if fifo {
        let mut seen = BTreeSet::new();
        let first: Vec<u64> = counts.order().into_iter().filter(|number| seen.insert(*number)).collect();
        for group in 0..4 {
            assert!(first.iter().filter(|number| *number % 4 == group).is_sorted(), "{said}: {first:?}");
        }
    }
    let tally = counts.tally();
    assert_eq!((tally.lost, tally.unexpected), (0, 0), "{said}: {tally}");
    stop(bus).await;
}

async fn all_outlive(fifo: bool, wrapped: bool) {
    let seed = usize::from(fifo) * 2 + usize::from(wrapped);
    join_all(triples(seed).into_iter().map(|faults| outlives(fifo, wrapped, faults))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_standard_queue() {
    all_outlive(false, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_standard_queue_wrapped() {
    all_outlive(false, true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_fifo_queue() {
    all_outlive(true, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_fifo_queue_wrapped() {
    all_outlive(true, true).await;
}
