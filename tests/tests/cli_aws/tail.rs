//! `tail`: what comes is shown, and nothing is left behind.

use std::time::Duration;

use melange_aws_stub::Fault;
use serde_json::Value;

use super::world::World;

const ORDER: &str = r#"{"order_id":"o-1","total_cents":4200,"region":"eu"}"#;

async fn shows_what_comes(world: &World) {
    let tail = world.tail(&["OrderPlaced", "--output", "json"]);
    // Through the same topic.
    world.publish("OrderCancelled", r#"{"order_id":"o-0","reason":"x"}"#).await;
    world.publish("OrderPlaced", ORDER).await;
    let line: Value = serde_json::from_str(&tail.line()).unwrap();
    assert_eq!(line["event_type_name"], "OrderPlaced");
    assert_eq!(line["version"], 1);
    assert_eq!(line["body"]["order_id"], "o-1");
    assert_eq!(line["attributes"]["region"], "eu");
    tail.signal("INT");
    let (status, out, _) = tail.ended();
    assert_eq!((status.code(), out), (Some(0), vec![]));
    nothing_is_left(world, "orders").await;
}

async fn nothing_is_left(world: &World, topic: &str) {
    assert_eq!(world.tails().await, Vec::<String>::new());
    let subscribed = world.subscribed(topic).await;
    assert!(!subscribed.iter().any(|queue| queue.contains("melange-tail-")), "{subscribed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_is_shown_and_nothing_else() {
    shows_what_comes(&World::stub().await).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local AWS server: run `cargo xtask test`"]
async fn what_comes_is_shown_and_nothing_else_on_a_server() {
    shows_what_comes(&World::server().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn for_people_it_is_a_line_of_what_it_is_and_one_of_what_it_says() {
    let world = World::stub().await;
    let tail = world.tail(&["OrderPlaced", "--count", "1"]);
    world.publish("OrderPlaced", ORDER).await;
    let heading = tail.line();
    assert!(heading.starts_with("20") && heading.contains("  OrderPlaced v1  "), "{heading}");
    assert!(tail.line().ends_with(r#""order_id":"o-1","total_cents":4200,"region":"eu"}"#));
    assert_eq!(tail.ended().0.code(), Some(0));
    nothing_is_left(&world, "orders").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_signal_ends_it_the_queue_goes() {
    let world = World::stub().await;
    for signal in ["INT", "TERM", "HUP"] {
        let tail = world.tail(&["OrderPlaced"]);
        assert_eq!(world.tails().await.len(), 1);
        assert_eq!(world.subscribed("orders").await.len(), 1);
        tail.signal(signal);
        let (status, _, said) = tail.ended();
        assert_eq!(status.code(), Some(0), "{signal}: {said:?}");
        assert!(said.iter().any(|line| line.contains("and its subscription are removed")), "{said:?}");
        nothing_is_left(&world, "orders").await;
    }
}

async fn killed(world: &World) {
    let tail = world.tail(&["OrderPlaced"]);
    tail.kill();
    let left = world.tails().await;
    assert_eq!((left.len(), world.subscribed("orders").await.len()), (1, 1));

    let next = world.started(&["melange", "tail", "ParcelMoved", "--for", "1s"]);
    let said = next.said_until(|line| line.starts_with("listening"));
    assert!(said[0].starts_with(&format!("removed the queue {}", left[0])), "{said:?}");
    assert_eq!(next.ended().0.code(), Some(0));
    nothing_is_left(world, "orders").await;
    nothing_is_left(world, "parcels").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_killed_is_cleared_away_by_the_next_one() {
    killed(&World::stub().await).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local AWS server: run `cargo xtask test`"]
async fn what_is_killed_is_cleared_away_by_the_next_one_on_a_server() {
    killed(&World::server().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_at_a_time_leave_each_other_alone() {
    let world = World::stub().await;
    let (first, second) = (world.tail(&["OrderPlaced"]), world.tail(&["OrderPlaced"]));
    assert_eq!(world.tails().await.len(), 2);
    world.publish("OrderPlaced", ORDER).await;
    assert!(first.line().contains("OrderPlaced") && second.line().contains("OrderPlaced"));
    for tail in [first, second] {
        tail.signal("TERM");
        assert_eq!(tail.ended().0.code(), Some(0));
    }
    nothing_is_left(&world, "orders").await;
}

/// Those of other machines give a sign of life now and then.
#[tokio::test(flavor = "multi_thread")]
async fn of_other_machines_only_the_dead_are_cleared_away() {
    let world = World::stub().await;
    let dead = world.left_behind("dead", Some(600)).await;
    let alive = world.left_behind("alive", Some(30)).await;
    let theirs = world.left_behind("theirs", None).await;
    let ran = world.ran(&["tail", "ParcelMoved", "--for", "100ms"]).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.err.contains(&dead) && !ran.err.contains(&alive) && !ran.err.contains(&theirs), "{ran:?}");
    assert_eq!(world.tails().await, [alive.clone(), theirs.clone()]);
    let mut subscribed = world.subscribed("orders").await;
    subscribed.sort();
    assert_eq!(subscribed, [world.queue_arn(&alive), world.queue_arn(&theirs)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_made_whole_is_not_left_half_made() {
    let world = World::stub().await;
    world.stub_itself().remove_topic("orders");
    let ran = world.ran(&["tail", "OrderPlaced"]).await;
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.err.contains("sns:Subscribe on topic orders"), "{ran:?}");
    assert_eq!(world.tails().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_that_somebody_removes_ends_it() {
    let world = World::stub().await;
    let tail = world.tail(&["OrderPlaced"]);
    world.stub_itself().remove_queue(&world.tails().await[0]);
    let (status, _, said) = tail.ended();
    assert_eq!(status.code(), Some(1), "{said:?}");
    assert!(said.iter().any(|line| line.contains("somebody else has removed the queue")), "{said:?}");
    nothing_is_left(&world, "orders").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn polls_that_fail_now_and_then_are_no_end() {
    let world = World::stub().await;
    world.stub_itself().inject(Fault::http(503).on("ReceiveMessage").times(2));
    let tail = world.tail(&["OrderPlaced", "--count", "1"]);
    world.publish("OrderPlaced", ORDER).await;
    assert!(tail.line().contains("OrderPlaced"));
    assert_eq!(tail.ended().0.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_ends_it_at_once_and_says_what_is_left() {
    let world = World::stub().await;
    let tail = world.tail(&["OrderPlaced"]);
    world.stub_itself().inject(Fault::delay(Duration::from_secs(40)).on("Unsubscribe"));
    tail.signal("INT");
    let stub = world.stub_itself().clone();
    assert!(stub.until(Duration::from_secs(30), |stub| stub.requests().of("Unsubscribe") > 0).await);
    tail.signal("INT");
    let (status, _, said) = tail.ended();
    assert_eq!(status.code(), Some(130), "{said:?}");
    assert!(said.last().unwrap().contains("is left behind"), "{said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removal_that_fails_is_said() {
    let world = World::stub().await;
    let tail = world.tail(&["OrderPlaced"]);
    world.stub_itself().inject(Fault::error("AccessDenied").on("DeleteQueue"));
    tail.signal("INT");
    let (status, _, said) = tail.ended();
    assert_eq!(status.code(), Some(1));
    assert!(said.iter().any(|line| line.contains("could not be removed")), "{said:?}");
}

/// `melange tail OrderPlaced | head -1`.
#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_goes_away_ends_it() {
    let world = World::stub().await;
    let mut tail = world.tail(&["OrderPlaced"]);
    world.publish("OrderPlaced", ORDER).await;
    tail.line();
    tail.stop_reading();
    for _ in 0..3 {
        world.publish("OrderPlaced", ORDER).await;
    }
    let (status, _, said) = tail.ended();
    assert_eq!(status.code(), Some(0), "{said:?}");
    nothing_is_left(&world, "orders").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_keeps_order_is_listened_to_in_order() {
    let world = World::stub().await;
    let tail = world.tail(&["SeatTaken", "--output", "json", "--count", "5"]);
    assert!(world.tails().await[0].ends_with(".fifo"));
    for seat in 0..5 {
        world.publish("SeatTaken", &format!(r#"{{"row":"a","seat":"{seat}"}}"#)).await;
    }
    for seat in 0..5 {
        let line: Value = serde_json::from_str(&tail.line()).unwrap();
        assert_eq!((&line["body"]["seat"], &line["key"]), (&Value::from(seat.to_string()), &Value::from("a")));
    }
    assert_eq!(tail.ended().0.code(), Some(0));
    nothing_is_left(&world, "seats.fifo").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_look_for_what_is_left_behind_can_listen_all_the_same() {
    let world = World::stub().await;
    world.stub_itself().inject(Fault::error("AccessDenied").on("ListQueues"));
    let ran = world.ran(&["tail", "OrderPlaced", "--for", "100ms"]).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.err.contains("nothing could be done about queues that were left behind"), "{ran:?}");
}
