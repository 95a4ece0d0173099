//! The bus that runs subscribers on worker tasks. Time stands still unless a test moves it.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use melange::{
    AsynchronousEventBus, CancellationToken, Context, Event, EventDescriptor, Location, Outcome, ProblemKind,
    PublishError, Route, Subscriber, SubscriberErrorKind, SubscriberOptions,
};
use tokio::sync::Semaphore;
use tokio::task::yield_now;
use tokio::time::{Instant, sleep, timeout};

/// An event with a key, unless that is empty, and a number.
#[derive(Debug, PartialEq)]
struct Placed(&'static str, u32);

impl Event for Placed {
    const DESCRIPTOR: &'static EventDescriptor =
        &EventDescriptor::new::<Self>("Placed", "Placed", Location::new("asynchronous_bus", file!(), line!()))
            .with_key();

    fn route(&self) -> Route<'_> {
        let mut route = Route::default();
        route.key = (!self.0.is_empty()).then_some(Cow::Borrowed(self.0));
        route
    }
}

/// Another event with the same keys.
struct Paid(&'static str, u32);

impl Event for Paid {
    const DESCRIPTOR: &'static EventDescriptor =
        &EventDescriptor::new::<Self>("Paid", "Paid", Location::new("asynchronous_bus", file!(), line!())).with_key();

    fn route(&self) -> Route<'_> {
        let mut route = Route::default();
        route.key = Some(Cow::Borrowed(self.0));
        route
    }
}

type Log = Arc<Mutex<Vec<(&'static str, u32)>>>;
const LONG: Duration = Duration::from_secs(60);

fn noted(log: &Log) -> Vec<(&'static str, u32)> {
    log.lock().unwrap().clone()
}

fn notes(log: &Log) -> impl Fn(&Placed) + Send + Sync + 'static {
    let log = Arc::clone(log);
    move |placed: &Placed| log.lock().unwrap().push((placed.0, placed.1))
}

async fn settle() {
    for _ in 0..100 {
        yield_now().await;
    }
}

/// A bus whose subscriber waits for `gate` and then notes the event.
fn gated(workers: usize, capacity: usize) -> (AsynchronousEventBus, Arc<Semaphore>, Log) {
    let (gate, log) = (Arc::new(Semaphore::new(0)), Log::default());
    let (opened, notes) = (Arc::clone(&gate), Arc::clone(&log));
    let bus = AsynchronousEventBus::builder()
        .workers(workers)
        .capacity(capacity)
        .subscribe(move |placed: Arc<Placed>| {
            let (gate, log) = (Arc::clone(&opened), Arc::clone(&notes));
            async move {
                gate.acquire().await.unwrap().forget();
                log.lock().unwrap().push((placed.0, placed.1));
            }
        })
        .build()
        .unwrap();
    (bus, gate, log)
}

/// A bus whose subscriber publishes what `next` says, on the bus itself.
fn echoing(
    workers: usize,
    capacity: usize,
    next: impl Fn(&Placed) -> Vec<Placed> + Send + Sync + 'static,
) -> (AsynchronousEventBus, Arc<Mutex<Vec<Result<(), PublishError>>>>) {
    let (cell, results) = (Arc::new(OnceLock::<AsynchronousEventBus>::new()), Arc::<Mutex<Vec<_>>>::default());
    let (inner, answers, next) = (Arc::clone(&cell), Arc::clone(&results), Arc::new(next));
    let bus = AsynchronousEventBus::builder()
        .workers(workers)
        .capacity(capacity)
        .subscribe(move |placed: Arc<Placed>| {
            let (inner, answers, next) = (Arc::clone(&inner), Arc::clone(&answers), Arc::clone(&next));
            async move {
                for event in next(&placed) {
                    let answer = inner.get().unwrap().publish(event).await;
                    answers.lock().unwrap().push(answer);
                }
            }
        })
        .build()
        .unwrap();
    cell.set(bus.clone()).unwrap();
    (bus, results)
}

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

