//! Panics, timeouts, and whoever waits no more.

use std::time::Duration;

use melange::{CancellationToken, Settle, State, SubscriberErrorKind, subscriber};
use tokio::time::{Instant, sleep};

use crate::{Order, World, bus, heeds, order, steady};

#[subscriber(listens_to = Order)]
async fn panics(_order: &Order) {
    panic!("on purpose");
}

#[subscriber(listens_to = Order, timeout = "2s")]
async fn hangs(_order: &Order) {
    std::future::pending::<()>().await;
}

#[tokio::test(start_paused = true)]
async fn a_panic_and_a_time_out_are_failures_of_their_own() {
    let world = World::default();
    let bus = bus(&world, melange::subscribers![steady, panics, hangs]);
    let taken = bus.intake().handle(None, &order("a", 1), &CancellationToken::new()).await;
    assert!(matches!(taken.settle, Settle::Retry { .. }), "{:?}", taken.settle);
    assert_eq!(taken.event_type_name.as_deref(), Some("Order"));
    let mut kinds: Vec<_> = taken.failures.iter().map(|error| (error.subscriber(), error.kind())).collect();
    kinds.sort_by_key(|(name, _)| *name);
    assert_eq!(kinds, [("hangs", SubscriberErrorKind::TimedOut), ("panics", SubscriberErrorKind::Panicked)]);
    assert_eq!(world.ran(), ["steady 1"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_told_to_stop_is_handed_back() {
    let world = World::default();
    for subscribers in [melange::subscribers![heeds, steady], melange::subscribers![heeds, hangs, steady]] {
        let bus = bus(&world, subscribers);
        let (stop, begun) = (CancellationToken::new(), Instant::now());
        let (intake, delivery) = (bus.intake(), order("a", 1));
        let (taken, ()) = tokio::join!(intake.handle(None, &delivery, &stop), async {
            sleep(Duration::from_secs(1)).await;
            stop.cancel();
        });
        assert_eq!(taken.settle, Settle::Stopped);
        assert!(begun.elapsed() <= Duration::from_millis(1_500), "{:?}", begun.elapsed());
        assert_eq!(world.ran(), ["steady 1", "told"]);
        assert_eq!(bus.metrics().released, 1);
        // Whoever was done before does not run again.
        let stop = CancellationToken::new();
        stop.cancel();
        assert_eq!(bus.intake().handle(None, &delivery, &stop).await.settle, Settle::Stopped);
        assert_eq!(world.ran(), ["told"]);
    }
}

#[subscriber(listens_to = Order)]
async fn tells_when_dropped(_order: &Order, token: CancellationToken, State(world): State<World>) {
    tokio::spawn(async move {
        token.cancelled().await;
        world.note("told");
    });
    std::future::pending::<()>().await;
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_no_more_cancels_what_is_left() {
    let world = World::default();
    let bus = bus(&world, melange::subscribers![tells_when_dropped]);
    let (intake, order, stop) = (bus.intake(), order("a", 1), CancellationToken::new());
    assert!(tokio::time::timeout(Duration::from_secs(1), intake.handle(None, &order, &stop)).await.is_err());
    sleep(Duration::from_millis(1)).await;
    assert_eq!(world.ran(), ["told"]);
    assert!(!stop.is_cancelled());
    assert_eq!((bus.metrics().received, bus.metrics().released), (1, 1));
    bus.shutdown(Duration::from_secs(1)).await.unwrap();
}
