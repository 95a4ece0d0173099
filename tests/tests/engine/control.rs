//! What can be changed while it runs, and queues that share.

use std::collections::BTreeMap;
use std::time::Duration;

use melange::{EventBus, QueueState, State, subscriber};
use melange_tests::faulty::{Faulty, Op};
use melange_tests::until;
use tokio::time::sleep;

use crate::{Job, Seen, publish, running, work};

#[tokio::test(start_paused = true)]
async fn a_paused_queue_is_not_received_from() {
    let (transport, seen) = (Faulty::new("workers"), Seen::default());
    let bus = running(&transport, &seen, 10).await;
    sleep(Duration::from_millis(10)).await;
    let queue = bus.queue("workers").unwrap();
    assert!(bus.queue("nobody's").is_none());
    queue.pause();
    // What the poll under way brings is still handled.
    publish(&bus, [0], 0).await;
    until("the poll under way ends", || bus.metrics().handled == 1).await;
    publish(&bus, 1..5, 0).await;
    transport.forget_calls();
    sleep(Duration::from_secs(300)).await;
    assert!(queue.is_paused() && transport.calls(Op::Receive).is_empty() && seen.numbers() == [0]);
    assert!(bus.health().is_healthy() && bus.health().queues[0].state == QueueState::Paused);
    queue.resume();
    until("the rest is handled", || bus.metrics().handled == 5).await;
    bus.shutdown(Duration::from_secs(5)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_limit_can_be_changed_while_running() {
    let (transport, seen) = (Faulty::new("workers"), Seen::default());
    let bus = running(&transport, &seen, 2).await;
    publish(&bus, 0..40, 10_000).await;
    sleep(Duration::from_secs(1)).await;
    assert_eq!(bus.health().queues[0].in_flight, 2);
    assert_eq!(bus.health().queues[0].state, QueueState::Saturated);
    bus.set_concurrency(20);
    sleep(Duration::from_secs(2)).await;
    assert_eq!(bus.health().queues[0].in_flight, 20);
    bus.set_concurrency(1);
    until("all are handled", || bus.metrics().handled == 40).await;
    assert_eq!(seen.check(40), 0);
    bus.shutdown(Duration::from_secs(5)).await.unwrap();
}

#[subscriber(listens_to = Job, queue = "audit")]
async fn audit(job: &Job, State(seen): State<Seen>) {
    sleep(Duration::from_millis(job.takes_ms)).await;
    seen.note(job.number + 10_000);
}

#[tokio::test(start_paused = true)]
async fn several_queues_share_one_budget_by_weight_and_an_idle_one_takes_little() {
    let (transport, seen) = (Faulty::new("workers"), Seen::default());
    let builder = || {
        EventBus::builder()
            .subscribers(melange::subscribers![work, audit])
            .state(seen.clone())
            .transport(transport.clone())
    };
    let problems = builder().concurrency(1).weight("audit", 0).weight("elsewhere", 2).build().unwrap_err();
    assert_eq!(problems.iter().count(), 2, "{problems}");
    let bus = builder().concurrency(40).weight("workers", 3).build().unwrap();
    bus.start().await.unwrap();
    publish(&bus, 0..1000, 500).await;
    sleep(Duration::from_secs(5)).await;
    let in_flight: BTreeMap<_, _> =
        bus.health().queues.iter().map(|queue| (queue.queue.clone(), queue.in_flight)).collect();
    println!("{in_flight:?}");
    // By weight 30 and 10, give or take a batch that is being gathered.
    assert!((24..=34).contains(&in_flight["workers"]) && (6..=16).contains(&in_flight["audit"]), "{in_flight:?}");
    until("all are handled", || bus.metrics().handled == 2000).await;

    bus.queue("audit").unwrap().pause();
    publish(&bus, 1000..1400, 500).await;
    sleep(Duration::from_secs(3)).await;
    assert!(bus.health().queues.iter().any(|queue| queue.in_flight >= 35), "{}", bus.health());
    until("one takes what the other leaves", || seen.numbers().iter().filter(|n| **n < 10_000).count() == 1400).await;
    bus.queue("audit").unwrap().resume();
    until("then the other", || bus.metrics().handled == 2800).await;

    transport.forget_calls();
    sleep(Duration::from_secs(60)).await;
    let idle = transport.calls(Op::Receive);
    assert!(idle.len() <= 8 && idle.iter().all(|call| call.entries == 1), "{}", idle.len());
    bus.shutdown(Duration::from_secs(5)).await.unwrap();
}
