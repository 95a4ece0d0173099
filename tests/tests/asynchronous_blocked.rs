//! The asynchronous bus while its workers are blocked: nothing waits that need not, and nothing is left over at the end.

use std::sync::{Arc, Condvar, Mutex, OnceLock, mpsc};
use std::thread;
use std::time::Duration;

use melange::{AsynchronousEventBus, CancellationToken, Event, EventDescriptor, Location};
use tokio::runtime::{self, Runtime};
use tokio::sync::Semaphore;
use tokio::task::{block_in_place, yield_now};
use tokio::time::timeout;

const LONG: Duration = Duration::from_secs(60);

struct Step(&'static str, usize);

impl Event for Step {
    const DESCRIPTOR: &'static EventDescriptor =
        &EventDescriptor::new::<Self>("Step", "Step", Location::new("asynchronous_blocked", file!(), line!()));
}

struct Kept;

impl Event for Kept {
    const DESCRIPTOR: &'static EventDescriptor =
        &EventDescriptor::new::<Self>("Kept", "Kept", Location::new("asynchronous_blocked", file!(), line!()));
}

/// Some threads that meet.
#[derive(Default)]
struct Meeting(Mutex<usize>, Condvar);

impl Meeting {
    /// Comes, and waits until there are so many; false if they never come.
    fn of(&self, size: usize) -> bool {
        let mut met = self.0.lock().unwrap();
        *met += 1;
        self.1.notify_all();
        let all = met.next_multiple_of(size);
        !self.1.wait_timeout_while(met, LONG, |met| *met < all).unwrap().1.timed_out()
    }

    fn has_seen(&self, people: usize) -> bool {
        !self.1.wait_timeout_while(self.0.lock().unwrap(), LONG, |met| *met < people).unwrap().1.timed_out()
    }
}

fn threads(threads: usize) -> Runtime {
    runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build().unwrap()
}

#[test]
fn as_many_events_as_there_are_workers_run_at_once_wherever_they_were_taken_to() {
    // The fourth publishes the last three once some workers are blocked, and some are on their way.
    const WORKERS: usize = 7;
    let runtime = threads(1);
    let (meeting, own) = (Arc::new(Meeting::default()), Arc::new(OnceLock::<AsynchronousEventBus>::new()));
    let (meets, publishes) = (Arc::clone(&meeting), Arc::clone(&own));
    let bus = {
        let _entered = runtime.enter();
        AsynchronousEventBus::builder()
            .workers(WORKERS)
            .subscribe(move |step: &Step| {
                let bus = publishes.get().unwrap();
                let publish = |mut steps: std::ops::RangeInclusive<usize>| {
                    steps.try_for_each(|at| bus.try_publish(Step("meets", at))).unwrap();
                };
                match *step {
                    Step("starts", _) => return publish(1..=4),
                    Step(_, 4) => publish(5..=WORKERS),
                    _ => {}
                }
                assert!(block_in_place(|| meets.of(WORKERS)));
            })
            .build()
            .unwrap()
    };
    assert!(own.set(bus.clone()).is_ok());
    for round in 1..=20 {
        thread::sleep(Duration::from_millis(2));
        bus.try_publish(Step("starts", 0)).unwrap();
        assert!(meeting.has_seen(round * WORKERS), "round {round}: {:?}", bus.metrics());
    }
    assert_eq!(runtime.block_on(bus.shutdown(LONG)).dropped, 0);
    assert_eq!(bus.metrics().failed_runs, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whoever_waits_for_room_has_it_as_soon_as_an_event_begins() {
    for workers in [1, 3] {
        let (release, released) = mpsc::channel::<()>();
        let released = Mutex::new(released);
        let bus = AsynchronousEventBus::builder()
            .workers(workers)
            .capacity(1)
            .subscribe(move |_: &Step| block_in_place(|| released.lock().unwrap().recv().unwrap_or_default()))
            .build()
            .unwrap();
        // All workers are kept by one each, and one more is queued.
        for n in 0..=workers {
            timeout(LONG, bus.publish(Step("", n))).await.unwrap().unwrap();
        }
        for n in 0..10_000 {
            release.send(()).unwrap();
            timeout(LONG, bus.publish(Step("", n)))
                .await
                .unwrap_or_else(|_| panic!("{n}: {:?}", bus.metrics()))
                .unwrap();
        }
        drop(release);
        assert_eq!(bus.shutdown(LONG).await.dropped, 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_same_where_who_blocks_came_after_the_event_was_queued() {
    for workers in [1, 3] {
        let (release, released) = mpsc::channel::<()>();
        let released = Mutex::new(released);
        let gate = Arc::new(Semaphore::new(0));
        let opened = Arc::clone(&gate);
        let bus = AsynchronousEventBus::builder()
            .workers(workers)
            .capacity(1)
            .subscribe(move |_: Arc<Kept>| {
                let gate = Arc::clone(&opened);
                async move { gate.acquire().await.unwrap().forget() }
            })
            .build()
            .unwrap();
        // All workers are kept, and one event is queued that nobody listens to.
        for _ in 0..workers {
            timeout(LONG, bus.publish(Kept)).await.unwrap().unwrap();
        }
        timeout(LONG, bus.publish(Step("", 0))).await.unwrap().unwrap();
        bus.subscribe(move |_: &Step| block_in_place(|| released.lock().unwrap().recv().unwrap_or_default()));
        let waits = tokio::spawn({
            let bus = bus.clone();
            async move { bus.publish(Kept).await }
        });
        while bus.metrics().waiting == 0 {
            yield_now().await;
        }
        gate.add_permits(1);
        // As soon as that event has begun, which goes on for as long as this lasts.
        let published = timeout(LONG, waits).await;
        drop(release);
        published.unwrap_or_else(|_| panic!("{workers}: {:?}", bus.metrics())).unwrap().unwrap();
        gate.add_permits(workers);
        assert_eq!(bus.shutdown(LONG).await.dropped, 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_a_worker_gives_back_after_the_deadline_is_dropped_and_counted() {
    const EVENTS: usize = 500;
    for _ in 0..5 {
        let meeting = Arc::new(Meeting::default());
        let meets = Arc::clone(&meeting);
        let bus = AsynchronousEventBus::builder()
            .workers(2)
            .subscribe(move |step: Arc<Step>, token: CancellationToken| {
                let meets = Arc::clone(&meets);
                async move {
                    if step.0 == "late" {
                        block_in_place(|| {
                            meets.of(1);
                            while !token.is_cancelled() {
                                thread::sleep(Duration::from_millis(1));
                            }
                            // The other worker has gone by then.
                            thread::sleep(Duration::from_millis(30));
                        });
                        // Only now does its worker know that it is kept.
                        std::future::pending::<()>().await;
                    }
                }
            })
            .build()
            .unwrap();
        for n in 0..EVENTS {
            bus.try_publish(Step(if n == EVENTS - 100 { "late" } else { "" }, n)).unwrap();
        }
        assert!(meeting.has_seen(1));
        let before = bus.metrics();
        let drained = bus.shutdown(Duration::ZERO).await;
        let now = bus.metrics();
        assert_eq!((now.delivered + now.dropped, now.queued, now.running), (EVENTS as u64, 0, 0));
        assert!(drained.dropped > 0 && drained.delivered + drained.dropped <= EVENTS as u64 - before.delivered);
    }
}

/// An event that panics as it is dropped, if it is to.
struct Fragile(bool);

impl Event for Fragile {
    const DESCRIPTOR: &'static EventDescriptor =
        &EventDescriptor::new::<Self>("Fragile", "Fragile", Location::new("asynchronous_blocked", file!(), line!()));
}

impl Drop for Fragile {
    fn drop(&mut self) {
        assert!(!self.0, "it is dropped");
    }
}

/// A bus whose workers wait for ever, with ten that panic in its queue.
async fn with_fragile_ones(workers: usize) -> AsynchronousEventBus {
    let bus = AsynchronousEventBus::builder()
        .workers(workers)
        .subscribe(|event: Arc<Fragile>| async move {
            std::future::pending::<()>().await;
            drop(event);
        })
        .build()
        .unwrap();
    for _ in 0..workers {
        bus.publish(Fragile(false)).await.unwrap();
        while bus.metrics().queued > 0 {
            yield_now().await;
        }
    }
    (0..10).try_for_each(|_| bus.try_publish(Fragile(true))).unwrap();
    bus
}

#[tokio::test(start_paused = true)]
async fn events_that_panic_as_they_are_dropped_at_the_deadline_stop_nothing() {
    for workers in [1, 2] {
        let bus = with_fragile_ones(workers).await;
        let drained = bus.shutdown(Duration::ZERO).await;
        assert_eq!((drained.delivered, drained.dropped, drained.still_running), (0, 10 + workers as u64, 0));
    }
}

#[test]
fn events_that_panic_as_they_are_dropped_with_the_runtime_stop_nothing() {
    let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let bus = runtime.block_on(with_fragile_ones(2));
    drop(runtime);
    assert_eq!((bus.metrics().dropped, bus.metrics().queued), (12, 0));
}
