//! How the workers of the asynchronous bus share what is queued: nobody is starved, nothing waits behind what it need not wait
//! for, and who is idle costs nothing.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use melange::{AsynchronousEventBus, CancellationToken, Event, EventDescriptor, Location, Metadata, Route};
use tokio::sync::Semaphore;
use tokio::task::yield_now;
use tokio::time::{Instant, sleep};

const LONG: Duration = Duration::from_secs(60);

/// An event with a key, unless that is empty.
struct Placed(String, u32);

impl Placed {
    fn new(key: &str, at: u32) -> Self {
        Self(key.to_owned(), at)
    }
}

impl Event for Placed {
    const DESCRIPTOR: &'static EventDescriptor =
        &EventDescriptor::new::<Self>("Placed", "Placed", Location::new("asynchronous_lanes", file!(), line!()))
            .with_key();

    fn route(&self) -> Route<'_> {
        let mut route = Route::default();
        route.key = (!self.0.is_empty()).then_some(Cow::Borrowed(self.0.as_str()));
        route
    }
}

type Log = Arc<Mutex<Vec<(String, u32)>>>;

fn notes(log: &Log) -> impl Fn(Arc<Placed>) -> std::future::Ready<()> + Send + Sync + 'static {
    let log = Arc::clone(log);
    move |placed: Arc<Placed>| {
        log.lock().unwrap().push((placed.0.clone(), placed.1));
        std::future::ready(())
    }
}

