//! Linked subscribers: all tests of a binary share them, and none disturbs another.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use melange::testing::{TestBus, TestErrorKind};
use melange::{Event, State, assert_handled, assert_published, subscriber};
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize, Event)]
#[event(topic = "linked-orders")]
struct LinkedOrder {
    number: usize,
}

#[derive(Clone, Default)]
struct Counter(Arc<AtomicUsize>);

#[subscriber(listens_to = LinkedOrder, queue = "linked", retry(attempts = 3, backoff = "1m..1m"))]
async fn linked_count(
    order: &LinkedOrder,
    meta: &melange::Metadata,
    State(counter): State<Counter>,
) -> Result<(), &'static str> {
    tokio::time::sleep(Duration::from_secs(1)).await;
    if meta.attempt == 1 {
        return Err("not yet");
    }
    counter.0.fetch_add(order.number, Ordering::SeqCst);
    Ok(())
}

async fn one_of_many(number: usize) {
    let counter = Counter::default();
    let bus = TestBus::builder().linked_where(|s| s.queue() == Some("linked")).state(counter.clone()).start().await;
    for _ in 0..10 {
        bus.publish(LinkedOrder { number }).await.unwrap();
    }
    bus.run_until_idle().await;
    assert_eq!(counter.0.load(Ordering::SeqCst), number * 10);
    assert_published!(bus, LinkedOrder, times = 10);
    assert_handled!(bus, LinkedOrder { number: n } if *n == number, by = "linked_count", times = 10);
}

#[test]
fn many_at_once_do_not_disturb_each_other() {
    std::thread::scope(|scope| {
        for number in 1..=16 {
            scope.spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
                runtime.unwrap().block_on(one_of_many(number));
            });
        }
    });
}

#[tokio::test(start_paused = true)]
async fn two_in_one_test_do_not_either() {
    futures_util::future::join(one_of_many(1), one_of_many(2)).await;
}

#[tokio::test(start_paused = true)]
async fn all_that_is_wrong_is_said_at_the_start() {
    let why = TestBus::builder().linked_where(|s| s.queue() == Some("linked")).try_start().await.unwrap_err();
    assert_eq!(why.kind(), TestErrorKind::Build);
    assert!(why.to_string().contains("`linked_count` takes `State<"), "{why}");
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "the bus could not be built: 1 problem")]
async fn a_bus_that_cannot_be_built_fails_the_test() {
    let _bus = TestBus::builder().linked_where(|s| s.queue() == Some("linked")).start().await;
}
