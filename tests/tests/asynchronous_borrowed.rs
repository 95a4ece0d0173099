//! Events that their subscribers only borrow, on the asynchronous bus: what they lie in is used again, and nothing is to be seen of
//! that.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use allocation_counter::{AllocationInfo, measure};
use melange::{AsynchronousEventBus, Drained, Event};

const LONG: Duration = Duration::from_secs(60);

/// How many events there are at the moment.
#[derive(Clone, Default)]
struct Count(Arc<AtomicUsize>);

impl Count {
    fn one(&self) -> One {
        self.0.fetch_add(1, Ordering::SeqCst);
        One(Arc::clone(&self.0))
    }

    fn now(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

struct One(Arc<AtomicUsize>);

impl Drop for One {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[derive(Event)]
#[event(local)]
struct Small {
    number: usize,
    _one: One,
}

/// Too large to keep what it lay in.
#[derive(Event)]
#[event(local)]
struct Large {
    number: usize,
    _rest: [u64; 100],
    _one: One,
}

type Numbers = Arc<Mutex<Vec<usize>>>;

fn of(numbers: &Numbers) -> Vec<usize> {
    std::mem::take(&mut *numbers.lock().unwrap())
}

/// How many are published between two looks at what is left.
const SOME: usize = 100;

async fn all_delivered(bus: &AsynchronousEventBus, events: u64) {
    while bus.metrics().delivered < events {
        tokio::task::yield_now().await;
    }
}

async fn are_dropped_at_once(workers: usize) {
    let (count, numbers) = (Count::default(), Numbers::default());
    let (small, large, among) = (Arc::clone(&numbers), Arc::clone(&numbers), count.clone());
    let bus = AsynchronousEventBus::builder()
        .workers(workers)
        .subscribe(move |event: &Small| {
            assert!(among.now() > 0);
            small.lock().unwrap().push(event.number);
        })
        .subscribe(move |event: &Large| large.lock().unwrap().push(event.number))
        .build()
        .unwrap();
    for round in 1..=20 {
        // One by one, and some in turns: what one event lay in the next may not fit into.
        for number in 0..SOME {
            if number % 7 < round {
                bus.publish(Small { number, _one: count.one() }).await.unwrap();
            } else {
                bus.publish(Large { number, _rest: [0; 100], _one: count.one() }).await.unwrap();
            }
        }
        all_delivered(&bus, (SOME * round) as u64).await;
        let mut heard = of(&numbers);
        if workers > 1 {
            heard.sort_unstable();
        }
        assert!(heard.into_iter().eq(0..SOME));
        assert_eq!(count.now(), 0);
    }
    assert_eq!(bus.shutdown(LONG).await, Drained::default());
}

#[tokio::test]
async fn they_are_dropped_once_their_last_subscriber_has_run() {
    are_dropped_at_once(1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_same_with_several_workers_and_threads() {
    are_dropped_at_once(4).await;
}

#[tokio::test]
async fn who_fails_or_falls_leaves_the_same_event_to_the_others() {
    let (count, numbers) = (Count::default(), Numbers::default());
    let (first, last, among) = (Arc::clone(&numbers), Arc::clone(&numbers), count.clone());
    let bus = AsynchronousEventBus::builder()
        .workers(1)
        .subscribe(move |event: &Small| first.lock().unwrap().push(event.number))
        .subscribe(|event: &Small| if event.number.is_multiple_of(2) { Err("even") } else { Ok(()) })
        .subscribe(|event: &Small| assert!(!event.number.is_multiple_of(3), "a third"))
        .subscribe(move |event: &Small| {
            assert!(among.now() > 0);
            last.lock().unwrap().push(event.number);
        })
        .build()
        .unwrap();
    for number in 0..SOME {
        bus.publish(Small { number, _one: count.one() }).await.unwrap();
    }
    all_delivered(&bus, SOME as u64).await;
    assert!(of(&numbers).into_iter().eq((0..SOME).flat_map(|number| [number, number])));
    assert_eq!((bus.metrics().failed_runs, bus.metrics().panicked_runs, count.now()), (84, 34, 0));
}

#[tokio::test]
async fn who_comes_at_run_time_and_keeps_them_has_those_that_were_queued_before() {
    let count = Count::default();
    let bus = AsynchronousEventBus::builder().workers(1).subscribe(|_: &Small| {}).build().unwrap();
    for number in 0..SOME {
        bus.try_publish(Small { number, _one: count.one() }).unwrap();
    }
    let kept = Arc::new(Mutex::new(Vec::new()));
    let keeps = Arc::clone(&kept);
    let subscription = bus.subscribe(move |event: Arc<Small>| {
        keeps.lock().unwrap().push(event);
        async {}
    });
    all_delivered(&bus, SOME as u64).await;
    assert!(kept.lock().unwrap().iter().map(|event| event.number).eq(0..SOME));
    assert_eq!(count.now(), SOME);
    subscription.unsubscribe();
    bus.publish(Small { number: SOME, _one: count.one() }).await.unwrap();
    all_delivered(&bus, SOME as u64 + 1).await;
    assert_eq!(count.now(), SOME);
    kept.lock().unwrap().clear();
    assert_eq!(count.now(), 0);
}

#[tokio::test]
async fn none_is_left_where_none_is_handled() {
    let count = Count::default();
    let bus = AsynchronousEventBus::builder().workers(1).capacity(SOME).subscribe(|_: &Small| {}).build().unwrap();
    for number in 0..SOME {
        bus.try_publish(Small { number, _one: count.one() }).unwrap();
    }
    let refused = bus.try_publish(Small { number: SOME, _one: count.one() }).unwrap_err();
    assert_eq!((refused.event().number, count.now()), (SOME, SOME + 1));
    drop(refused);
    // Neither those that nobody has polled.
    drop(bus.publish(Small { number: SOME, _one: count.one() }));
    let drained = bus.shutdown(Duration::ZERO).await;
    assert_eq!((drained.delivered + drained.dropped, count.now()), (SOME as u64, 0));
}

/// What is allocated by so many events that all lie in the queue before the first is handled: the first time, and once they have
/// all lain there a few times.
fn allocated<E: Event>(event: impl Fn() -> E) -> (AllocationInfo, AllocationInfo) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let bus = runtime.block_on(async {
        AsynchronousEventBus::builder().workers(1).capacity(SOME).subscribe(|_: &E| {}).build().unwrap()
    });
    let mut rounds = (1..=4).map(|round| {
        measure(|| {
            runtime.block_on(async {
                for _ in 0..SOME {
                    bus.try_publish(event()).unwrap();
                }
                all_delivered(&bus, (SOME * round) as u64).await;
            });
        })
    });
    (rounds.next().unwrap(), rounds.last().unwrap())
}

#[test]
fn what_a_large_one_lay_in_is_freed_and_what_a_small_one_lay_in_takes_the_next() {
    let count = Count::default();
    let some = SOME as u64;

    let (first, last) = allocated(|| Small { number: 0, _one: count.one() });
    assert!(first.count_total >= some && first.count_current >= some as i64 - 1, "they are kept: {first:?}");
    assert!(last.count_total < some / 2, "and used again: {last:?}");

    let (first, last) = allocated(|| Large { number: 0, _rest: [0; 100], _one: count.one() });
    let size = size_of::<Large>() as i64;
    assert!(first.bytes_max as i64 >= size * SOME as i64, "all lay there at once: {first:?}");
    for round in [first, last] {
        assert!(round.count_total >= some, "each is allocated: {round:?}");
        assert!(round.bytes_current < size * 10, "and freed once it was handled: {round:?}");
    }
    assert_eq!(count.now(), 0);
}
