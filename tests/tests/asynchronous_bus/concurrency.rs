//! A subscriber's own limit.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use melange::{AsynchronousEventBus, Context, Outcome, Subscriber, SubscriberOptions};
use tokio::time::{Instant, sleep, timeout};

use crate::{LONG, Placed, settle};

struct Narrow {
    bus: Arc<OnceLock<AsynchronousEventBus>>,
    running: AtomicUsize,
    most: AtomicUsize,
}

impl Subscriber<Placed> for Narrow {
    async fn process(&self, placed: &Placed, _: &Context<Placed>) -> Outcome {
        let running = self.running.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(running, Ordering::SeqCst);
        sleep(Duration::from_secs(1)).await;
        let mut outcome = Outcome::Done;
        if placed.0 == "publishes" {
            for n in 0..2 {
                if let Err(error) = self.bus.get().unwrap().publish(Placed("", n)).await {
                    outcome = Outcome::retry(error);
                }
            }
        }
        self.running.fetch_sub(1, Ordering::SeqCst);
        outcome
    }

    fn options(&self) -> SubscriberOptions {
        SubscriberOptions::new().with_concurrency(2)
    }
}

fn narrow(workers: usize, capacity: usize) -> (AsynchronousEventBus, Arc<Narrow>) {
    let narrow = Arc::new(Narrow { bus: Arc::default(), running: AtomicUsize::new(0), most: AtomicUsize::new(0) });
    let builder = AsynchronousEventBus::builder().workers(workers).capacity(capacity);
    let bus = builder.subscriber(Arc::clone(&narrow)).build().unwrap();
    narrow.bus.set(bus.clone()).unwrap();
    (bus, narrow)
}

#[tokio::test(start_paused = true)]
async fn concurrency_limits_a_subscribers_parallel_runs() {
    let (bus, narrow) = narrow(8, 100);
    for n in 0..10 {
        bus.publish(Placed("", n)).await.unwrap();
    }
    let start = Instant::now();
    assert_eq!(bus.shutdown(LONG).await.delivered, 10);
    assert_eq!((narrow.most.load(Ordering::SeqCst), start.elapsed().as_secs()), (2, 5));
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_waits_for_its_turn_makes_no_room() {
    // Two runs are allowed and both publish; the third worker waits for one of them. Nobody could go on.
    let (bus, _) = narrow(3, 1);
    for _ in 0..2 {
        bus.publish(Placed("publishes", 0)).await.unwrap();
        settle().await;
        bus.publish(Placed("", 0)).await.unwrap();
        settle().await;
    }
    let drained = timeout(LONG, bus.shutdown(LONG)).await.unwrap();
    assert_eq!(drained.dropped, 0);
    let metrics = bus.metrics();
    assert_eq!(metrics.delivered, metrics.published);
}

#[tokio::test(start_paused = true)]
async fn a_cut_off_run_gives_its_turn_back() {
    let (bus, narrow) = narrow(8, 100);
    for n in 0..10 {
        bus.publish(Placed("", n)).await.unwrap();
    }
    let drained = bus.shutdown(Duration::from_millis(1500)).await;
    assert_eq!((drained.delivered, drained.dropped, drained.still_running), (2, 8, 0));
    assert_eq!(narrow.most.load(Ordering::SeqCst), 2);
}