#[tokio::test(start_paused = true)]
async fn capacity_bounds_keyed_and_unkeyed_events_together() {
    let (bus, gate, _) = gated(1, 3);
    bus.publish(Placed("k", 0)).await.unwrap();
    settle().await; // in the worker's hands: not queued any more
    for event in [Placed("k", 1), Placed("", 2), Placed("l", 3)] {
        bus.try_publish(event).unwrap();
    }
    for event in [Placed("k", 4), Placed("", 5)] {
        let error = bus.try_publish(event).unwrap_err();
        assert!(error.is_full() && !error.is_closed());
    }
    let back = bus.try_publish(Placed("m", 6)).unwrap_err();
    assert_eq!(back.event(), &Placed("m", 6));
    assert!(!format!("{back:?} {back}").contains('6'));
    assert_eq!(back.into_event(), Placed("m", 6));
    gate.add_permits(100);
    let drained = bus.shutdown(LONG).await;
    assert_eq!((drained.delivered, drained.dropped), (4, 0));
}

#[tokio::test(start_paused = true)]
async fn a_refused_event_is_an_ordinary_error() {
    async fn main(bus: &AsynchronousEventBus) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        bus.publish(Placed("", 1)).await?;
        bus.try_publish(Placed("", 2))?;
        Ok(())
    }
    let (bus, _gate, _) = gated(1, 1);
    let error = main(&bus).await.unwrap_err();
    assert!(error.to_string().contains("the bus is full"), "{error}");
    let error: PublishError = bus.try_publish(Placed("", 3)).unwrap_err().into();
    assert!(error.is_full() && error.event_name() == "Placed");
}