async fn settle() {
    for _ in 0..200 {
        yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_worker_has_taken_goes_on_elsewhere_when_it_waits() {
    // All is quick, so that workers take many at once; then one event waits for those published after it.
    let (log, gate) = (Log::default(), Arc::new(Semaphore::new(0)));
    let (noted, opens) = (Arc::clone(&log), Arc::clone(&gate));
    let bus = AsynchronousEventBus::builder()
        .workers(2)
        .subscribe(move |placed: Arc<Placed>| {
            let (log, gate) = (Arc::clone(&noted), Arc::clone(&opens));
            async move {
                match placed.0.as_str() {
                    "waits" => gate.acquire().await.unwrap().forget(),
                    "opens" => gate.add_permits(1),
                    _ => {}
                }
                log.lock().unwrap().push((placed.0.clone(), placed.1));
            }
        })
        .build()
        .unwrap();
    for round in 0..20 {
        for n in 0..300 {
            bus.publish(Placed::new("", n)).await.unwrap();
        }
        bus.publish(Placed::new("waits", round)).await.unwrap();
        for n in 0..50 {
            bus.publish(Placed::new("", n)).await.unwrap();
        }
        bus.publish(Placed::new("opens", round)).await.unwrap();
        settle().await;
        assert_eq!((bus.metrics().queued, bus.metrics().running), (0, 0), "round {round}");
    }
    let drained = bus.shutdown(LONG).await;
    assert_eq!((drained.dropped, log.lock().unwrap().len()), (0, 20 * 352));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_lies_in_the_hand_of_a_worker_that_is_blocked() {
    let (release, released) = std::sync::mpsc::channel::<()>();
    let (released, ran) = (Mutex::new(released), Arc::new(AtomicUsize::new(0)));
    let counts = Arc::clone(&ran);
    let bus = AsynchronousEventBus::builder()
        .workers(4)
        .subscribe(move |placed: &Placed| {
            if placed.0 == "stuck" {
                released.lock().unwrap().recv().unwrap();
            }
            counts.fetch_add(1, Ordering::Relaxed);
        })
        .build()
        .unwrap();
    let mut published = 0;
    for round in 0..20 {
        // All is quick, so that workers would take many at once; then one blocks its thread.
        for n in 0..400 {
            bus.publish(Placed::new(if n == 200 { "stuck" } else { "" }, n)).await.unwrap();
        }
        published += 400;
        let start = std::time::Instant::now();
        // Longer each time, so that a busy machine gets round to what was published last.
        let mut pause = Duration::from_millis(1);
        loop {
            sleep(pause).await;
            if ran.load(Ordering::Relaxed) >= published - 1 {
                break;
            }
            assert!(start.elapsed() < LONG, "round {round}: {:?}", bus.metrics());
            bus.publish(Placed::new("", 0)).await.unwrap();
            published += 1;
            pause = (pause * 2).min(Duration::from_millis(200));
        }
        release.send(()).unwrap();
    }
    assert_eq!(bus.shutdown(LONG).await.dropped, 0);
    assert_eq!(ran.load(Ordering::Relaxed), published);
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_one_key_lets_others_through() {
    // Of several workers each prefers what comes from its own thread, three times of four.
    for (workers, bound) in [(1, 10), (4, 20)] {
        let log = Log::default();
        let bus =
            AsynchronousEventBus::builder().workers(workers).capacity(100_000).subscribe(notes(&log)).build().unwrap();
        // All at once: waiting would let workers begin.
        for n in 0..10_000 {
            bus.try_publish(Placed::new("flood", n)).unwrap();
        }
        for key in ["", "a", "b"] {
            bus.try_publish(Placed::new(key, 0)).unwrap();
        }
        bus.shutdown(LONG).await;
        let log = log.lock().unwrap();
        for key in ["", "a", "b"] {
            let at = log.iter().position(|(of, _)| of == key).unwrap();
            assert!(at < bound, "{key:?} ran {at}th with {workers} workers");
        }
        assert!(log.iter().filter(|(of, _)| of == "flood").map(|(_, n)| *n).eq(0..10_000));
    }
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_one_publisher_lets_others_through() {
    let log = Log::default();
    let bus = AsynchronousEventBus::builder().workers(1).capacity(10).subscribe(notes(&log)).build().unwrap();
    let flood = tokio::spawn({
        let bus = bus.clone();
        async move {
            for n in 0..10_000 {
                bus.publish(Placed::new("", n)).await.unwrap();
            }
        }
    });
    for n in 0..10 {
        bus.publish(Placed::new("rare", n)).await.unwrap();
    }
    let before = log.lock().unwrap().len();
    assert!(before < 500, "{before} events of the flood ran before");
    flood.await.unwrap();
    assert_eq!(bus.shutdown(LONG).await.dropped, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_keys_keep_their_order_under_four_workers() {
    let seen = Arc::new(Mutex::new(HashMap::<String, u32>::new()));
    let last = Arc::clone(&seen);
    let bus = AsynchronousEventBus::builder()
        .workers(4)
        .capacity(64)
        .subscribe(move |placed: Arc<Placed>| {
            let last = Arc::clone(&last);
            async move {
                if placed.1.is_multiple_of(7) {
                    yield_now().await;
                }
                let mut last = last.lock().unwrap();
                let next = last.entry(placed.0.clone()).or_default();
                assert_eq!(*next, placed.1);
                *next += 1;
            }
        })
        .build()
        .unwrap();
    for n in 0..20 {
        for key in 0..1_000 {
            bus.publish(Placed(format!("key {key}"), n)).await.unwrap();
        }
    }
    assert_eq!(bus.shutdown(LONG).await.dropped, 0);
    assert_eq!(bus.metrics().failed_runs, 0);
    assert!(seen.lock().unwrap().values().all(|next| *next == 20));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn capacity_is_never_exceeded_and_the_counts_always_agree() {
    let bus =
        AsynchronousEventBus::builder().workers(3).capacity(20).subscribe(|_: Arc<Placed>| async {}).build().unwrap();
    let publishers: Vec<_> = (0..3)
        .map(|task| {
            let bus = bus.clone();
            tokio::spawn(async move {
                for n in 0..3_000 {
                    bus.publish(Placed::new(["", "a", "b"][task], n)).await.unwrap();
                }
            })
        })
        .collect();
    while !publishers.iter().all(tokio::task::JoinHandle::is_finished) {
        let now = bus.metrics();
        assert_eq!(now.published, now.delivered + now.dropped + now.queued as u64 + now.running as u64);
        assert!(now.queued <= 20 && now.running <= 3, "{now:?}");
        yield_now().await;
    }
    assert_eq!(bus.shutdown(LONG).await.dropped, 0);
    assert_eq!(bus.metrics().delivered, 9_000);
}

#[tokio::test(start_paused = true)]
async fn room_counts_from_the_moment_an_event_begins() {
    // One worker takes all that is queued; what it has not begun takes up room all the same.
    let (gate, bus) = (Arc::new(Semaphore::new(0)), AsynchronousEventBus::builder().workers(1).capacity(5));
    let opened = Arc::clone(&gate);
    let bus = bus
        .subscribe(move |_: Arc<Placed>| {
            let gate = Arc::clone(&opened);
            async move { gate.acquire().await.unwrap().forget() }
        })
        .build()
        .unwrap();
    for n in 0..5 {
        bus.try_publish(Placed::new("", n)).unwrap();
    }
    for n in 5..50 {
        settle().await;
        assert_eq!((bus.metrics().queued, bus.metrics().running), (4, 1));
        bus.try_publish(Placed::new("", n)).unwrap();
        assert!(bus.try_publish(Placed::new("", n)).unwrap_err().is_full());
        gate.add_permits(1);
    }
    gate.add_permits(100);
    assert_eq!(bus.shutdown(LONG).await.dropped, 0);
}

#[tokio::test(start_paused = true)]
async fn what_is_in_a_stuck_workers_hand_at_the_deadline_is_counted() {
    let bus = AsynchronousEventBus::builder()
        .workers(1)
        .subscribe(|placed: Arc<Placed>, token: CancellationToken| async move {
            if placed.1 == 40 {
                token.cancelled().await;
            }
        })
        .build()
        .unwrap();
    for n in 0..60 {
        bus.publish(Placed::new("", n)).await.unwrap();
    }
    let drained = bus.shutdown(Duration::from_secs(1)).await;
    assert_eq!((drained.delivered, drained.dropped), (41, 19));
    let metrics = bus.metrics();
    assert_eq!((metrics.published, metrics.delivered, metrics.dropped, metrics.queued), (60, 41, 19, 0));
}

#[test]
fn an_idle_bus_wakes_nobody() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let bus = runtime.block_on(async {
        let bus = AsynchronousEventBus::builder().workers(8).subscribe(|_: Arc<Placed>| async {}).build().unwrap();
        bus.publish(Placed::new("k", 0)).await.unwrap();
        bus
    });
    let parks = || runtime.metrics().worker_park_unpark_count(0);
    // Until all workers have gone to sleep.
    let mut before = parks();
    loop {
        std::thread::sleep(Duration::from_millis(50));
        match parks() {
            now if now == before => break,
            now => before = now,
        }
    }
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(parks(), before);
    runtime.block_on(bus.shutdown(LONG));
}

#[tokio::test(start_paused = true)]
async fn metadata_is_of_the_moment_of_publishing_and_the_same_for_all() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let notes = || {
        let seen = Arc::clone(&seen);
        move |_: Arc<Placed>, metadata: Metadata| {
            seen.lock().unwrap().push((metadata.event_id, metadata.occurred_on));
            std::future::ready(())
        }
    };
    let bus = AsynchronousEventBus::builder().workers(1).subscribe(notes()).subscribe(notes()).build().unwrap();
    let before = melange::Timestamp::now();
    bus.publish(Placed::new("", 0)).await.unwrap();
    let after = melange::Timestamp::now();
    std::thread::sleep(Duration::from_millis(20));
    let start = Instant::now();
    sleep(Duration::from_secs(1)).await;
    assert_eq!(start.elapsed(), Duration::from_secs(1));
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[0], seen[1]);
    assert!(before <= seen[0].1 && seen[0].1 <= after);
}

#[tokio::test(start_paused = true)]
async fn an_unpolled_publish_does_nothing_and_a_dropped_one_leaves_the_line() {
    let log = Log::default();
    let bus = AsynchronousEventBus::builder().workers(1).capacity(1).subscribe(notes(&log)).build().unwrap();
    drop(bus.publish(Placed::new("", 0)));
    settle().await;
    assert_eq!(bus.metrics().published, 0);
    bus.publish(Placed::new("", 1)).await.unwrap();
    // The worker has had no chance yet: the bus is full.
    let mut waits = Box::pin(bus.publish(Placed::new("", 2)));
    assert!(futures_util::poll!(&mut waits).is_pending());
    assert_eq!(bus.metrics().waiting, 1);
    drop(waits);
    assert_eq!(bus.metrics().waiting, 0);
    bus.shutdown(LONG).await;
    assert_eq!(*log.lock().unwrap(), [(String::new(), 1)]);
}
