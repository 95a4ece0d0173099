//! What is left, since nobody consumes it any more, is named.

use std::time::Duration;

use melange::testing::{TestAccount, TestBus, TestErrorKind};
use melange::{EventBus, assert_handled, subscribers};

use super::{OrderPlaced, order, send_receipt};

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