#[tokio::test(start_paused = true)]
async fn publish_waits_in_turn_while_full() {
    let (bus, gate, log) = gated(1, 1);
    bus.publish(Placed("", 0)).await.unwrap();
    settle().await;
    bus.publish(Placed("", 1)).await.unwrap();
    let mut waiting = Vec::new();
    for n in 2..6 {
        let bus = bus.clone();
        waiting.push(tokio::spawn(async move { bus.publish(Placed("", n)).await }));
        settle().await;
    }
    // One that gives up leaves no trace.
    assert!(timeout(Duration::from_secs(1), bus.publish(Placed("", 99))).await.is_err());
    assert_eq!(bus.metrics().waiting, 4);
    for done in 1..=6_usize {
        gate.add_permits(1);
        settle().await;
        assert_eq!(noted(&log).len(), done);
        assert_eq!(waiting.iter().filter(|task| task.is_finished()).count(), done.min(4));
    }
    assert!(noted(&log).iter().map(|(_, n)| *n).eq(0..6));
    let metrics = bus.metrics();
    assert_eq!((metrics.published, metrics.delivered, metrics.waiting, metrics.queued), (6, 6, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_subscriber_that_publishes_into_a_full_bus_is_told_so_where_waiting_would_never_end() {
    let (bus, results) = echoing(1, 2, |placed| match placed.1 {
        0 => (1..=4).map(|n| Placed("", n)).collect(),
        _ => vec![],
    });
    bus.publish(Placed("", 0)).await.unwrap();
    let drained = timeout(LONG, bus.shutdown(LONG)).await.unwrap();
    let results = results.lock().unwrap();
    assert_eq!(results.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, true, false, false]);
    assert!(results.iter().flat_map(|result| result.as_ref().err()).all(PublishError::is_full));
    assert_eq!((drained.delivered, drained.dropped), (3, 0));
}

#[tokio::test(start_paused = true)]
async fn a_subscriber_waits_for_room_while_another_worker_can_make_it() {
    let (bus, results) = echoing(2, 1, |placed| match placed.1 {
        0 => (1..=20).map(|n| Placed("", n)).collect(),
        _ => vec![],
    });
    bus.publish(Placed("", 0)).await.unwrap();
    let drained = timeout(LONG, bus.shutdown(LONG)).await.unwrap();
    assert!(results.lock().unwrap().iter().all(Result::is_ok));
    assert_eq!((drained.delivered, drained.dropped), (21, 0));
}

#[tokio::test(start_paused = true)]
async fn an_idle_worker_is_no_help_when_all_that_is_queued_waits_for_the_publisher_itself() {
    // The queue fills with events of the key that is running: nobody else may run them.
    let (bus, results) = echoing(8, 2, |placed| match placed.1 {
        0 => (1..=3).map(|n| Placed("k", n)).collect(),
        _ => vec![],
    });
    bus.publish(Placed("k", 0)).await.unwrap();
    timeout(LONG, bus.shutdown(LONG)).await.unwrap();
    let results = results.lock().unwrap();
    assert_eq!(results.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, true, false]);
}

#[tokio::test(start_paused = true)]
async fn one_that_waits_is_told_when_the_last_that_could_make_room_is_gone() {
    let (cell, gate) = (Arc::new(OnceLock::<AsynchronousEventBus>::new()), Arc::new(Semaphore::new(0)));
    let answer = Arc::new(Mutex::new(None));
    let (inner, opened, answers) = (Arc::clone(&cell), Arc::clone(&gate), Arc::clone(&answer));
    let bus = AsynchronousEventBus::builder()
        .workers(2)
        .capacity(1)
        .subscribe(move |placed: Arc<Placed>| {
            let (inner, gate, answers) = (Arc::clone(&inner), Arc::clone(&opened), Arc::clone(&answers));
            async move {
                match placed.1 {
                    0 => {
                        let bus = inner.get().unwrap();
                        bus.publish(Placed("k", 1)).await.unwrap();
                        let second = bus.publish(Placed("k", 2)).await;
                        *answers.lock().unwrap() = Some(second);
                    }
                    9 => gate.acquire().await.unwrap().forget(),
                    _ => {}
                }
            }
        })
        .build()
        .unwrap();
    cell.set(bus.clone()).unwrap();
    bus.publish(Placed("", 9)).await.unwrap();
    settle().await;
    bus.publish(Placed("k", 0)).await.unwrap();
    settle().await;
    // The other worker might still make room, as far as anyone can tell.
    assert!(answer.lock().unwrap().is_none());
    assert_eq!(bus.metrics().waiting, 1);
    gate.add_permits(1);
    settle().await;
    assert!(matches!(&*answer.lock().unwrap(), Some(Err(error)) if error.is_full()));
    assert_eq!(bus.shutdown(LONG).await.dropped, 0);
    assert_eq!(bus.metrics().delivered, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn subscribers_that_flood_a_tiny_bus_never_wedge_it() {
    let (bus, results) = echoing(3, 2, |placed| match placed.1 {
        0 => vec![],
        n => vec![Placed(["", "a", "b"][(n % 3) as usize], n - 1), Placed("c", n - 1)],
    });
    for key in ["", "a", "b", "c"] {
        bus.publish(Placed(key, 7)).await.unwrap();
    }
    let drained = timeout(LONG, bus.shutdown(LONG)).await.unwrap();
    let (metrics, results) = (bus.metrics(), results.lock().unwrap());
    assert_eq!(drained.dropped, 0);
    assert_eq!(metrics.published, 4 + results.iter().filter(|result| result.is_ok()).count() as u64);
    assert_eq!(metrics.delivered, metrics.published);
    assert!(results.iter().flat_map(|result| result.as_ref().err()).all(PublishError::is_full));
}

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
            panic!("dropped");
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
    for part in [".workers(0)", ".capacity(0)", "#[tokio::main]", &format!("asynchronous_bus.rs:{line}")] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_may_publish_at_once_and_the_counts_agree() {
    let handled = Arc::new(AtomicUsize::new(0));
    let counts = Arc::clone(&handled);
    let bus = AsynchronousEventBus::builder()
        .workers(4)
        .capacity(16)
        .subscribe(move |_: &Placed| {
            counts.fetch_add(1, Ordering::Relaxed);
        })
        .build()
        .unwrap();
    let publishers: Vec<_> = (0..8)
        .map(|task| {
            let bus = bus.clone();
            tokio::spawn(async move {
                for n in 0..500 {
                    bus.publish(Placed(["", "a", "b", "c"][task % 4], n)).await.unwrap();
                }
            })
        })
        .collect();
    while !publishers.iter().all(tokio::task::JoinHandle::is_finished) {
        let now = bus.metrics();
        assert_eq!(now.published, now.delivered + now.dropped + now.queued as u64 + now.running as u64);
        assert!(now.queued <= 16 && now.running <= 4);
        yield_now().await;
    }
    bus.shutdown(LONG).await;
    assert_eq!((handled.load(Ordering::Relaxed), bus.metrics().delivered), (4000, 4000));
}
