//! In which order events are handled: by key, and fairly.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use melange::AsynchronousEventBus;
use tokio::task::yield_now;
use tokio::time::{Instant, sleep};

use crate::{LONG, Log, Paid, Placed, echoing, noted, notes, settle};

#[tokio::test(start_paused = true)]
async fn one_events_subscribers_run_in_the_order_of_registration() {
    let log = Arc::<Mutex<Vec<char>>>::default();
    let notes = |name: char| {
        let log = Arc::clone(&log);
        move |_: Arc<Placed>| {
            let log = Arc::clone(&log);
            async move {
                yield_now().await;
                log.lock().unwrap().push(name);
            }
        }
    };
    let sync = Arc::clone(&log);
    let bus = AsynchronousEventBus::builder()
        .subscribe(notes('a'))
        .subscribe(move |_: &Placed| sync.lock().unwrap().push('b'))
        .subscribe(notes('c'))
        .build()
        .unwrap();
    bus.subscribe(notes('d'));
    bus.publish(Placed("", 1)).await.unwrap();
    let drained = bus.shutdown(LONG).await;
    assert_eq!((drained.delivered, drained.dropped, drained.still_running), (1, 0, 0));
    assert_eq!(*log.lock().unwrap(), ['a', 'b', 'c', 'd']);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_keeps_its_order_under_eight_workers() {
    let (log, running) = (Log::default(), Arc::new(Mutex::new(HashMap::<&str, usize>::new())));
    let (notes, counts) = (Arc::clone(&log), Arc::clone(&running));
    let run = move |key: &'static str, n: u32| {
        let (log, running) = (Arc::clone(&notes), Arc::clone(&counts));
        async move {
            *running.lock().unwrap().entry(key).or_default() += 1;
            for _ in 0..(n.wrapping_mul(2_654_435_761) >> 29) {
                yield_now().await;
            }
            log.lock().unwrap().push((key, n));
            assert_eq!(std::mem::take(running.lock().unwrap().get_mut(key).unwrap()), 1, "two at once");
        }
    };
    let runs = run.clone();
    let bus = AsynchronousEventBus::builder()
        .workers(8)
        .capacity(32)
        .subscribe(move |placed: Arc<Placed>| run(placed.0, placed.1))
        .subscribe(move |paid: Arc<Paid>| runs(paid.0, paid.1))
        .build()
        .unwrap();
    let keys = ["a", "b", "c", "d", "e"];
    for n in 0..200 {
        for key in keys {
            // The key alone counts, whatever the event.
            if n % 3 == 0 {
                bus.publish(Paid(key, n)).await.unwrap();
            } else {
                bus.publish(Placed(key, n)).await.unwrap();
            }
        }
    }
    let metrics = bus.metrics();
    assert_eq!(metrics.published, 1000);
    assert!(metrics.queued <= 32);
    bus.shutdown(LONG).await;
    let log = noted(&log);
    for key in keys {
        let order: Vec<_> = log.iter().filter(|(of, _)| *of == key).map(|(_, n)| *n).collect();
        assert!(order.iter().copied().eq(0..200), "{key}: {order:?}");
    }
    assert_eq!(bus.metrics().failed_runs, 0);
}

#[tokio::test(start_paused = true)]
async fn a_slow_key_holds_up_only_itself() {
    let log = Log::default();
    let notes = Arc::clone(&log);
    let bus = AsynchronousEventBus::builder()
        .workers(2)
        .subscribe(move |placed: Arc<Placed>| {
            let log = Arc::clone(&notes);
            async move {
                if placed.0 == "slow" {
                    sleep(LONG).await;
                }
                log.lock().unwrap().push((placed.0, placed.1));
            }
        })
        .build()
        .unwrap();
    for n in 0..3 {
        bus.publish(Placed("slow", n)).await.unwrap();
    }
    for n in 0..5 {
        bus.publish(Placed("quick", n)).await.unwrap();
        bus.publish(Placed("", n)).await.unwrap();
    }
    sleep(Duration::from_secs(1)).await;
    assert_eq!((noted(&log).len(), bus.metrics().queued, bus.metrics().running), (10, 2, 1));
}

