//! The asynchronous bus with publishers and workers on many threads: order, room and counts are those of one queue.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use melange::{AsynchronousEventBus, Event, EventDescriptor, Location, Route};
use tokio::sync::Semaphore;

const LONG: Duration = Duration::from_secs(60);

/// An event with a key, unless that is empty.
struct Moved(&'static str, usize);

impl Event for Moved {
    const DESCRIPTOR: &'static EventDescriptor =
        &EventDescriptor::new::<Self>("Moved", "Moved", Location::new("asynchronous_threads", file!(), line!()))
            .with_key();

    fn route(&self) -> Route<'_> {
        let mut route = Route::default();
        route.key = (!self.0.is_empty()).then_some(Cow::Borrowed(self.0));
        route
    }
}

/// Publishes one event after the other, each on another thread, waiting for room without a runtime.
fn publish_across_threads(bus: &AsynchronousEventBus, events: impl Iterator<Item = Moved> + Send) {
    let (bus, events) = (bus.clone(), Mutex::new(events));
    let publish_next = || match events.lock().unwrap().next() {
        Some(mut event) => {
            while let Err(refused) = bus.try_publish(event) {
                assert!(refused.is_full());
                event = refused.into_event();
                thread::yield_now();
            }
            true
        }
        None => false,
    };
    // They take turns, so that each event is published after the one before it.
    let turns: Vec<_> = (0..4).map(|_| mpsc::channel::<bool>()).collect();
    let (senders, receivers): (Vec<_>, Vec<_>) = turns.into_iter().unzip();
    thread::scope(|scope| {
        for (at, turn) in receivers.into_iter().enumerate() {
            let (next, publish_next) = (senders[(at + 1) % 4].clone(), &publish_next);
            scope.spawn(move || {
                while let Ok(true) = turn.recv() {
                    let goes_on = publish_next();
                    let _ = next.send(goes_on);
                    if !goes_on {
                        break;
                    }
                }
                let _ = next.send(false);
            });
        }
        senders[0].send(true).unwrap();
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn events_of_a_key_keep_their_order_whichever_thread_publishes_them() {
    let seen = Arc::new(Mutex::new(HashMap::<&str, Vec<usize>>::new()));
    let notes = Arc::clone(&seen);
    let bus = AsynchronousEventBus::builder()
        .workers(4)
        .capacity(50)
        .subscribe(move |moved: &Moved| notes.lock().unwrap().entry(moved.0).or_default().push(moved.1))
        .build()
        .unwrap();
    const KEYS: [&str; 5] = ["a", "b", "", "c", "d"];
    publish_across_threads(&bus, (0..10_000).map(|n| Moved(KEYS[n % 5], n)));
    assert_eq!(bus.shutdown(LONG).await.dropped, 0);
    let seen = seen.lock().unwrap();
    assert_eq!(seen.values().map(Vec::len).sum::<usize>(), 10_000);
    for (key, seen) in seen.iter().filter(|(key, _)| !key.is_empty()) {
        assert!(seen.is_sorted(), "{key}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_worker_handles_events_in_the_order_of_publication_whichever_thread_publishes_them() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let notes = Arc::clone(&seen);
    let bus = AsynchronousEventBus::builder()
        .workers(1)
        .capacity(100)
        .subscribe(move |moved: Arc<Moved>| {
            notes.lock().unwrap().push(moved.1);
            std::future::ready(())
        })
        .build()
        .unwrap();
    publish_across_threads(&bus, (0..5_000).map(|n| Moved("", n)));
    assert_eq!(bus.shutdown(LONG).await.dropped, 0);
    assert!(seen.lock().unwrap().iter().copied().eq(0..5_000));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn however_many_threads_publish_the_bus_takes_as_many_events_as_it_has_room_for() {
    for capacity in [1, 2, 7, 32, 33, 1_000] {
        let gate = Arc::new(Semaphore::new(0));
        let opens = Arc::clone(&gate);
        let bus = AsynchronousEventBus::builder()
            .workers(3)
            .capacity(capacity)
            .subscribe(move |_: Arc<Moved>| {
                let opens = Arc::clone(&opens);
                async move { drop(opens.acquire().await) }
            })
            .build()
            .unwrap();
        // Those that run take no room.
        for running in 1..=3 {
            bus.publish(Moved("", 0)).await.unwrap();
            while bus.metrics().running < running {
                tokio::task::yield_now().await;
            }
        }
        let taken = AtomicUsize::new(0);
        thread::scope(|scope| {
            for at in 0..4 {
                let (bus, taken) = (&bus, &taken);
                scope.spawn(move || {
                    for n in 0..1_000 {
                        let key = if n % 2 == 0 { "" } else { ["a", "b", "c", "d"][at] };
                        if bus.try_publish(Moved(key, n)).is_ok() {
                            taken.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                });
            }
        });
        assert_eq!(taken.load(Ordering::Relaxed), capacity);
        assert_eq!((bus.metrics().queued, bus.metrics().running), (capacity, 3));
        gate.close();
        assert_eq!(bus.shutdown(LONG).await.dropped, 0);
        assert_eq!(bus.metrics().delivered, capacity as u64 + 3);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn what_a_worker_took_before_it_was_blocked_is_handled_while_others_are_busy_all_the_time() {
    let (release, released) = mpsc::channel::<()>();
    let (released, handled) = (Mutex::new(released), Arc::new(Mutex::new(vec![false; 2_000])));
    let (marks, is_over) = (Arc::clone(&handled), Arc::new(AtomicBool::new(false)));
    let bus = AsynchronousEventBus::builder()
        .workers(2)
        .capacity(2_000)
        .subscribe(move |moved: &Moved| {
            if moved.0 == "stuck" {
                released.lock().unwrap().recv().unwrap();
            }
            if let Some(mark) = marks.lock().unwrap().get_mut(moved.1) {
                *mark = true;
            }
        })
        .build()
        .unwrap();
    // The other worker always has something newer to do.
    let (busy, over) = (bus.clone(), Arc::clone(&is_over));
    let flood = thread::spawn(move || {
        while !over.load(Ordering::Relaxed) {
            let _ = busy.try_publish(Moved("", usize::MAX));
        }
    });
    for n in 0..2_000 {
        bus.publish(Moved(if n == 1_000 { "stuck" } else { "" }, n)).await.unwrap();
    }
    let start = Instant::now();
    while handled.lock().unwrap().iter().filter(|handled| !**handled).count() > 1 {
        assert!(start.elapsed() < LONG, "{:?}", bus.metrics());
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    release.send(()).unwrap();
    is_over.store(true, Ordering::Relaxed);
    flood.join().unwrap();
    assert_eq!(bus.shutdown(LONG).await.dropped, 0);
    assert!(handled.lock().unwrap().iter().all(|handled| *handled));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_queued_or_in_a_blocked_workers_hand_at_the_deadline_is_dropped_and_counted() {
    let (release, released) = mpsc::channel::<()>();
    let released = Mutex::new(released);
    let bus = AsynchronousEventBus::builder()
        .workers(2)
        .subscribe(move |moved: &Moved| {
            if moved.0 == "stuck" {
                let _ = released.lock().unwrap().recv();
            }
        })
        .build()
        .unwrap();
    for n in 0..1_000 {
        let key = ["stuck", ""][usize::from(n % 100 != 50)];
        bus.publish(Moved(key, n)).await.unwrap();
    }
    let drained = bus.shutdown(Duration::from_millis(50)).await;
    let now = bus.metrics();
    assert_eq!(now.published, 1_000);
    assert_eq!((now.delivered + now.dropped, now.queued, now.running), (1_000 - drained.still_running as u64, 0, 1));
    drop(release);
}
