//! FIFO topics and queues: per key in order.

use std::collections::HashMap;
use std::time::Duration;

use super::Harness;
use super::events::Step;
use super::probe::{Answer, Probe, eventually, running, stop};
use crate::{Outcome, transport::Transport};

fn step(order: &str, number: u64) -> Step {
    Step { order: order.to_owned(), number, id: None }
}

fn by_order(steps: Vec<Step>) -> HashMap<String, Vec<u64>> {
    let mut orders: HashMap<String, Vec<u64>> = HashMap::new();
    for step in steps {
        orders.entry(step.order).or_default().push(step.number);
    }
    orders
}

/// Steps of several orders, mixed: each order sees its own in the order they were published.
pub async fn a_group_keeps_its_order<H: Harness>(harness: H) {
    let probe = Probe::new(|step: &Step, _| Answer::After(Duration::from_millis(step.number % 3)));
    let bus = running(harness.queue("shipping.fifo"), [probe.handle()]).await;
    for number in 0..12 {
        for order in ["a", "b", "c"] {
            bus.publish(step(order, number)).await.unwrap();
        }
    }
    probe.has_done(36).await;
    stop(&bus).await;
    for (order, numbers) in by_order(probe.events()) {
        assert_eq!(numbers, (0..12).collect::<Vec<_>>(), "{order}");
    }
}

/// The second step fails twice; the third waits for it. Another order goes on meanwhile.
pub async fn nothing_of_a_group_overtakes_a_failure<H: Harness>(harness: H) {
    let probe = Probe::new(|step: &Step, meta| {
        let fails = step.order == "a" && step.number == 1 && meta.attempt < 3;
        Answer::Now(if fails { Outcome::retry("not yet") } else { Outcome::Done })
    });
    let bus = running(harness.queue("shipping.fifo"), [probe.handle()]).await;
    for number in 0..4 {
        bus.publish(step("a", number)).await.unwrap();
        bus.publish(step("b", number)).await.unwrap();
    }
    probe.has_done(10).await;
    eventually("all are deleted", || async { bus.metrics().handled == 8 }).await;
    stop(&bus).await;
    let orders = by_order(probe.events());
    assert_eq!(orders["a"], [0, 1, 1, 1, 2, 3]);
    assert_eq!(orders["b"], [0, 1, 2, 3]);
}

/// Two events with one deduplication id within the window are one.
pub async fn a_duplicate_is_taken_once<H: Harness>(harness: H) {
    let probe = Probe::<Step>::content();
    let bus = running(harness.queue("shipping.fifo"), [probe.handle()]).await;
    let same = Step { order: "a".to_owned(), number: 1, id: Some("only-once".to_owned()) };
    bus.publish(same.clone()).await.unwrap();
    bus.publish(same).await.unwrap();
    bus.publish(step("a", 2)).await.unwrap();
    eventually("both are deleted", || async { bus.metrics().handled == 2 }).await;
    stop(&bus).await;
    assert_eq!(by_order(probe.events())["a"], [1, 2]);
    assert!(
        harness.queue("shipping.fifo").receive("shipping.fifo", 10, Duration::from_secs(1)).await.unwrap().is_empty()
    );
}
