//! What goes wrong in subscribers, who listens, and what is refused at the start.

use std::panic::panic_any;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use melange::{
    AsynchronousEventBus, Context, Event, EventDescriptor, Location, Outcome, ProblemKind, Subscriber,
    SubscriberErrorKind, SubscriberOptions,
};
use tokio::task::yield_now;
use tokio::time::sleep;

use crate::{LONG, Log, Placed, gated, noted, notes, settle};

/// What a panic is thrown with, and panics again when it is dropped.
struct Thrown;

impl Drop for Thrown {
    fn drop(&mut self) {
        panic!("again");
    }
}

#[tokio::test(start_paused = true)]
async fn failures_panics_and_timeouts_stop_nobody_and_are_reported() {
    struct Slow;
    impl Subscriber<Placed> for Slow {
        async fn process(&self, _: &Placed, _: &Context<Placed>) -> Outcome {
            sleep(LONG).await;
            Outcome::Done
        }
        fn options(&self) -> SubscriberOptions {
            SubscriberOptions::new().with_timeout(Duration::from_secs(1))
        }
    }
    let (log, reports) = (Log::default(), Arc::<Mutex<Vec<_>>>::default());
    let reported = Arc::clone(&reports);
    let bus = AsynchronousEventBus::builder()
        .on_error(|_| panic!("the hook itself"))
        .on_error(|_| panic_any(Thrown))
        .on_error(move |error| reported.lock().unwrap().push((error.kind(), error.event_name())))
        .subscribe(|_: &Placed| Err::<(), _>("no ink"))
        .subscribe(|_: Arc<Placed>| async {
            if true {
                panic!("oh")
            }
        })
        .subscribe(|_: &Placed| -> () { panic!("oh") })
        .subscriber(Slow)
        .subscribe(|_: &Placed| Outcome::Reject)
        .subscribe(notes(&log))
        .build()
        .unwrap();
    for n in 0..2 {
        bus.publish(Placed("k", n)).await.unwrap();
    }
    assert_eq!(bus.shutdown(LONG).await.delivered, 2);
    assert_eq!(noted(&log), [("k", 0), ("k", 1)]);
    use SubscriberErrorKind::{Failed, Panicked, Rejected, TimedOut};
    let once = [Failed, Panicked, Panicked, TimedOut, Rejected].map(|kind| (kind, "Placed"));
    assert_eq!(*reports.lock().unwrap(), [once, once].concat());
    let metrics = bus.metrics();
    assert_eq!((metrics.failed_runs, metrics.panicked_runs, metrics.timed_out_runs), (10, 4, 2));
}

#[tokio::test(start_paused = true)]
async fn an_event_that_panics_when_it_is_dropped_ends_no_worker() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic_any(Thrown);
        }
    }
    impl Event for Bomb {
        const DESCRIPTOR: &'static EventDescriptor =
            &EventDescriptor::new::<Self>("Bomb", "Bomb", Location::new("asynchronous_bus", file!(), line!()));
    }
    let log = Log::default();
    let bus = AsynchronousEventBus::builder().workers(1).subscribe(notes(&log)).build().unwrap();
    bus.publish(Bomb).await.unwrap();
    bus.publish(Placed("", 1)).await.unwrap();
    assert_eq!(bus.shutdown(LONG).await.delivered, 2);
    assert_eq!(noted(&log), [("", 1)]);
}

#[tokio::test(start_paused = true)]
async fn who_listens_is_asked_when_the_event_is_handled() {
    let (bus, gate, _) = gated(1, 10);
    let (gone, came) = (Log::default(), Log::default());
    let going = bus.subscribe(notes(&gone));
    bus.publish(Placed("", 0)).await.unwrap();
    settle().await; // in the hands of the gated subscriber
    bus.publish(Placed("", 1)).await.unwrap();
    going.unsubscribe();
    bus.subscribe(notes(&came));
    gate.add_permits(10);
    bus.shutdown(LONG).await;
    assert!(noted(&gone).is_empty());
    assert_eq!(noted(&came), [("", 1)]);
}

#[tokio::test(start_paused = true)]
async fn a_subscriber_may_unsubscribe_itself_while_it_runs() {
    let bus = AsynchronousEventBus::builder().workers(1).build().unwrap();
    let (runs, own) = (Arc::new(AtomicUsize::new(0)), Arc::new(OnceLock::<melange::SubscriptionHandle>::new()));
    let (counts, unsubscribes) = (Arc::clone(&runs), Arc::clone(&own));
    let handle = bus.subscribe(move |_: Arc<Placed>| {
        let (counts, unsubscribes) = (Arc::clone(&counts), Arc::clone(&unsubscribes));
        async move {
            unsubscribes.get().unwrap().unsubscribe();
            yield_now().await;
            counts.fetch_add(1, Ordering::Relaxed);
        }
    });
    own.set(handle.clone()).unwrap();
    for n in 0..3 {
        bus.publish(Placed("", n)).await.unwrap();
    }
    assert_eq!(bus.shutdown(LONG).await.delivered, 3);
    assert_eq!((runs.load(Ordering::Relaxed), handle.is_active()), (1, false));
}

#[test]
fn what_makes_no_sense_is_refused_at_build_all_at_once() {
    let line = line!() + 1;
    let error = AsynchronousEventBus::builder().workers(0).capacity(0).build().unwrap_err();
    let kinds: Vec<_> = error.iter().map(|problem| problem.kind()).collect();
    assert_eq!(kinds, [ProblemKind::IllegalOption, ProblemKind::IllegalOption, ProblemKind::NoRuntime]);
    let text = error.to_string();
    for part in [".workers(0)", ".capacity(0)", "#[tokio::main]", &format!("asynchronous_bus/subscribers.rs:{line}")] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
}
