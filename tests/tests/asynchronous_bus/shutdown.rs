//! Shutdowns, and buses that are dropped without one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use melange::{AsynchronousEventBus, CancellationToken};
use tokio::task::yield_now;
use tokio::time::{Instant, sleep};

use crate::{LONG, Placed, echoing, gated, noted, settle};

#[tokio::test(start_paused = true)]
async fn what_is_not_done_at_the_deadline_is_counted() {
    let (bus, gate, log) = gated(2, 100);
    for n in 0..10 {
        bus.publish(Placed("", n)).await.unwrap();
    }
    gate.add_permits(3);
    let start = Instant::now();
    let drained = bus.shutdown(Duration::from_secs(2)).await;
    assert_eq!((drained.delivered, drained.dropped, drained.still_running), (3, 7, 0));
    assert_eq!(noted(&log).len(), 3);
    assert!(start.elapsed() >= Duration::from_secs(2) && start.elapsed() < Duration::from_secs(3));
    let metrics = bus.metrics();
    assert_eq!((metrics.published, metrics.delivered, metrics.dropped), (10, 3, 7));
    assert_eq!((metrics.queued, metrics.running), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_drain_that_has_the_time_delivers_everything() {
    let (bus, gate, log) = gated(1, 100);
    for n in 0..10 {
        bus.publish(Placed(if n % 2 == 0 { "k" } else { "" }, n)).await.unwrap();
    }
    // One each second: far longer than any fixed grace, and well within the deadline.
    tokio::spawn(async move {
        for _ in 0..10 {
            sleep(Duration::from_secs(1)).await;
            gate.add_permits(1);
        }
    });
    let start = Instant::now();
    let drained = bus.shutdown(LONG).await;
    assert_eq!((drained.delivered, drained.dropped, drained.still_running), (10, 0, 0));
    assert_eq!((noted(&log).len(), start.elapsed()), (10, Duration::from_secs(10)));
}

#[tokio::test(start_paused = true)]
async fn the_token_is_cancelled_at_the_deadline_and_heeding_it_counts() {
    let bus = AsynchronousEventBus::builder()
        .subscribe(|_: Arc<Placed>, token: CancellationToken| async move { token.cancelled().await })
        .build()
        .unwrap();
    bus.publish(Placed("", 1)).await.unwrap();
    settle().await;
    let drained = bus.shutdown(Duration::from_secs(2)).await;
    assert_eq!((drained.delivered, drained.dropped), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn what_subscribers_publish_during_the_drain_is_drained_too() {
    let (bus, results) = echoing(2, 10, |placed| if placed.1 > 0 { vec![Placed("", placed.1 - 1)] } else { vec![] });
    bus.publish(Placed("", 5)).await.unwrap();
    let drained = bus.shutdown(LONG).await;
    assert_eq!((drained.delivered, drained.dropped), (6, 0));
    assert!(results.lock().unwrap().iter().all(Result::is_ok));
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_refuses_those_who_publish_and_those_who_wait() {
    let (bus, gate, _) = gated(1, 1);
    bus.publish(Placed("", 0)).await.unwrap();
    settle().await;
    bus.publish(Placed("", 1)).await.unwrap();
    let waits = tokio::spawn({
        let bus = bus.clone();
        async move { bus.publish(Placed("", 2)).await }
    });
    settle().await;
    let ends = tokio::spawn({
        let bus = bus.clone();
        async move { bus.shutdown(LONG).await }
    });
    settle().await;
    assert!(waits.await.unwrap().unwrap_err().is_closed());
    assert!(bus.publish(Placed("", 3)).await.unwrap_err().is_closed());
    assert!(bus.try_publish(Placed("", 4)).unwrap_err().is_closed());
    assert_eq!(bus.shutdown(LONG).await, Default::default());
    gate.add_permits(10);
    let drained = ends.await.unwrap();
    assert_eq!((drained.delivered, drained.dropped), (2, 0));
    assert_eq!(bus.shutdown(LONG).await, Default::default());
    assert!(bus.publish(Placed("", 5)).await.unwrap_err().is_closed());
}

#[tokio::test(start_paused = true)]
async fn an_idle_bus_shuts_down_at_once() {
    let bus = AsynchronousEventBus::builder().build().unwrap();
    bus.publish(Placed("", 1)).await.unwrap(); // nobody listens: fine
    settle().await;
    let start = Instant::now();
    assert_eq!(bus.shutdown(LONG).await, Default::default());
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sync_subscriber_that_stays_busy_is_counted_and_not_waited_for() {
    let busy = Arc::new(AtomicBool::new(true));
    let stays = Arc::clone(&busy);
    let bus = AsynchronousEventBus::builder()
        .workers(2)
        .subscribe(move |_: &Placed| {
            while stays.load(Ordering::Relaxed) {
                std::thread::yield_now();
            }
        })
        .build()
        .unwrap();
    bus.publish(Placed("k", 0)).await.unwrap();
    bus.publish(Placed("k", 1)).await.unwrap();
    while bus.metrics().running == 0 {
        yield_now().await;
    }
    let drained = bus.shutdown(Duration::ZERO).await;
    busy.store(false, Ordering::Relaxed);
    assert_eq!((drained.delivered, drained.dropped, drained.still_running), (0, 1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_bus_dropped_without_a_shutdown_finishes_what_it_has() {
    let (bus, gate, log) = gated(1, 10);
    for n in 0..3 {
        bus.publish(Placed("", n)).await.unwrap();
    }
    drop(bus.clone());
    drop(bus);
    assert_eq!(tokio::runtime::Handle::current().metrics().num_alive_tasks(), 1);
    gate.add_permits(10);
    settle().await;
    assert!(noted(&log).iter().map(|(_, n)| *n).eq(0..3));
    assert_eq!(tokio::runtime::Handle::current().metrics().num_alive_tasks(), 0);
}

#[test]
fn a_bus_that_outlives_its_runtime_is_closed_and_counts_what_it_lost() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let (bus, _gate, _) = runtime.block_on(async {
        let gated = gated(2, 10);
        for n in 0..5 {
            gated.0.publish(Placed("", n)).await.unwrap();
        }
        settle().await;
        gated
    });
    drop(runtime);
    let metrics = bus.metrics();
    assert_eq!((metrics.dropped, metrics.queued, metrics.running), (5, 0, 0));
    assert!(bus.try_publish(Placed("", 9)).unwrap_err().is_closed());
}
