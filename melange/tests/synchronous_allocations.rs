//! What a publish on the synchronous bus allocates where nobody fails: nothing, whoever listens.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use allocation_counter::measure;
use melange::{BuildErrors, Event, Functions, SubscriptionHandle, SynchronousEventBus, subscriber, subscribers};

#[derive(Event)]
#[event(local)]
struct Ticked {
    at: u64,
}

static TOTAL: AtomicU64 = AtomicU64::new(0);

macro_rules! functions {
    ($($name:ident)*) => {
        $(#[subscriber(listens_to = Ticked)]
        fn $name(tick: &Ticked) {
            TOTAL.fetch_add(tick.at, Ordering::Relaxed);
        })*
        fn functions() -> Functions {
            subscribers![$($name),*]
        }
    };
}
functions!(f0 f1 f2 f3 f4 f5 f6 f7 f8 f9);

/// A closure that adds to `sum`.
fn adds(sum: &Arc<AtomicU64>) -> impl Fn(&Ticked) + Send + Sync + 'static {
    let sum = Arc::clone(sum);
    move |tick| {
        sum.fetch_add(tick.at, Ordering::Relaxed);
    }
}

/// A bus with so many closures, and so many more that are given at run time.
fn bus(given: usize, at_run_time: usize, sum: &Arc<AtomicU64>) -> Result<SynchronousEventBus, BuildErrors> {
    let bus = (0..given).fold(SynchronousEventBus::builder(), |builder, _| builder.subscribe(adds(sum))).build()?;
    (0..at_run_time).for_each(|_| drop(bus.subscribe(adds(sum))));
    Ok(bus)
}

/// How often memory is asked for in ten publishes. What a thread needs once is there already.
fn allocations(bus: &SynchronousEventBus) -> u64 {
    let publish = || assert!(bus.publish(&Ticked { at: 1 }).is_ok());
    publish();
    measure(|| (0..10).for_each(|_| publish())).count_total
}

#[test]
fn a_publish_to_those_that_the_builder_was_given_allocates_nothing() {
    for given in [0, 1, 10, 100] {
        let sum = Arc::default();
        assert_eq!(allocations(&bus(given, 0, &sum).unwrap()), 0, "{given} given");
        assert_eq!(sum.load(Ordering::Relaxed), 11 * given as u64);
    }
}

#[test]
fn nor_does_one_to_those_that_came_at_run_time() {
    for (given, at_run_time) in [(0, 1), (0, 10), (0, 100), (1, 1), (10, 10)] {
        let sum = Arc::default();
        assert_eq!(allocations(&bus(given, at_run_time, &sum).unwrap()), 0, "{given} given, {at_run_time} at run time");
        assert_eq!(sum.load(Ordering::Relaxed), 11 * (given + at_run_time) as u64);
    }
}

#[test]
fn nor_does_one_whose_last_late_subscriber_has_gone() {
    let bus = bus(1, 0, &Arc::default()).unwrap();
    let late: Vec<SubscriptionHandle> = (0..3).map(|_| bus.subscribe(adds(&Arc::default()))).collect();
    late.iter().for_each(SubscriptionHandle::unsubscribe);
    assert_eq!(allocations(&bus), 0);
}

#[test]
fn nor_does_one_to_functions() {
    let bus = SynchronousEventBus::builder().subscribers(functions()).build().unwrap();
    let before = TOTAL.load(Ordering::Relaxed);
    assert_eq!(allocations(&bus), 0);
    assert_eq!(TOTAL.load(Ordering::Relaxed) - before, 110);
}
