//! FIFO topics and queues: per key in order.

use std::collections::HashMap;
use std::time::Duration;

use super::Harness;
use super::events::{self, Step};
use super::idle::{idle, receive};
use super::probe::{Answer, Probe, eventually, running, stop};
use crate::Outcome;
use crate::transport::{Body, Delivery, Transport, TransportErrorKind};

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

const QUEUE: &str = "shipping.fifo";

/// The numbers of these steps, in the order they came.
fn numbers(deliveries: &[Delivery]) -> Vec<u64> {
    let number = |delivery: &Delivery| {
        let Body::Json(body) = &delivery.content.as_ref().unwrap().body else { panic!("no JSON") };
        serde_json::from_str::<Step>(body).unwrap().number
    };
    deliveries.iter().map(number).collect()
}

/// In the whole topic, for five minutes, whatever became of the first.
pub async fn an_id_is_known_in_all_groups_and_after_its_message_was_deleted<H: Harness>(harness: H) {
    let queue = idle::<H, Step>(&harness, QUEUE).await;
    let publish = async |message| assert!(queue.publish(vec![message]).await[0].is_ok());
    publish(events::step("a", 1, Some("known"))).await;
    let first = receive(&queue, QUEUE, Duration::from_secs(10)).await;
    assert_eq!(numbers(&first), [1]);
    assert!(queue.delete(QUEUE, vec![first[0].receipt.clone()]).await[0].is_ok());
    publish(events::step("b", 2, Some("known"))).await;
    publish(events::step("b", 3, Some("new"))).await;
    assert_eq!(numbers(&receive(&queue, QUEUE, Duration::from_secs(10)).await), [3]);
    // The queue knows it, too, from whoever it comes.
    assert!(queue.send(QUEUE, vec![events::step("c", 4, Some("known"))], None).await[0].is_ok());
    assert!(receive(&queue, QUEUE, Duration::from_secs(1)).await.is_empty());
}

/// A receive may bring several of a group, in order. While one of them is in hand no other of the group comes; given back,
/// they come again in order. Other groups go on.
pub async fn a_group_in_hand_waits_and_comes_again_in_order<H: Harness>(harness: H) {
    let queue = idle::<H, Step>(&harness, QUEUE).await;
    let steps = (0..4).map(|number| events::step("a", number, None)).collect();
    assert!(queue.publish(steps).await.iter().all(Result::is_ok));
    let first = queue.receive(QUEUE, 2, Duration::from_secs(10)).await.unwrap();
    assert!(numbers(&first) == [0] || numbers(&first) == [0, 1], "{:?}", numbers(&first));
    assert!(receive(&queue, QUEUE, Duration::from_secs(1)).await.is_empty(), "the group is in hand");
    assert!(queue.publish(vec![events::step("b", 9, None)]).await[0].is_ok());
    assert_eq!(numbers(&receive(&queue, QUEUE, Duration::from_secs(10)).await), [9]);
    let back = first.iter().rev().map(|delivery| (delivery.receipt.clone(), Duration::ZERO)).collect();
    assert!(queue.change_visibility(QUEUE, back).await.iter().all(Result::is_ok));
    let mut seen = Vec::new();
    while seen.len() < 4 {
        let more = receive(&queue, QUEUE, Duration::from_secs(10)).await;
        assert!(!more.is_empty(), "{seen:?} came");
        seen.extend(numbers(&more));
        let receipts = more.into_iter().map(|delivery| delivery.receipt).collect();
        assert!(queue.delete(QUEUE, receipts).await.iter().all(Result::is_ok));
    }
    assert_eq!(seen, [0, 1, 2, 3]);
}

/// One message's own delay is refused; none, and one of nothing, are the queue's.
pub async fn a_fifo_queue_delays_all_alike<H: Harness>(harness: H) {
    let queue = idle::<H, Step>(&harness, QUEUE).await;
    for (delay, refused) in [(None, false), (Some(0), false), (Some(1), true)] {
        let delay = delay.map(Duration::from_secs);
        let answers = queue.send(QUEUE, vec![events::step("a", 1, None)], delay).await;
        let kind = answers[0].as_ref().err().map(|error| error.kind());
        assert_eq!(kind, refused.then_some(TransportErrorKind::InvalidMessage), "{delay:?}");
    }
}
