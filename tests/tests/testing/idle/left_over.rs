//! What is left, since nobody consumes it any more, is named.

use std::time::Duration;

use melange::testing::{TestAccount, TestBus, TestErrorKind};
use melange::{EventBus, assert_handled, subscribers};

use super::{OrderPlaced, order, send_receipt};
use crate::failure;

#[tokio::test(start_paused = true)]
async fn a_paused_queue_is_named() {
    let bus =
        TestBus::builder().subscribers(subscribers![send_receipt]).max_time(Duration::from_secs(60)).start().await;
    bus.advance(Duration::from_secs(21)).await;
    bus.event_bus().queue("melange").unwrap().pause();
    bus.advance(Duration::from_secs(21)).await;
    bus.publish(order("o-1")).await.unwrap();
    let text = bus.try_run_until_idle().await.unwrap_err().to_string();
    assert!(
        text.contains("queue `melange`: 1 to be received, 0 in hand, 0 resting until later; it is paused"),
        "{text}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_stays_paused_is_named_before_its_messages_are_gone() {
    let bus = TestBus::builder().subscribers(subscribers![send_receipt]).start().await;
    let queue = bus.event_bus().queue("melange").unwrap();
    queue.pause();
    bus.advance(Duration::from_secs(21)).await;
    bus.publish(order("o-1")).await.unwrap();
    let why = bus.try_run_until_idle().await.unwrap_err();
    assert_eq!(why.kind(), TestErrorKind::TooLong);
    let text = why.to_string();
    assert!(text.contains("since a queue has been paused for 7200s"), "{text}");
    assert!(text.contains("1 to be received, 0 in hand, 0 resting until later; it is paused"), "{text}");
    // Whoever is resumed in time goes on.
    let later = async {
        tokio::time::sleep(Duration::from_secs(3_600)).await;
        queue.resume();
    };
    tokio::join!(later, bus.run_until_idle());
    assert_handled!(bus, OrderPlaced);
}

#[tokio::test(start_paused = true)]
async fn what_queues_and_topics_have_lost_is_told() {
    let bus = TestBus::builder().subscribers(subscribers![send_receipt]).start().await;
    bus.crash();
    for id in ["o-1", "o-2"] {
        bus.account().publisher().publish(order(id)).await.unwrap();
    }
    assert!(!bus.story().contains("lost"), "{}", bus.story());
    bus.advance(Duration::from_secs(5 * 24 * 60 * 60)).await;
    bus.restart().await;
    bus.run_until_idle().await;
    let kept = "queue `melange` has lost 2 messages, since it keeps a message for 345600s only";
    assert!(bus.story().contains(kept), "{}", bus.story());
    let text = failure(async { drop(assert_handled!(bus, OrderPlaced)) }).await;
    assert!(text.contains(kept), "{text}");
    bus.memory().account().delete_queue("melange").unwrap();
    bus.account().publisher().publish(order("o-3")).await.unwrap();
    assert!(bus.story().contains("topics have lost 1 message, which their queues did not take"), "{}", bus.story());
}

#[tokio::test(start_paused = true)]
async fn a_bus_that_was_shut_down_leaves_what_it_did_not_do() {
    let bus = TestBus::builder().subscribers(subscribers![send_receipt]).start().await;
    bus.publish(order("o-1")).await.unwrap();
    bus.advance(Duration::ZERO).await;
    bus.event_bus().shutdown(Duration::from_secs(1)).await.unwrap();
    let why = bus.try_run_until_idle().await.unwrap_err();
    assert_eq!(why.kind(), TestErrorKind::Stopped);
    assert!(why.to_string().contains("its bus was shut down"), "{why}");
    bus.restart().await;
    bus.run_until_idle().await;
    assert_handled!(bus, OrderPlaced);
}

#[tokio::test(start_paused = true)]
async fn a_bus_that_was_dropped_leaves_what_it_did_not_do() {
    let account = TestAccount::new();
    let start = || account.start(EventBus::builder().subscribers(subscribers![send_receipt]));
    // As `let _ = ..` does.
    drop(start().await);
    account.run_until_idle().await;
    account.publisher().publish(order("o-1")).await.unwrap();
    let why = account.try_run_until_idle().await.unwrap_err();
    assert_eq!(why.kind(), TestErrorKind::Stopped);
    assert!(
        why.to_string().contains("queue `melange`: 1 to be received") && why.to_string().contains("dropped"),
        "{why}"
    );
    let bus = start().await;
    account.run_until_idle().await;
    assert_handled!(account, OrderPlaced);
    // What a bus has done is still known without it.
    drop(bus);
    account.run_until_idle().await;
    assert_handled!(account, OrderPlaced);
}
