//! What order by key costs on the asynchronous bus, beside what is written by hand: as many queues as workers, and a hash of
//! the key that says which. And what one slow key does to all others.
//!
//! `cargo bench -p melange --bench ordered`. Rounds alternate; the ratio is the median of those of each round.

#[allow(dead_code, reason = "each bench uses a part of it")]
#[path = "support/by_hand.rs"]
mod by_hand;
mod support;

use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use by_hand::{BoxFuture, CAPACITY};
use melange::{AsynchronousEventBus, Event};
use support::counts::{self, Counted};
use support::report::{self, Measured};
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

const KEYS: usize = 1_000;
const WORKERS: usize = 4;
/// Long enough for anything.
const LONG: Duration = Duration::from_secs(600);

#[derive(Event)]
#[event(local)]
struct Moved {
    #[event(key)]
    parcel: String,
    at: u64,
    /// It takes its handler a millisecond.
    is_slow: bool,
    /// When it was published, where that is measured.
    sent: Option<Instant>,
}

/// What handlers have done.
#[derive(Default)]
struct Done {
    sum: AtomicU64,
    /// How long events of quick keys took to their handler, in nanoseconds.
    latencies: Mutex<Vec<f64>>,
}

async fn handle(done: Arc<Done>, moved: Arc<Moved>) {
    if moved.is_slow {
        tokio::time::sleep(Duration::from_millis(1)).await;
    } else if let Some(sent) = moved.sent {
        let took = sent.elapsed().as_nanos() as f64;
        if let Ok(mut latencies) = done.latencies.lock() {
            latencies.push(took);
        }
    }
    done.sum.fetch_add(moved.at, Ordering::Relaxed);
}

/// Both sides hold as many events in all.
#[derive(Clone)]
enum Side {
    Bus(AsynchronousEventBus),
    Queues(Vec<mpsc::Sender<Arc<Moved>>>, RandomState),
}

impl Side {
    async fn publish(&self, moved: Moved) {
        match self {
            Self::Bus(bus) => drop(bus.publish(moved).await),
            Self::Queues(queues, hasher) => {
                let queue = queues.get(hasher.hash_one(&moved.parcel) as usize % WORKERS);
                if let Some(queue) = queue {
                    drop(queue.send(Arc::new(moved)).await);
                }
            }
        }
    }
}

async fn on_bus(done: &Arc<Done>, publisher: impl AsyncFnOnce(Side)) -> support::Result {
    let handlers = Arc::clone(done);
    let bus = AsynchronousEventBus::builder()
        .workers(WORKERS)
        .capacity(CAPACITY)
        .subscribe(move |moved: Arc<Moved>| handle(Arc::clone(&handlers), moved))
        .build()?;
    publisher(Side::Bus(bus.clone())).await;
    bus.shutdown(LONG).await;
    Ok(())
}

async fn by_hand(done: &Arc<Done>, publisher: impl AsyncFnOnce(Side)) {
    let (mut tasks, mut queues) = (JoinSet::new(), Vec::new());
    for _ in 0..WORKERS {
        let (queue, mut events) = mpsc::channel::<Arc<Moved>>(CAPACITY / WORKERS);
        let handlers = Arc::clone(done);
        let handler: Box<dyn Fn(Arc<Moved>) -> BoxFuture + Send + Sync> =
            Box::new(move |moved| Box::pin(handle(Arc::clone(&handlers), moved)));
        queues.push(queue);
        tasks.spawn(async move {
            while let Some(moved) = events.recv().await {
                handler(moved).await;
            }
        });
    }
    publisher(Side::Queues(queues, RandomState::new())).await;
    tasks.join_all().await;
}

fn keys() -> Vec<String> {
    (0..KEYS).map(|key| format!("parcel-{key}")).collect()
}

async fn publish_all(side: Side, keys: &[String], events: u64) {
    for (_, key) in (0..events).zip(keys.iter().cycle()) {
        side.publish(Moved { parcel: key.clone(), at: 1, is_slow: false, sent: None }).await;
    }
}

