//! What an event costs on the asynchronous bus, beside tokio's queue with the same handlers boxed by hand, and beside tokio's
//! broadcast with a task for each handler.
//!
//! `cargo bench -p melange --bench asynchronous`. Rounds alternate; the ratio is the median of those of each round.

// Not among what all benches share: its event is linked into whichever has it.
#[allow(dead_code, reason = "each bench uses a part of it")]
#[path = "support/by_hand.rs"]
mod by_hand;
mod support;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use by_hand::{CAPACITY, Ticked, add};
use melange::AsynchronousEventBus;
use support::counts::{self, Counted};
use support::report::{self, Measured};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

/// Long enough for anything.
const LONG: Duration = Duration::from_secs(600);

#[derive(Clone, Copy)]
struct Case {
    name: &'static str,
    publishers: usize,
    workers: usize,
    handlers: usize,
    are_async: bool,
}

const fn case(name: &'static str, tasks: usize, handlers: usize, are_async: bool) -> Case {
    Case { name, publishers: tasks, workers: tasks, handlers, are_async }
}

const CASES: [Case; 8] = [
    case("async_1", 1, 1, true),
    case("async_10", 1, 10, true),
    case("async_1_sync", 1, 1, false),
    case("async_10_sync", 1, 10, false),
    case("async_4x4_1", 4, 1, true),
    case("async_4x4_10", 4, 10, true),
    case("async_4x4_1_sync", 4, 1, false),
    case("async_4x4_10_sync", 4, 10, false),
];

impl Case {
    /// One thread for one publisher and one worker, two for more.
    fn runtime(self) -> std::io::Result<Runtime> {
        match self.publishers {
            1 => tokio::runtime::Builder::new_current_thread().enable_time().build(),
            _ => tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build(),
        }
    }

    fn bus(self) -> Result<AsynchronousEventBus, melange::BuildErrors> {
        let mut builder = AsynchronousEventBus::builder().workers(self.workers).capacity(CAPACITY);
        for _ in 0..self.handlers {
            builder = if self.are_async {
                builder.subscribe(|tick: Arc<Ticked>| async move { add(&tick) })
            } else {
                builder.subscribe(add)
            };
        }
        builder.build()
    }

    async fn on_bus(self, each: u64) -> support::Result {
        let bus = self.bus()?;
        let mut tasks = JoinSet::new();
        for _ in 0..self.publishers {
            let bus = bus.clone();
            tasks.spawn(async move {
                for _ in 0..each {
                    let _ = bus.publish(Ticked::new()).await;
                }
            });
        }
        tasks.join_all().await;
        bus.shutdown(LONG).await;
        Ok(())
    }

    async fn by_hand(self, each: u64) {
        let Self { publishers, workers, handlers, are_async, .. } = self;
        if are_async {
            by_hand::mpsc_async(publishers, workers, each, by_hand::async_handlers(handlers)).await;
        } else {
            by_hand::mpsc_sync(publishers, workers, each, by_hand::sync_handlers(handlers)).await;
        }
    }

    /// Does it, and says whether every handler has run for every event.
    fn run(self, runtime: &Runtime, on_bus: bool, each: u64) -> support::Result<f64> {
        let events = each * self.publishers as u64;
        let begun = Instant::now();
        runtime.block_on(async {
            if on_bus {
                self.on_bus(each).await
            } else {
                self.by_hand(each).await;
                Ok(())
            }
        })?;
        let took = begun.elapsed().as_nanos() as f64 / events as f64;
        all_ran(events * self.handlers as u64)?;
        Ok(took)
    }
}

fn all_ran(wanted: u64) -> support::Result {
    let ran = by_hand::sum();
    if ran == wanted { Ok(()) } else { Err(format!("handlers ran {ran} times instead of {wanted}").into()) }
}

fn on_broadcast(runtime: &Runtime, handlers: usize, each: u64) -> support::Result<f64> {
    let begun = Instant::now();
    runtime.block_on(by_hand::broadcast(each, handlers));
    let took = begun.elapsed().as_nanos() as f64 / each as f64;
    all_ran(each * handlers as u64)?;
    Ok(took)
}

/// An event that knows when it was published.
#[derive(melange::Event)]
#[event(local)]
struct Sent(Instant);

/// How long events took to their handler, in nanoseconds.
type Latencies = Arc<Mutex<Vec<f64>>>;

fn note(latencies: &Latencies, sent: Instant) {
    let took = sent.elapsed().as_nanos() as f64;
    if let Ok(mut latencies) = latencies.lock() {
        latencies.push(took);
    }
}

/// Publishes 20 events each millisecond from a thread of its own, which sleeps in between.
fn pace(events: u32, publish: impl Fn(Instant)) {
    for _ in 0..events / 20 {
        std::thread::sleep(Duration::from_millis(1));
        (0..20).for_each(|_| publish(Instant::now()));
    }
}

/// The latency that one event in a hundred exceeds.
fn p99(latencies: &Latencies) -> f64 {
    let all = latencies.lock().map(|mut all| std::mem::take(&mut *all)).unwrap_or_default();
    all.into_iter()
        .fold(Measured::new(), |mut all, one| {
            all.add(one);
            all
        })
        .quantile(0.99)
}

