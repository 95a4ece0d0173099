//! Who panics while he is cut off is as others who are.

use std::sync::Arc;
use std::time::Duration;

use melange::testing::{Ending, TestBus};
use melange::{assert_dead_lettered, assert_handled, assert_retried, subscriber, subscribers};
use tokio::time::sleep;

use super::{OrderPlaced, order};

/// Panics when it is dropped.
struct Falls;

impl Drop for Falls {
    fn drop(&mut self) {
        panic!("as it is dropped");
    }
}

#[subscriber(listens_to = OrderPlaced, timeout = "10s", retry(attempts = 3, backoff = "1m..1m"))]
async fn falls_when_cut_off(_: &OrderPlaced) {
    let _falls = Falls;
    sleep(Duration::from_secs(60)).await;
}

#[subscriber(listens_to = OrderPlaced)]
async fn stands(_: &OrderPlaced) {}

#[tokio::test(start_paused = true)]
async fn who_panics_as_its_time_is_over_is_retried_as_others_are() {
    let bus = TestBus::builder().subscribers(subscribers![falls_when_cut_off, stands]).start().await;
    bus.publish(order("o-1")).await.unwrap();
    let idle = bus.run_until_idle().await;
    assert_handled!(bus, OrderPlaced { .. }, by = "stands", times = 1);
    assert_retried!(bus, OrderPlaced { .. }, by = "falls_when_cut_off", reason = "timeout", times = 2);
    assert_dead_lettered!(bus, OrderPlaced { .. }, by = "falls_when_cut_off", reason = "timeout", times = 1);
    assert_eq!((idle.attempts, idle.took.as_secs()), (4, 150));
}

#[tokio::test(start_paused = true)]
async fn who_panics_as_its_message_is_lost_holds_up_nobody() {
    let falls = |order: Arc<OrderPlaced>| async move {
        if order.order_id == "lost" {
            let _falls = Falls;
            sleep(Duration::from_secs(3600)).await;
        }
    };
    let bus = TestBus::builder().subscribe(falls).start().await;
    bus.publish(order("lost")).await.unwrap();
    bus.advance(Duration::from_secs(1)).await;
    bus.memory().purge("melange");
    bus.advance(Duration::from_secs(60)).await;
    bus.publish(order("next")).await.unwrap();
    bus.run_until_idle().await;
    assert_handled!(bus, OrderPlaced { order_id, .. } if order_id == "next", times = 1);
    let lost = bus.attempts::<OrderPlaced>();
    assert_eq!(lost[0].ending, Ending::Interrupted);
}
