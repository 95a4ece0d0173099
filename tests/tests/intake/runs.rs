//! Who runs, and who does not run again.

use std::time::Duration;

use melange::{CancellationToken, EventBus, Outcome, Settle, State, subscriber};
use tokio::time::{Instant, sleep};

use crate::{HANDLED, Order, World, attempt, audited, bus, moody, order, rejected, steady, take};

#[tokio::test]
async fn a_push_runs_everyone_and_a_queue_its_own() {
    let world = World::default();
    let bus = bus(&world, melange::subscribers![steady, moody, audited]);
    let run = async |queue| {
        assert_eq!(take(&bus, queue, &order("m", 1)).await, HANDLED);
        world.ran()
    };
    assert_eq!(run(None).await, ["audited 1", "moody 1", "steady 1"]);
    assert_eq!(run(Some("audit")).await, ["audited 1"]);
    assert_eq!(run(Some("somebody-elses")).await, ["moody 1", "steady 1"]);
    assert_eq!((bus.metrics().received, bus.metrics().handled), (4, 4));
}

#[tokio::test]
async fn it_outlives_whoever_made_it() {
    let world = World::default();
    let intake = bus(&world, melange::subscribers![steady]).intake();
    assert_eq!(intake.handle(None, &order("m", 1), &CancellationToken::new()).await.settle, HANDLED);
}

#[tokio::test]
async fn where_all_name_their_queues_another_name_stands_for_all() {
    let world = World::default();
    let bus = bus(&world, melange::subscribers![audited]);
    assert_eq!(take(&bus, Some("staging-audit"), &order("m", 1)).await, HANDLED);
    assert_eq!(world.ran(), ["audited 1"]);
}

#[tokio::test]
async fn without_any_subscriber_nothing_passes_for_handled() {
    let bus = EventBus::builder().build().unwrap();
    let settle = take(&bus, None, &order("m", 1)).await;
    assert!(matches!(&settle, Settle::Rejected { reason, .. } if reason.contains("no subscriber")), "{settle:?}");
}

#[tokio::test]
async fn only_the_failed_one_runs_again() {
    let world = World::default();
    let bus = bus(&world, melange::subscribers![steady, moody, audited]);
    world.mood(Outcome::retry("not now"));
    assert_eq!(take(&bus, None, &order("m", 1)).await, Settle::Retry { after: Duration::from_secs(7) });
    assert_eq!(world.ran(), ["audited 1", "moody 1", "steady 1"]);
    assert_eq!(take(&bus, None, &order("m", 1)).await, HANDLED);
    assert_eq!(world.ran(), ["moody 1"]);
    // It was done with, so this is another one.
    assert_eq!(take(&bus, None, &order("m", 1)).await, HANDLED);
    assert_eq!(world.ran().len(), 3);
}

#[tokio::test]
async fn what_is_done_and_comes_again_all_the_same_runs_for_nobody() {
    let world = World::default();
    let bus = bus(&world, melange::subscribers![steady, audited]);
    let order = order("m", 1);
    assert_eq!(take(&bus, None, &order).await, HANDLED);
    bus.intake().comes_again_though_done(None, &order);
    assert_eq!(world.ran().len(), 2);
    assert_eq!(take(&bus, None, &order).await, HANDLED);
    assert!(world.ran().is_empty());
}

#[tokio::test]
async fn messages_without_an_id_are_all_run() {
    let world = World::default();
    let bus = bus(&world, melange::subscribers![steady, moody]);
    world.mood(Outcome::retry("not now"));
    assert!(matches!(take(&bus, None, &order("", 1)).await, Settle::Retry { .. }));
    assert_eq!(take(&bus, None, &order("", 2)).await, HANDLED);
    assert_eq!(world.ran(), ["moody 1", "moody 2", "steady 1", "steady 2"]);
}

#[subscriber(listens_to = Order, concurrency = 2)]
async fn two_at_once(_order: &Order, State(world): State<World>) {
    world.note("begun");
    sleep(Duration::from_secs(1)).await;
}

#[tokio::test(start_paused = true)]
async fn a_subscribers_own_limit_holds() {
    let world = World::default();
    let bus = bus(&world, melange::subscribers![two_at_once]);
    let begun = Instant::now();
    let orders: Vec<_> = (0..6).map(|i| order(&i.to_string(), i)).collect();
    let all = futures_util::future::join_all(orders.iter().map(|order| take(&bus, None, order))).await;
    assert!(all.iter().all(Settle::is_done));
    assert_eq!(begun.elapsed().as_secs(), 3);
}

#[tokio::test]
async fn what_went_back_unrun_has_used_up_no_attempt() {
    let world = World::default();
    let bus = bus(&world, melange::subscribers![moody]);
    for _ in 0..2 {
        bus.intake().goes_back_unrun(None, &order("a", 1));
    }
    world.mood(Outcome::retry("not now"));
    assert!(matches!(take(&bus, None, &attempt(3, order("a", 1))).await, Settle::Retry { .. }));
    world.mood(Outcome::retry("not now"));
    assert_eq!(take(&bus, None, &attempt(5, order("a", 1))).await, rejected("not now", "moody"));
}