fn latency_on_bus(runtime: &Runtime, events: u32) -> support::Result<f64> {
    let latencies = Latencies::default();
    let notes = Arc::clone(&latencies);
    let bus = {
        let _guard = runtime.enter();
        let handler = move |sent: Arc<Sent>| {
            let notes = Arc::clone(&notes);
            async move { note(&notes, sent.0) }
        };
        AsynchronousEventBus::builder().workers(1).capacity(CAPACITY).subscribe(handler).build()?
    };
    pace(events, |now| drop(bus.try_publish(Sent(now))));
    runtime.block_on(bus.shutdown(LONG));
    Ok(p99(&latencies))
}

fn latency_by_hand(runtime: &Runtime, events: u32) -> support::Result<f64> {
    let latencies = Latencies::default();
    let notes = Arc::clone(&latencies);
    let (queue, mut events_of_queue) = tokio::sync::mpsc::channel::<Arc<Sent>>(CAPACITY);
    let worker = runtime.spawn(async move {
        while let Some(sent) = events_of_queue.recv().await {
            let notes = Arc::clone(&notes);
            let handled: by_hand::BoxFuture = Box::pin(async move { note(&notes, sent.0) });
            handled.await;
        }
    });
    pace(events, |now| drop(queue.try_send(Arc::new(Sent(now)))));
    drop(queue);
    runtime.block_on(worker)?;
    Ok(p99(&latencies))
}

/// How often the runtime's threads wake up in a second in which nothing is published.
fn wake_ups_when_idle() -> support::Result<f64> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build()?;
    let bus = runtime.block_on(async {
        let bus = case("", 8, 1, true).bus()?;
        bus.publish(Ticked::new()).await?;
        Ok::<_, Box<dyn std::error::Error + Send + Sync>>(bus)
    })?;
    let metrics = runtime.metrics();
    let parks = || (0..metrics.num_workers()).map(|worker| metrics.worker_park_unpark_count(worker)).sum::<u64>();
    std::thread::sleep(Duration::from_millis(200));
    let before = parks();
    std::thread::sleep(Duration::from_secs(1));
    let after = parks();
    runtime.block_on(bus.shutdown(LONG));
    Ok((after - before) as f64)
}

fn count<const ON_BUS: bool, const CASE: usize>(times: u64) -> support::Result {
    let case = CASES.get(CASE).copied().ok_or("no such case")?;
    case.run(&case.runtime()?, ON_BUS, times)?;
    Ok(())
}

fn count_broadcast(times: u64) -> support::Result {
    on_broadcast(&CASES[1].runtime()?, 10, times)?;
    Ok(())
}

const COUNTED: [Counted; 10] = [
    ("async_1/mpsc", count::<false, 0>),
    ("async_1/melange", count::<true, 0>),
    ("async_10/mpsc", count::<false, 1>),
    ("async_10/melange", count::<true, 1>),
    ("async_1_sync/mpsc", count::<false, 2>),
    ("async_1_sync/melange", count::<true, 2>),
    ("async_10_sync/mpsc", count::<false, 3>),
    ("async_10_sync/melange", count::<true, 3>),
    ("async_10_vs_broadcast/broadcast", count_broadcast),
    ("async_10_vs_broadcast/melange", count::<true, 1>),
];

fn main() -> support::Result {
    if counts::answered(&COUNTED)? {
        return Ok(());
    }
    let rounds = 21;
    println!("{:<34}{:>16}{:>16}{:>16}", "ns per event", "by hand", "melange", "melange/by hand");
    let print = |what: &str, by_hand: &Measured, melange: &Measured| {
        let ratio = melange.over(by_hand);
        println!("{what:<34}{:>16}{:>16}{:>16}", by_hand.to_string(), melange.to_string(), ratio.to_string());
        (what.to_owned(), ratio.median())
    };
    let mut figures = Vec::new();
    for case in CASES {
        let runtime = case.runtime()?;
        let each = 400_000 / (case.handlers as u64 + 3) / case.publishers as u64;
        let [mut by_hand, mut melange] = [const { Measured::new() }; 2];
        for _ in 0..rounds {
            by_hand.add(case.run(&runtime, false, each)?);
            melange.add(case.run(&runtime, true, each)?);
        }
        figures.push(print(case.name, &by_hand, &melange));
    }

    let [mut broadcast, mut melange] = [const { Measured::new() }; 2];
    let runtime = CASES[1].runtime()?;
    for _ in 0..rounds {
        broadcast.add(on_broadcast(&runtime, 10, 30_000)?);
        melange.add(CASES[1].run(&runtime, true, 30_000)?);
    }
    figures.push(print("async_10_vs_broadcast", &broadcast, &melange));

    let [mut by_hand, mut melange] = [const { Measured::new() }; 2];
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_time().build()?;
    for _ in 0..rounds {
        by_hand.add(latency_by_hand(&runtime, 4_000)?);
        melange.add(latency_on_bus(&runtime, 4_000)?);
    }
    figures.push(print("async_p99", &by_hand, &melange));

    figures.push(("async_idle_wake_ups_per_second".to_owned(), wake_ups_when_idle()?));
    report::close("asynchronous", &figures);
    Ok(())
}
