//! The bus that runs every subscriber in the publisher's thread.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use melange::{
    Context, DispatchError, Event, EventDescriptor, Location, Outcome, ProblemKind, Subscriber, SubscriberErrorKind,
    SubscriptionHandle, SynchronousEventBus,
};

struct Ticked(u32);

impl Event for Ticked {
    const DESCRIPTOR: &'static EventDescriptor =
        &EventDescriptor::new::<Self>("Ticked", "Ticked", Location::new("synchronous_bus", file!(), line!()));
}

struct Struck;

impl Event for Struck {
    const DESCRIPTOR: &'static EventDescriptor =
        &EventDescriptor::new::<Self>("Struck", "Struck", Location::new("synchronous_bus", file!(), line!()));
}

type Log = Arc<Mutex<Vec<String>>>;

fn note(log: &Log, text: impl Into<String>) {
    log.lock().unwrap().push(text.into());
}

fn noted(log: &Log) -> Vec<String> {
    std::mem::take(&mut log.lock().unwrap())
}

/// A subscriber that notes `name` and the tick.
fn notes(log: &Log, name: &'static str) -> impl Fn(&Ticked) + Send + Sync + 'static {
    let log = Arc::clone(log);
    move |tick: &Ticked| note(&log, format!("{name}{}", tick.0))
}

#[test]
fn subscribers_run_here_in_the_order_of_registration() {
    let log = Log::default();
    let here = std::thread::current().id();
    let bus = SynchronousEventBus::builder()
        .subscribe(notes(&log, "a"))
        .subscribe(move |_: &Ticked| assert_eq!(std::thread::current().id(), here))
        .subscribe(notes(&log, "b"))
        .subscribe(notes(&log, "c"))
        .build()
        .unwrap();
    bus.subscribe(notes(&log, "d"));
    bus.subscribe(notes(&log, "e"));
    bus.publish(&Ticked(1)).unwrap();
    assert_eq!(noted(&log), ["a1", "b1", "c1", "d1", "e1"]);
}

#[test]
fn an_event_nobody_listens_to_is_fine() {
    let bus = SynchronousEventBus::builder().build().unwrap();
    bus.publish(&Struck).unwrap();
}

#[test]
fn every_failure_is_listed_after_all_others_ran() {
    let log = Log::default();
    let bus = SynchronousEventBus::builder()
        .subscribe(|_: &Ticked| Err::<(), _>("no ink"))
        .subscribe(notes(&log, "a"))
        .subscribe(|tick: &Ticked| assert_eq!(tick.0, 0, "the secret is {}", tick.0))
        .subscribe(|_: &Ticked| Outcome::reject("never"))
        .subscribe(notes(&log, "b"))
        .build()
        .unwrap();
    let error = bus.publish(&Ticked(1)).unwrap_err();
    assert_eq!(noted(&log), ["a1", "b1"]);
    let kinds: Vec<_> = error.iter().map(|failure| failure.kind()).collect();
    assert_eq!(kinds, [SubscriberErrorKind::Failed, SubscriberErrorKind::Panicked, SubscriberErrorKind::Rejected]);
    assert_eq!((error.event_name(), error.is_closed()), ("Ticked", false));
    let text = error.to_string();
    for part in ["3 subscribers did not handle Ticked", "no ink", "panicked on Ticked", "never", "synchronous_bus::"] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    assert!(!text.contains("secret"), "{text}");
    let boxed: Box<dyn std::error::Error + Send + Sync> = error.into();
    assert!(boxed.is::<DispatchError>());
}

#[test]
fn one_failure_is_one_line() {
    let bus = SynchronousEventBus::builder().subscribe(|_: &Ticked| Err::<(), _>("no ink")).build().unwrap();
    let text = bus.publish(&Ticked(1)).unwrap_err().to_string();
    assert!(text.ends_with("failed on Ticked: no ink") && text.lines().count() == 1, "{text}");
}

#[test]
fn a_subscriber_may_publish_on_the_same_bus() {
    let (log, cell) = (Log::default(), Arc::new(OnceLock::<SynchronousEventBus>::new()));
    let (inner, notes_struck) = (Arc::clone(&cell), Arc::clone(&log));
    let bus = SynchronousEventBus::builder()
        .subscribe(notes(&log, "a"))
        .subscribe(move |tick: &Ticked| match tick.0 {
            0 => inner.get().unwrap().publish(&Struck),
            n => inner.get().unwrap().publish(&Ticked(n - 1)),
        })
        .subscribe(notes(&log, "z"))
        .subscribe(move |_: &Struck| note(&notes_struck, "struck"))
        .build()
        .unwrap();
    cell.set(bus.clone()).unwrap();
    bus.publish(&Ticked(2)).unwrap();
    assert_eq!(noted(&log), ["a2", "a1", "a0", "struck", "z0", "z1", "z2"]);
}

#[test]
fn unsubscribing_takes_effect_at_once_even_for_the_event_being_published() {
    let log = Log::default();
    let bus = SynchronousEventBus::builder().build().unwrap();
    let later = Arc::new(OnceLock::<SubscriptionHandle>::new());
    let (first, unsubscribes) = (Arc::clone(&log), Arc::clone(&later));
    bus.subscribe(move |_: &Ticked| {
        note(&first, "first");
        unsubscribes.get().unwrap().unsubscribe();
    });
    let second = bus.subscribe(notes(&log, "second"));
    bus.subscribe(notes(&log, "third"));
    assert!(second.is_active());
    later.set(second.clone()).unwrap();
    bus.publish(&Ticked(1)).unwrap();
    assert_eq!(noted(&log), ["first", "third1"]);
    assert!(!second.is_active());
    second.unsubscribe();
}

#[test]
fn a_subscriber_may_unsubscribe_itself_while_it_runs() {
    let (log, own) = (Log::default(), Arc::new(OnceLock::<SubscriptionHandle>::new()));
    let bus = SynchronousEventBus::builder().build().unwrap();
    let (notes_once, unsubscribes) = (Arc::clone(&log), Arc::clone(&own));
    let handle = bus.subscribe(move |tick: &Ticked| {
        unsubscribes.get().unwrap().unsubscribe();
        note(&notes_once, format!("once{}", tick.0));
    });
    bus.subscribe(notes(&log, "always"));
    own.set(handle).unwrap();
    bus.publish(&Ticked(1)).unwrap();
    bus.publish(&Ticked(2)).unwrap();
    assert_eq!(noted(&log), ["once1", "always1", "always2"]);
}

#[test]
fn a_subscriber_that_fails_after_it_published_fails_only_its_own_event() {
    let (log, cell) = (Log::default(), Arc::new(OnceLock::<SynchronousEventBus>::new()));
    let (inner, answers) = (Arc::clone(&cell), Arc::clone(&log));
    let bus = SynchronousEventBus::builder()
        .subscribe(move |_: &Ticked| {
            let answer = inner.get().unwrap().publish(&Struck);
            note(&answers, if answer.is_ok() { "inner ok" } else { "inner failed" });
            Err::<(), _>("outer")
        })
        .subscribe(notes(&log, "z"))
        .subscribe(|_: &Struck| ())
        .build()
        .unwrap();
    cell.set(bus.clone()).unwrap();
    let error = bus.publish(&Ticked(1)).unwrap_err();
    assert_eq!((error.event_name(), error.failures().len()), ("Ticked", 1));
    assert_eq!(noted(&log), ["inner ok", "z1"]);
}

#[test]
fn a_subscriber_added_during_a_publish_hears_the_next_one() {
    let (log, cell) = (Log::default(), Arc::new(OnceLock::<SynchronousEventBus>::new()));
    let (inner, late) = (Arc::clone(&cell), Arc::clone(&log));
    let bus = SynchronousEventBus::builder()
        .subscribe(move |_: &Ticked| {
            inner.get().unwrap().subscribe(notes(&late, "late"));
        })
        .build()
        .unwrap();
    cell.set(bus.clone()).unwrap();
    bus.publish(&Ticked(1)).unwrap();
    assert!(noted(&log).is_empty());
    bus.publish(&Ticked(2)).unwrap();
    assert_eq!(noted(&log), ["late2"]);
}

#[test]
fn dropping_the_handle_keeps_the_subscription_and_unsubscribing_drops_the_closure() {
    let bus = SynchronousEventBus::builder().build().unwrap();
    let owned = Arc::new(AtomicUsize::new(0));
    let counts = Arc::clone(&owned);
    let handle = bus.subscribe(move |_: &Ticked| {
        counts.fetch_add(1, Ordering::Relaxed);
    });
    drop(handle.clone());
    bus.publish(&Ticked(1)).unwrap();
    assert_eq!(owned.load(Ordering::Relaxed), 1);
    handle.unsubscribe();
    assert_eq!(Arc::strong_count(&owned), 1);
    bus.publish(&Ticked(1)).unwrap();
    assert_eq!(owned.load(Ordering::Relaxed), 1);
}

#[test]
fn a_closure_that_publishes_when_it_is_dropped_does_not_deadlock() {
    struct Farewell(Arc<OnceLock<SynchronousEventBus>>);
    impl Drop for Farewell {
        fn drop(&mut self) {
            if let Some(bus) = self.0.get() {
                bus.subscribe(|_: &Struck| ());
                bus.publish(&Struck).unwrap();
            }
        }
    }
    let cell = Arc::new(OnceLock::new());
    let bus = SynchronousEventBus::builder().build().unwrap();
    cell.set(bus.clone()).unwrap();
    let farewell = Farewell(cell);
    let handle = bus.subscribe(move |_: &Ticked| {
        let _ = &farewell;
    });
    handle.unsubscribe();
}

#[test]
fn after_a_shutdown_nothing_is_published() {
    let log = Log::default();
    let bus = SynchronousEventBus::builder().subscribe(notes(&log, "a")).build().unwrap();
    bus.clone().shutdown();
    bus.shutdown();
    let error = bus.publish(&Ticked(1)).unwrap_err();
    assert!(error.is_closed() && error.failures().is_empty());
    assert_eq!(error.to_string(), "event Ticked was not published: the bus has been shut down");
    assert!(noted(&log).is_empty());
}

struct Ledger;

impl Subscriber<Ticked> for Ledger {
    async fn process(&self, _: &Ticked, _: &Context<Ticked>) -> Outcome {
        Outcome::Done
    }
}

#[test]
fn async_subscribers_are_refused_each_by_name() {
    let first = line!() + 2;
    let error = SynchronousEventBus::builder()
        .subscribe(|_: Arc<Ticked>| async {})
        .subscriber(Ledger)
        .subscribe(|_: &Ticked| ())
        .build()
        .unwrap_err();
    assert_eq!(error.iter().map(|problem| problem.kind()).collect::<Vec<_>>(), [ProblemKind::AsyncSubscriber; 2]);
    let text = error.to_string();
    for part in [&format!("synchronous_bus.rs:{first}"), "::Ledger`", "use `AsynchronousEventBus`"] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
}

#[test]
fn many_threads_may_publish_while_others_come_and_go() {
    let count = Arc::new(AtomicUsize::new(0));
    let counts = Arc::clone(&count);
    let bus = SynchronousEventBus::builder()
        .subscribe(move |_: &Ticked| {
            counts.fetch_add(1, Ordering::Relaxed);
        })
        .build()
        .unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..500).for_each(|n| bus.publish(&Ticked(n)).unwrap()));
            scope.spawn(|| (0..100).for_each(|_| bus.subscribe(|_: &Ticked| ()).unsubscribe()));
        }
    });
    assert_eq!(count.load(Ordering::Relaxed), 2000);
}