#[tokio::test(start_paused = true)]
async fn neither_keyed_nor_unkeyed_events_starve() {
    for (steady, rare) in [("steady", ""), ("", "rare")] {
        let (bus, results) = echoing(1, 10, move |placed| match placed.1 {
            // An endless stream: each event is followed by another of its key.
            0..100 if placed.0 == steady => vec![Placed(steady, placed.1 + 1)],
            _ => vec![],
        });
        let log = Log::default();
        bus.subscribe(notes(&log));
        bus.publish(Placed(steady, 0)).await.unwrap();
        bus.publish(Placed(steady, 50)).await.unwrap();
        bus.publish(Placed(rare, 0)).await.unwrap();
        bus.shutdown(LONG).await;
        let at = noted(&log).iter().position(|event| *event == (rare, 0)).unwrap();
        assert!(at <= 2, "{rare:?} ran {at}th beside a stream of {steady:?}");
        assert!(results.lock().unwrap().iter().all(Result::is_ok));
    }
}

#[tokio::test(start_paused = true)]
async fn an_unkeyed_event_does_not_wait_behind_all_that_one_key_has_queued() {
    let log = Log::default();
    let bus = AsynchronousEventBus::builder().workers(1).subscribe(notes(&log)).build().unwrap();
    for n in 0..40 {
        bus.publish(Placed("k", n)).await.unwrap();
    }
    bus.publish(Placed("", 0)).await.unwrap();
    bus.shutdown(LONG).await;
    let at = noted(&log).iter().position(|event| *event == ("", 0)).unwrap();
    assert!(at < 5, "it ran as number {at}");
}

#[tokio::test(start_paused = true)]
async fn nobody_polls_for_work() {
    let bus = AsynchronousEventBus::builder().workers(4).build().unwrap();
    let begun = Arc::new(Mutex::new(Vec::new()));
    let notes = Arc::clone(&begun);
    bus.subscribe(move |_: &Placed| notes.lock().unwrap().push(Instant::now()));
    let start = Instant::now();
    for n in 0..10 {
        // Long idle, so that a worker which looks for work at intervals would be between two looks.
        sleep(Duration::from_millis(37)).await;
        bus.publish(Placed(if n % 2 == 0 { "k" } else { "" }, n)).await.unwrap();
        settle().await;
    }
    let latest = Duration::from_millis(370);
    assert_eq!(start.elapsed(), latest);
    let waits = begun.lock().unwrap().iter().map(|at| at.duration_since(start).as_millis()).collect::<Vec<_>>();
    assert_eq!(waits, (1..=10).map(|n| n * 37).collect::<Vec<_>>());
}

/// The key and the lane of an event that the macro made.
#[derive(melange::Event)]
#[event(local)]
struct Moved {
    #[event(key)]
    parcel: u32,
    step: u32,
}

#[tokio::test(start_paused = true)]
async fn a_field_that_the_macro_marks_as_key_is_the_lane() {
    let log = Arc::<Mutex<Vec<(u32, u32)>>>::default();
    let notes = Arc::clone(&log);
    let bus = AsynchronousEventBus::builder()
        .workers(4)
        .subscribe(move |moved: Arc<Moved>| {
            let notes = Arc::clone(&notes);
            async move {
                sleep(Duration::from_millis(if moved.parcel == 1 { 1_000 } else { u64::from(moved.step % 3) })).await;
                notes.lock().unwrap().push((moved.parcel, moved.step));
            }
        })
        .build()
        .unwrap();
    for step in 0..20 {
        for parcel in 1..=3 {
            bus.publish(Moved { parcel, step }).await.unwrap();
        }
    }
    sleep(Duration::from_millis(900)).await;
    assert_eq!(
        log.lock().unwrap().iter().filter(|(parcel, _)| *parcel != 1).count(),
        40,
        "the slow lane held up others"
    );
    assert_eq!(bus.shutdown(LONG).await.dropped, 0);
    for parcel in 1..=3 {
        let steps =
            log.lock().unwrap().iter().filter(|(of, _)| *of == parcel).map(|(_, step)| *step).collect::<Vec<_>>();
        assert!(steps.iter().copied().eq(0..20), "{parcel}: {steps:?}");
    }
}
