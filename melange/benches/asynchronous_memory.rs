//! What the asynchronous bus allocates: for each event and each handler, and for an event that is queued.
//!
//! `cargo bench -p melange --bench asynchronous_memory`. It counts, and measures no time.

// Not among what all benches share: its event is linked into whichever has it.
#[allow(dead_code, reason = "each bench uses a part of it")]
#[path = "support/by_hand.rs"]
mod by_hand;
mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use allocation_counter::AllocationInfo;
use melange::{AsynchronousEventBus, Event};
use support::counts;
use support::report;
use tokio::runtime::Runtime;

/// Without anything of its own on the heap: 64 bytes.
#[derive(Event)]
#[event(local)]
struct Plain([u64; 8]);

/// The same, with a key.
#[derive(Event)]
#[event(local)]
struct Keyed {
    #[event(key)]
    key: String,
    _rest: [u64; 5],
}

const PLAIN: [u64; 8] = [1; 8];
const CAPACITY: usize = 10_000;

/// One thread, so that all that is allocated is counted.
fn runtime() -> std::io::Result<Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_time().build()
}

/// A bus with so many handlers of each kind.
fn bus(are_async: usize, are_sync: usize) -> Result<AsynchronousEventBus, melange::BuildErrors> {
    let sum = Arc::new(AtomicU64::new(0));
    let add = |sum: &AtomicU64, plain: &Plain| {
        sum.fetch_add(plain.0[0], Ordering::Relaxed);
    };
    let mut builder = AsynchronousEventBus::builder().workers(1).capacity(CAPACITY);
    for _ in 0..are_async {
        let sum = Arc::clone(&sum);
        builder = builder.subscribe(move |plain: Arc<Plain>| {
            let sum = Arc::clone(&sum);
            async move { add(&sum, &plain) }
        });
    }
    for _ in 0..are_sync {
        let sum = Arc::clone(&sum);
        builder = builder.subscribe(move |plain: &Plain| add(&sum, plain));
    }
    builder.build()
}

/// Allocations for each of many events, published and handled.
fn allocations(are_async: usize, are_sync: usize) -> support::Result<f64> {
    let runtime = runtime()?;
    let guard = runtime.enter();
    let bus = bus(are_async, are_sync)?;
    drop(guard);
    // Storage has grown when it begins.
    runtime.block_on(publish(&bus, 2 * CAPACITY))?;
    let events = 10 * CAPACITY;
    let mut published = Ok(());
    let counted = allocation_counter::measure(|| published = runtime.block_on(publish(&bus, events)));
    published?;
    runtime.block_on(bus.shutdown(Duration::from_secs(60)));
    Ok(counted.count_total as f64 / events as f64)
}

async fn publish(bus: &AsynchronousEventBus, events: usize) -> support::Result {
    for _ in 0..events {
        bus.publish(Plain(PLAIN)).await?;
    }
    while bus.metrics().queued > 0 {
        tokio::task::yield_now().await;
    }
    Ok(())
}

/// Bytes for each event of a full queue, of a bus with so many handlers of each kind.
fn bytes(
    are_async: usize,
    are_sync: usize,
    queue: impl Fn(&AsynchronousEventBus, usize) -> support::Result,
) -> support::Result<f64> {
    let runtime = runtime()?;
    let _guard = runtime.enter();
    let bus = bus(are_async, are_sync)?;
    let mut queued = Ok(());
    let counted: AllocationInfo =
        allocation_counter::measure(|| queued = (0..CAPACITY).try_for_each(|event| queue(&bus, event)));
    queued?;
    Ok(counted.bytes_current as f64 / CAPACITY as f64)
}

fn main() -> support::Result {
    if counts::answered(&[])? {
        return Ok(());
    }
    let plain = |bus: &AsynchronousEventBus, _: usize| Ok(bus.try_publish(Plain(PLAIN))?);
    // Their keys are allocated too: 8 bytes each.
    let keyed = |bus: &AsynchronousEventBus, event: usize| {
        let key = format!("{:08}", event % 1_000);
        Ok(bus.try_publish(Keyed { key, _rest: [1; 5] })?)
    };
    let event = size_of::<Plain>() as f64;
    let figures = [
        ("async_1_allocations", allocations(1, 0)?),
        ("async_10_allocations", allocations(10, 0)?),
        ("async_1_sync_allocations", allocations(0, 1)?),
        ("async_10_sync_allocations", allocations(0, 10)?),
        ("async_queued_bytes_beside_event", bytes(1, 0, plain)? - event),
        ("async_sync_queued_bytes_beside_event", bytes(0, 1, plain)? - event),
        ("async_queued_bytes_beside_event_1000_keys", bytes(1, 0, keyed)? - event - 8.0),
    ];
    report::close("asynchronous_memory", &figures.map(|(name, value)| (name.to_owned(), value)));
    Ok(())
}