/// 20 events each millisecond, one in 64 of the slow key, which is a third of what its handler can do: no queue is ever full. An
/// event's time begins as it is published, and not when the timer was due, which is up to a millisecond late.
async fn publish_paced(side: Side, keys: &[String], events: u64) {
    let mut tick = tokio::time::interval(Duration::from_millis(1));
    let mut keys = keys.iter().cycle();
    let mut sent = 0;
    while sent < events {
        tick.tick().await;
        for _ in 0..20 {
            sent += 1;
            let is_slow = sent % 64 == 0;
            let key = if is_slow { Some("slow") } else { keys.next().map(String::as_str) };
            let parcel = key.unwrap_or_default().to_owned();
            side.publish(Moved { parcel, at: 1, is_slow, sent: Some(Instant::now()) }).await;
        }
    }
}

fn runtime() -> std::io::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build()
}

/// Nanoseconds for each of so many events.
fn time(runtime: &Runtime, on_bus: bool, events: u64) -> support::Result<f64> {
    let (done, keys) = (Arc::new(Done::default()), keys());
    let begun = Instant::now();
    run(runtime, on_bus, &done, async |side: Side| publish_all(side, &keys, events).await)?;
    let took = begun.elapsed().as_nanos() as f64 / events as f64;
    match done.sum.load(Ordering::Relaxed) {
        ran if ran == events => Ok(took),
        ran => Err(format!("handlers ran {ran} times instead of {events}").into()),
    }
}

/// The latency that one event of a quick key in a hundred exceeds.
fn p99_beside_a_slow_key(runtime: &Runtime, on_bus: bool, events: u64) -> support::Result<f64> {
    let (done, keys) = (Arc::new(Done::default()), keys());
    run(runtime, on_bus, &done, async |side: Side| publish_paced(side, &keys, events).await)?;
    let mut all = Measured::new();
    if let Ok(latencies) = done.latencies.lock() {
        latencies.iter().for_each(|latency| all.add(*latency));
    }
    Ok(all.quantile(0.99))
}

fn run(runtime: &Runtime, on_bus: bool, done: &Arc<Done>, publisher: impl AsyncFnOnce(Side)) -> support::Result {
    if on_bus {
        runtime.block_on(self::on_bus(done, publisher))
    } else {
        runtime.block_on(by_hand(done, publisher));
        Ok(())
    }
}

fn count<const ON_BUS: bool>(times: u64) -> support::Result {
    time(&tokio::runtime::Builder::new_current_thread().enable_time().build()?, ON_BUS, times)?;
    Ok(())
}

const COUNTED: [Counted; 2] = [("ordered/queues", count::<false>), ("ordered/melange", count::<true>)];

fn main() -> support::Result {
    if counts::answered(&COUNTED)? {
        return Ok(());
    }
    let (rounds, runtime) = (21, runtime()?);
    println!("{:<34}{:>16}{:>16}{:>16}", "ns", "queues", "melange", "melange/queues");
    let print = |what: &str, queues: &Measured, melange: &Measured| {
        let ratio = melange.over(queues);
        println!("{what:<34}{:>16}{:>16}{:>16}", queues.to_string(), melange.to_string(), ratio.to_string());
        (what.to_owned(), ratio.median())
    };
    let [mut queues, mut melange, mut queues_p99, mut melange_p99] = [const { Measured::new() }; 4];
    for _ in 0..rounds {
        queues.add(time(&runtime, false, 100_000)?);
        melange.add(time(&runtime, true, 100_000)?);
    }
    for _ in 0..rounds {
        queues_p99.add(p99_beside_a_slow_key(&runtime, false, 8_000)?);
        melange_p99.add(p99_beside_a_slow_key(&runtime, true, 8_000)?);
    }
    let figures = [print("ordered", &queues, &melange), print("ordered_slow_key_p99", &queues_p99, &melange_p99)];
    report::close("ordered", &figures);
    Ok(())
}
