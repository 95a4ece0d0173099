//! The buses without queues: order, isolation, back-pressure, draining.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use melange::{AsynchronousEventBus, Event, ProblemKind, SynchronousEventBus};

#[derive(Debug, Clone, PartialEq, Event)]
#[event(local)]
struct Keyed {
    #[event(key)]
    key: String,
    number: u64,
}

#[derive(Debug, Event)]
#[event(local)]
struct Plain(u64);

fn keyed(key: &str, number: u64) -> Keyed {
    Keyed { key: key.to_owned(), number }
}

type Notes = Arc<Mutex<Vec<String>>>;

fn noted(notes: &Notes) -> Vec<String> {
    notes.lock().unwrap().clone()
}

#[test]
fn subscribers_run_in_the_order_of_registration_and_a_failing_one_stops_nobody() {
    let notes = Notes::default();
    let note = |name: &'static str| {
        let notes = Arc::clone(&notes);
        move |plain: &Plain| notes.lock().unwrap().push(format!("{name} {}", plain.0))
    };
    let bus = SynchronousEventBus::builder()
        .subscribe(note("first"))
        .subscribe(|_: &Plain| -> Result<(), String> { Err("it failed".to_owned()) })
        .subscribe(|_: &Plain| -> () { panic!("it panicked") })
        .subscribe(note("last"))
        .build()
        .unwrap();
    let error = bus.publish(&Plain(1)).unwrap_err();
    assert_eq!(noted(&notes), ["first 1", "last 1"]);
    assert_eq!(error.failures().len(), 2, "{error}");
}

#[test]
fn a_subscriber_may_publish_on_its_own_bus() {
    let notes = Notes::default();
    let bus = SynchronousEventBus::builder().build().unwrap();
    let (inner, seen) = (bus.clone(), Arc::clone(&notes));
    bus.subscribe(move |plain: &Plain| {
        seen.lock().unwrap().push(format!("begin {}", plain.0));
        if plain.0 < 3 {
            inner.publish(&Plain(plain.0 + 1)).unwrap();
        }
        seen.lock().unwrap().push(format!("end {}", plain.0));
    });
    bus.publish(&Plain(1)).unwrap();
    assert_eq!(noted(&notes), ["begin 1", "begin 2", "begin 3", "end 3", "end 2", "end 1"]);
}

#[test]
fn who_unsubscribes_while_publishing_is_not_run_any_more() {
    let bus = SynchronousEventBus::builder().build().unwrap();
    let later = Arc::new(Mutex::new(None::<melange::SubscriptionHandle>));
    let taken = Arc::clone(&later);
    bus.subscribe(move |_: &Plain| {
        if let Some(handle) = taken.lock().unwrap().take() {
            handle.unsubscribe();
        }
    });
    let runs = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&runs);
    let handle = bus.subscribe(move |_: &Plain| {
        counted.fetch_add(1, Ordering::SeqCst);
    });
    bus.publish(&Plain(1)).map(|()| assert_eq!(runs.load(Ordering::SeqCst), 1)).unwrap();
    *later.lock().unwrap() = Some(handle);
    bus.publish(&Plain(2)).unwrap();
    bus.publish(&Plain(3)).unwrap();
    assert_eq!(runs.load(Ordering::SeqCst), 1);
}

#[test]
fn a_synchronous_bus_refuses_async_subscribers_and_closes() {
    let refused = SynchronousEventBus::builder().subscribe(|_: Arc<Plain>| async {}).build().unwrap_err();
    assert!(refused.has(ProblemKind::AsyncSubscriber), "{refused}");
    let bus = SynchronousEventBus::builder().build().unwrap();
    bus.publish(&Plain(1)).unwrap();
    bus.shutdown();
    assert!(bus.publish(&Plain(1)).unwrap_err().is_closed());
}

#[test]
fn an_asynchronous_bus_needs_a_runtime_and_workers() {
    let refused = AsynchronousEventBus::builder().workers(0).capacity(0).build().unwrap_err();
    assert!(refused.has(ProblemKind::NoRuntime) && refused.has(ProblemKind::IllegalOption), "{refused}");
}

#[tokio::test(start_paused = true)]
async fn one_key_keeps_its_order_and_a_slow_key_holds_up_only_itself() {
    let notes = Notes::default();
    let seen = Arc::clone(&notes);
    let bus = AsynchronousEventBus::builder()
        .workers(4)
        .subscribe(move |event: Arc<Keyed>| {
            let seen = Arc::clone(&seen);
            async move {
                let slow = event.key == "slow";
                tokio::time::sleep(Duration::from_millis(if slow { 1_000 } else { event.number % 3 })).await;
                seen.lock().unwrap().push(format!("{} {}", event.key, event.number));
            }
        })
        .build()
        .unwrap();
    for number in 0..20 {
        for key in ["slow", "a", "b"] {
            bus.publish(keyed(key, number)).await.unwrap();
        }
    }
    let begun = tokio::time::Instant::now();
    while noted(&notes).iter().filter(|note| !note.starts_with("slow")).count() < 40 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert!(begun.elapsed() < Duration::from_secs(1), "the others waited for the slow one");
    let drained = bus.shutdown(Duration::from_secs(60)).await;
    assert_eq!(drained.dropped, 0);
    for key in ["slow", "a", "b"] {
        let order: Vec<String> = noted(&notes).into_iter().filter(|note| note.starts_with(key)).collect();
        assert_eq!(order, (0..20).map(|number| format!("{key} {number}")).collect::<Vec<_>>());
    }
}

