//! What is told of a bus that crashed, and what it says itself.

use std::time::Duration;

use melange::testing::{Crash, Ending, Fault, TestBus, crash_here};
use melange::{
    Event, Metadata, PublishError, assert_dead_lettered, assert_not_dead_lettered, assert_retried, subscriber,
    subscribers,
};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(topic = "orders")]
struct OrderPlaced {
    number: u32,
}

#[subscriber(listens_to = OrderPlaced, retry(attempts = 3, backoff = "10s..10s"))]
async fn send_receipt(_: &OrderPlaced, meta: &Metadata) -> Result<(), &'static str> {
    if meta.attempt < 3 { Err("the mail server is down") } else { Ok(()) }
}

/// A later failure says nothing of when an earlier one came again, that nobody heard of.
#[tokio::test(start_paused = true)]
async fn a_failure_that_died_with_its_bus_came_again_without_a_retry() {
    let bus = TestBus::builder().subscribers(subscribers![send_receipt]).start().await;
    bus.inject(Fault::crash(Crash::BeforeRetry));
    bus.publish(OrderPlaced { number: 1 }).await.unwrap();
    bus.run_until_crash().await;
    bus.restart().await;
    bus.run_until_idle().await;
    let attempts = bus.attempts::<OrderPlaced>();
    let after: Vec<Option<Duration>> = attempts
        .iter()
        .map(|attempt| match attempt.ending {
            Ending::Retried { after, .. } => after,
            _ => None,
        })
        .collect();
    assert_eq!(after, [None, Some(Duration::from_secs(10)), None], "{}", bus.story());
    assert_eq!(attempts[1].at, Duration::from_secs(30), "when its visibility ended");
    assert!(attempts[2].ending.is_handled());
}

#[subscriber(listens_to = OrderPlaced, retry(attempts = 2, backoff = "1s..1s"))]
async fn falls(order: &OrderPlaced) {
    std::panic::resume_unwind(match order.number {
        1 => Box::new("no paper".to_owned()),
        2 => Box::new("no ink"),
        _ => Box::new(order.number),
    });
}

#[subscriber(listens_to = OrderPlaced, queue = "shipping")]
async fn dies(_: &OrderPlaced) {
    crash_here().await;
}

#[tokio::test(start_paused = true)]
async fn what_the_queue_itself_gave_up_is_told_at_the_end() {
    let bus = TestBus::builder().subscribers(subscribers![dies]).start().await;
    bus.publish(OrderPlaced { number: 1 }).await.unwrap();
    let mut crashes = 0;
    while bus.try_run_until_idle().await.is_err_and(|why| why.is_crash()) {
        crashes += 1;
        bus.restart().await;
    }
    let last = "       now  OrderPlaced of queue `shipping` is in its dead-letter queue: moved by the queue after 10 receives\n";
    assert_eq!(crashes, 10);
    assert!(bus.story().ends_with(last), "{}", bus.story());
    bus.memory().redrive("shipping");
    assert!(!bus.story().contains("dead-letter queue"), "{}", bus.story());
}

/// In the test's own words; what dead letters and logs say of it quotes nothing.
#[tokio::test(start_paused = true)]
async fn what_a_panic_said_is_told() {
    let bus = TestBus::builder().subscribers(subscribers![falls]).start().await;
    for number in 1..=3 {
        bus.publish(OrderPlaced { number }).await.unwrap();
    }
    bus.run_until_idle().await;
    assert_retried!(bus, OrderPlaced { number: 1 }, by = "falls", reason = "panicked: no paper", times = 1);
    assert_retried!(bus, OrderPlaced { number: 2 }, reason = "no ink", times = 1);
    assert_retried!(bus, OrderPlaced, reason = "the subscriber panicked", times = 3);
    assert!(bus.story().contains("panicked (the subscriber panicked: no paper), dead-lettered"), "{}", bus.story());
    assert_dead_lettered!(bus, OrderPlaced, reason = "the subscriber panicked", times = 3);
    assert_not_dead_lettered!(bus, OrderPlaced, reason = "paper");
}

#[tokio::test(start_paused = true)]
async fn however_something_is_published_by_the_dead_it_says_why_not() {
    let bus = TestBus::builder().subscribers(subscribers![send_receipt]).start().await;
    bus.crash();
    let order = || OrderPlaced { number: 1 };
    let is_told = |answer: Result<_, PublishError>| {
        let why = answer.unwrap_err().to_string();
        assert!(
            why.contains("crashed because the test said so") && why.contains("until the test restarts it"),
            "{why}"
        );
    };
    is_told(bus.publish(order()).await);
    bus.publish_all([order(), order()]).await.into_iter().for_each(is_told);
    is_told(bus.send_to("melange", order()).await);
    bus.restart().await;
    bus.publish_all([order()]).await.into_iter().for_each(|answer| drop(answer.unwrap()));
    bus.run_until_idle().await;
    assert_eq!(bus.handled_by::<OrderPlaced>("send_receipt").len(), 1);
}
