//! How few requests it takes.

use std::time::Duration;

use melange_tests::faulty::{Act, Faulty, Op};
use melange_tests::until;
use tokio::time::{Instant, sleep};

use crate::{Job, Seen, publish, running};

#[tokio::test(start_paused = true)]
async fn a_thousand_messages_cost_few_requests() {
    let (transport, seen) = (Faulty::new("workers"), Seen::default());
    let bus = running(&transport, &seen, 64).await;
    publish(&bus, 0..1000, 0).await;
    until("all are deleted", || bus.metrics().handled == 1000).await;
    let receives = transport.calls(Op::Receive).iter().filter(|call| call.entries == 10).count();
    let deletes = transport.calls(Op::Delete).len();
    println!("receives {receives}, deletes {deletes}");
    assert!(receives <= 110 && deletes <= 102, "{receives} receives, {deletes} deletes");
    assert_eq!(seen.check(1000), 0);
    bus.shutdown(Duration::from_secs(5)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn slow_handlers_do_not_cost_a_request_for_each_message() {
    let (transport, seen) = (Faulty::new("workers"), Seen::default());
    let bus = running(&transport, &seen, 64).await;
    // Their ends are spread, so that permits come back one by one.
    let jobs = (0..2000).map(|number| Job { number, takes_ms: 900 + number % 200 });
    let begun = Instant::now();
    bus.publish_all(jobs).await;
    until("all are handled", || bus.metrics().handled == 2000).await;
    let (receives, took) = (transport.calls(Op::Receive).len(), begun.elapsed());
    println!("{receives} receives in {took:?}");
    assert!(receives <= 450, "{receives}");
    // At best 2000 seconds of work over 64 permits.
    assert!(took < Duration::from_millis(36_500), "{took:?}");
    bus.shutdown(Duration::from_secs(5)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn after_many_brief_handlers_those_that_wait_still_run_side_by_side() {
    let (transport, seen) = (Faulty::new("workers"), Seen::default());
    let bus = running(&transport, &seen, 64).await;
    publish(&bus, 0..500, 0).await;
    until("the brief ones are deleted", || bus.metrics().handled == 500).await;
    let begun = Instant::now();
    publish(&bus, 500..550, 1_000).await;
    until("the others are handled", || seen.numbers().len() == 550).await;
    assert!(begun.elapsed() < Duration::from_millis(1_500), "{:?}", begun.elapsed());
    until("and deleted", || bus.metrics().handled == 550).await;
    assert_eq!((seen.check(550), bus.metrics().received), (0, 550));
    bus.shutdown(Duration::from_secs(5)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn one_receive_is_under_way_when_idle_and_more_under_load() {
    let (transport, seen) = (Faulty::new("workers"), Seen::default());
    // Each receive takes a while, as over a network.
    transport.always(Op::Receive, Act::Delay(Duration::from_millis(20)));
    let bus = running(&transport, &seen, 64).await;
    sleep(Duration::from_secs(120)).await;
    assert_eq!(transport.under_way(Op::Receive), (1, 1));
    let idle = transport.calls(Op::Receive).len();
    assert!(idle <= 7, "{idle} polls in two minutes");
    publish(&bus, 0..2000, 0).await;
    until("all are handled", || bus.metrics().handled == 2000).await;
    let (_, most) = transport.under_way(Op::Receive);
    assert!((4..=7).contains(&most), "{most} receives at once");
    sleep(Duration::from_secs(30)).await;
    transport.forget_calls();
    sleep(Duration::from_secs(60)).await;
    assert_eq!(transport.under_way(Op::Receive), (1, 1));
    assert!(transport.calls(Op::Receive).len() <= 4);
    bus.shutdown(Duration::from_secs(5)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn one_receive_is_enough_where_the_transport_says_that_it_answers_at_once() {
    let (transport, seen) = (Faulty::new("workers").that_answers_at_once(), Seen::default());
    // So that others would set out meanwhile, if there were to be any.
    transport.always(Op::Receive, Act::Delay(Duration::from_millis(20)));
    let bus = running(&transport, &seen, 64).await;
    publish(&bus, 0..500, 0).await;
    until("all are handled", || bus.metrics().handled == 500).await;
    assert_eq!(transport.under_way(Op::Receive), (1, 1));
    assert_eq!(seen.check(500), 0);
    bus.shutdown(Duration::from_secs(5)).await.unwrap();
}
