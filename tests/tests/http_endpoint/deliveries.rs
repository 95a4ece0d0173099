//! What SNS is answered about a letter that is right.

use std::time::Duration;

use melange::transport::MemoryTransport;
use melange_aws::Aws;
use melange_aws_stub::Stub;
use melange_tests::letters::{Shelf, TOPIC, now};

use super::*;

#[tokio::test]
async fn an_event_comes_through_with_what_is_signed() {
    let world = World::default();
    let endpoint = endpoint(&world, &Shelf::usual());
    assert_eq!(post(&endpoint, letter("m-1", 7).with("Subject", "s").signed()).await, 200);
    assert_eq!(world.ran(), [7]);
    let meta = world.last();
    assert_eq!((&*meta.topic, meta.attempt), ("orders", 1));
}

#[tokio::test]
async fn what_nobody_listens_to_is_taken() {
    let world = World::default();
    let endpoint = endpoint(&world, &Shelf::usual());
    let other = Draft::notification("m-1", r#"{"event_type_name":"SomeoneElses"}"#).signed();
    assert_eq!(post(&endpoint, other).await, 200);
}

#[tokio::test]
async fn what_is_given_up_without_a_queue_is_left_to_sns() {
    let world = World::default();
    let endpoint = endpoint(&world, &Shelf::usual());
    world.next(Next::Says(Outcome::reject("no")));
    let rejected = letter("m-1", 1).signed();
    for _ in 0..3 {
        assert_eq!(post(&endpoint, rejected.clone()).await, 500);
    }
    assert_eq!(world.ran(), [1], "it is not run again to be given up again");
    for (id, message) in [("m-2", "no JSON"), ("m-3", "{}"), ("m-4", r#"{"event_type_name":"Order","number":"x"}"#)] {
        assert_eq!(post(&endpoint, Draft::notification(id, message).signed()).await, 500, "{message}");
    }
    // Attempts that are over are given up, too.
    for status in [503, 503, 500] {
        world.next(Next::Says(Outcome::retry("never")));
        assert_eq!(post(&endpoint, letter("m-5", 5).signed()).await, status);
    }
}

#[tokio::test]
async fn what_is_given_up_goes_to_the_dead_letter_queue_of_the_bus() {
    let stub = Stub::start().await;
    stub.create_queue("billing-dlq");
    let world = World::default();
    let aws = Aws::from_config(&stub.sdk_config());
    let of = |queue: &str| {
        let bus = EventBus::builder().subscribers(melange::subscribers![taken]).state(world.clone());
        let bus = bus.transport(aws.queue(queue)).build().unwrap();
        SnsEndpoint::new(bus).allow_topic(TOPIC).certificates(Shelf::usual().certificates()).clock(now)
    };
    let endpoint = of("billing");
    world.next(Next::Says(Outcome::reject("no")));
    let rejected = letter("m-1", 1).signed();
    let unreadable = Draft::notification("m-2", "no JSON").signed();
    assert_eq!((post(&endpoint, rejected.clone()).await, post(&endpoint, unreadable.clone()).await), (200, 200));
    let letters = stub.messages_in("billing-dlq");
    assert_eq!(
        letters.iter().map(|letter| letter.body.as_str()).collect::<Vec<_>>(),
        [rejected, unreadable],
        "as they came"
    );
    assert_eq!(letters[0].attributes["melange_reason"], "no");
    assert!(letters[0].attributes["melange_subscriber"].ends_with("taken"));
    assert_eq!(letters[0].attributes["melange_original_queue"], "billing");
    // Where there is no such queue, SNS is told.
    world.next(Next::Says(Outcome::reject("no")));
    assert_eq!(post(&of("without"), letter("m-3", 1).signed()).await, 500);
}

#[tokio::test(start_paused = true)]
async fn what_takes_too_long_is_cancelled_in_time_for_sns() {
    let world = World::default();
    let slow = endpoint(&world, &Shelf::usual());
    world.next(Next::Takes(Duration::from_secs(60)));
    let begun = tokio::time::Instant::now();
    assert_eq!(post(&slow, letter("m-1", 1).signed()).await, 503);
    assert!((12..14).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
    assert_eq!(post(&slow, letter("m-1", 1).signed()).await, 200, "and then it goes well");
    let shorter = endpoint(&world, &Shelf::usual()).timeout(Duration::from_secs(1));
    world.next(Next::Takes(Duration::from_secs(60)));
    let begun = tokio::time::Instant::now();
    assert_eq!(post(&shorter, letter("m-2", 1).signed()).await, 503);
    assert!(begun.elapsed() < Duration::from_secs(2));
    // Nobody can have SNS wait for longer than it does.
    let longer = endpoint(&world, &Shelf::usual()).timeout(Duration::from_secs(600));
    world.next(Next::Takes(Duration::from_secs(60)));
    let begun = tokio::time::Instant::now();
    assert_eq!(post(&longer, letter("m-3", 1).signed()).await, 503);
    assert!(begun.elapsed() < Duration::from_secs(15));
}

#[tokio::test]
async fn a_bus_that_was_shut_down_has_sns_come_again() {
    let world = World::default();
    let bus = bus(&world);
    let endpoint =
        SnsEndpoint::new(bus.clone()).allow_topic(TOPIC).certificates(Shelf::usual().certificates()).clock(now);
    bus.shutdown(Duration::from_secs(1)).await.unwrap();
    assert_eq!(post(&endpoint, letter("m-1", 1).signed()).await, 503);
    assert!(world.ran().is_empty());
}

#[tokio::test]
async fn the_bus_says_which_transport_it_has() {
    let bus = bus(&World::default());
    assert!(bus.transport::<MemoryTransport>().is_some() && bus.transport::<Aws>().is_none());
}