#[tokio::test(start_paused = true)]
async fn the_capacity_bounds_keyed_events_too_and_a_full_bus_says_so() {
    let bus = AsynchronousEventBus::builder()
        .workers(1)
        .capacity(3)
        .subscribe(|_: Arc<Keyed>| tokio::time::sleep(Duration::from_secs(1)))
        .build()
        .unwrap();
    let mut taken = 0;
    let full = loop {
        match bus.try_publish(keyed("k", taken)) {
            Ok(()) => taken += 1,
            Err(error) => break error,
        }
    };
    assert!(full.is_full() && taken <= 4, "{taken}");
    assert_eq!(full.into_event(), keyed("k", taken), "the event is given back");
    bus.publish(keyed("k", taken)).await.unwrap();
    let drained = bus.shutdown(Duration::from_secs(60)).await;
    assert_eq!(drained.dropped, 0);
    assert!(bus.publish(keyed("k", 9)).await.unwrap_err().is_closed());
    assert_eq!(bus.metrics().delivered, taken + 1);
}

#[tokio::test(start_paused = true)]
async fn neither_keyed_nor_plain_events_starve() {
    let notes = Notes::default();
    let (of_plain, of_keyed) = (Arc::clone(&notes), Arc::clone(&notes));
    let bus = AsynchronousEventBus::builder()
        .workers(1)
        .subscribe(move |plain: &Plain| of_plain.lock().unwrap().push(format!("plain {}", plain.0)))
        .subscribe(move |event: &Keyed| of_keyed.lock().unwrap().push(format!("keyed {}", event.number)))
        .build()
        .unwrap();
    for number in 0..40 {
        bus.publish(keyed("k", number)).await.unwrap();
    }
    bus.publish(Plain(1)).await.unwrap();
    bus.shutdown(Duration::from_secs(5)).await;
    let place = noted(&notes).iter().position(|note| note == "plain 1").unwrap();
    assert!(place < 5, "the plain event ran as number {place} behind one busy key");
}

#[tokio::test(start_paused = true)]
async fn a_drain_delivers_all_it_can_and_counts_what_it_drops() {
    let build = || {
        AsynchronousEventBus::builder()
            .workers(1)
            .subscribe(|_: Arc<Plain>| tokio::time::sleep(Duration::from_secs(1)))
            .build()
            .unwrap()
    };
    let patient = build();
    for number in 0..10 {
        patient.publish(Plain(number)).await.unwrap();
    }
    let drained = patient.shutdown(Duration::from_secs(60)).await;
    assert_eq!((drained.delivered, drained.dropped), (10, 0));

    let hasty = build();
    for number in 0..10 {
        hasty.publish(Plain(number)).await.unwrap();
    }
    let drained = hasty.shutdown(Duration::from_millis(3_500)).await;
    assert_eq!(hasty.metrics().delivered + drained.dropped, 10, "{drained:?}");
    assert!(drained.dropped > 0);
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_publishes_on_a_full_bus_never_deadlocks() {
    let bus = AsynchronousEventBus::builder().workers(1).capacity(2).build().unwrap();
    let (inner, full) = (bus.clone(), Arc::new(AtomicU64::new(0)));
    let refused = Arc::clone(&full);
    bus.subscribe(move |plain: Arc<Plain>| {
        let (inner, refused) = (inner.clone(), Arc::clone(&refused));
        async move {
            if plain.0 == 0 {
                for number in 1..=10 {
                    if inner.publish(Plain(number)).await.is_err_and(|error| error.is_full()) {
                        refused.fetch_add(1, Ordering::SeqCst);
                    }
                }
            }
        }
    });
    bus.publish(Plain(0)).await.unwrap();
    let drained = tokio::time::timeout(Duration::from_secs(100), bus.shutdown(Duration::from_secs(10))).await.unwrap();
    assert_eq!(drained.dropped, 0);
    assert_eq!(bus.metrics().delivered + full.load(Ordering::SeqCst), 11, "every event was delivered or refused");
}

#[tokio::test(start_paused = true)]
async fn a_panic_goes_to_the_hook_and_the_worker_lives() {
    let failures = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&failures);
    let runs = Arc::new(AtomicU64::new(0));
    let ran = Arc::clone(&runs);
    let bus = AsynchronousEventBus::builder()
        .workers(1)
        .subscribe(|_: &Plain| -> () { panic!("it panicked") })
        .subscribe(move |_: &Plain| {
            ran.fetch_add(1, Ordering::SeqCst);
        })
        .on_error(move |_| {
            counted.fetch_add(1, Ordering::SeqCst);
            panic!("the hook too")
        })
        .build()
        .unwrap();
    for number in 0..3 {
        bus.publish(Plain(number)).await.unwrap();
    }
    bus.shutdown(Duration::from_secs(5)).await;
    assert_eq!((failures.load(Ordering::SeqCst), runs.load(Ordering::SeqCst)), (3, 3));
}
