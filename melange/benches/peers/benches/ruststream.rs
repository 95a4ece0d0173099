//! A message through an account in memory, published, handled and acknowledged, beside RustStream's broker in memory: the same
//! struct written as JSON and read again, the same handler, on one thread.
//!
//! A thousand messages are published one by one, or all together, then handled; and again, as often as it takes. What
//! RustStream publishes is written by serde_json, the cheapest way it has. Melange's bus has a hundred kinds of events linked
//! and finds the one by its name.
//!
//! `cargo xtask bench --peers [--counts] ruststream`

#[path = "../../support/mod.rs"]
mod support;

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use melange::EventBus;
use ruststream::OutgoingMessage;
use ruststream::memory::prelude::*;
use support::counts::{self, Counted};
use support::report::{self, Measured};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Notify;

const ROUNDS: usize = 21;

/// Messages of a round, and those that are published before any is handled.
const TIMES: u64 = 20_000;
const BURST: u64 = 1_000;

#[derive(Debug, serde::Serialize, serde::Deserialize, melange::Event)]
#[event(topic = "orders")]
struct Order {
    id: u64,
    quantity: u32,
}

impl Order {
    /// Numbers of the same length, so that none costs more than the one before.
    fn new(n: u64) -> Self {
        Self { id: black_box(1_000_000) + n % BURST, quantity: 37 }
    }
}

/// What is still to be handled, of either side.
static LEFT: AtomicU64 = AtomicU64::new(0);
static DONE: Notify = Notify::const_new();

fn handled(order: &Order) {
    black_box((order.id, order.quantity));
    if LEFT.fetch_sub(1, Ordering::Relaxed) == 1 {
        DONE.notify_one();
    }
}

async fn all_handled() {
    while LEFT.load(Ordering::Relaxed) > 0 {
        DONE.notified().await;
    }
}

#[melange::subscriber(listens_to = Order)]
async fn of_melange(order: &Order) {
    handled(order);
}

#[subscriber("orders")]
async fn of_ruststream(order: &Order) -> HandlerOutcome {
    handled(order);
    HandlerOutcome::ack()
}

fn runtime() -> support::Result<Runtime> {
    Ok(Builder::new_current_thread().enable_all().build()?)
}

/// How many there are in each burst.
fn bursts(times: u64) -> impl Iterator<Item = u64> {
    (0..times).step_by(BURST as usize).map(move |from| BURST.min(times - from))
}

async fn by_ruststream(times: u64) -> support::Result<Duration> {
    let broker = MemoryBroker::new();
    let publisher = broker.publisher();
    let app = RustStream::new(AppInfo::new("bench", "0.1.0")).with_broker(broker, |b| {
        b.include(of_ruststream);
    });
    let running = app.start().await?;
    let begun = Instant::now();
    for burst in bursts(times) {
        LEFT.store(burst, Ordering::Relaxed);
        for n in 0..burst {
            let body = serde_json::to_vec(&Order::new(n))?;
            publisher.publish(OutgoingMessage::new("orders", &body), None).await?;
        }
        all_handled().await;
    }
    let took = begun.elapsed();
    running.shutdown().await?;
    Ok(took)
}

async fn by_melange(times: u64, together: bool) -> support::Result<Duration> {
    let bus = EventBus::builder().linked().build()?;
    bus.start().await?;
    let begun = Instant::now();
    for burst in bursts(times) {
        LEFT.store(burst, Ordering::Relaxed);
        if together {
            let published = bus.publish_all((0..burst).map(Order::new)).await;
            published.into_iter().collect::<Result<Vec<_>, _>>()?;
        } else {
            for n in 0..burst {
                bus.publish(Order::new(n)).await?;
            }
        }
        all_handled().await;
    }
    while bus.metrics().handled < times {
        tokio::task::yield_now().await;
    }
    let took = begun.elapsed();
    bus.shutdown(Duration::from_secs(5)).await?;
    Ok(took)
}

fn ruststream(times: u64) -> support::Result<Duration> {
    runtime()?.block_on(by_ruststream(times))
}

fn melange(times: u64) -> support::Result<Duration> {
    runtime()?.block_on(by_melange(times, false))
}

fn melange_together(times: u64) -> support::Result<Duration> {
    runtime()?.block_on(by_melange(times, true))
}

const COUNTED: [Counted; 3] = [
    ("memory_vs_ruststream/ruststream", |times| ruststream(times).map(drop)),
    ("memory_vs_ruststream/melange", |times| melange(times).map(drop)),
    ("memory_vs_ruststream/melange_together", |times| melange_together(times).map(drop)),
];

fn main() -> support::Result {
    if counts::answered(&COUNTED)? {
        return Ok(());
    }
    type Side = (&'static str, fn(u64) -> support::Result<Duration>, Measured);
    let mut sides: [Side; 3] = [
        ("RustStream", ruststream, Measured::new()),
        ("Melange", melange, Measured::new()),
        ("Melange, published together", melange_together, Measured::new()),
    ];
    for round in 0..ROUNDS {
        let first = round % sides.len();
        sides.rotate_left(first);
        for (_, run, measured) in &mut sides {
            measured.add(run(TIMES)?.as_nanos() as f64 / TIMES as f64);
        }
        sides.rotate_right(first);
    }
    println!("{:<34}{:>16}{:>16}", "published, handled, acknowledged", "ns per message", "/RustStream");
    let [(_, _, theirs), ..] = sides.clone();
    for (name, _, measured) in &sides {
        println!("{name:<34}{:>16}{:>16}", measured.to_string(), measured.over(&theirs).to_string());
    }
    let [_, one_by_one, together] = sides;
    let figures = [
        ("memory_vs_ruststream_time".to_owned(), one_by_one.2.over(&theirs).median()),
        ("memory_together_vs_ruststream_time".to_owned(), together.2.over(&theirs).median()),
    ];
    report::close("ruststream", &figures);
    Ok(())
}
