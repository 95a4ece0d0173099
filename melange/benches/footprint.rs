//! How much memory a subscriber takes, and an event that waits in the asynchronous bus, counted in bytes asked of the allocator;
//! and how often a publish on the synchronous bus asks it for any.
//!
//! `cargo xtask bench footprint`

mod support;

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use allocation_counter::measure;
use melange::__private::{Call, Instance, Location, RawContext, SubscriberDescriptor};
use melange::{AsynchronousEventBus, BuildErrors, Event, Functions, Outcome, SynchronousEventBus};
use support::report;

/// So many, beside those that are there already: what a bus has once is in both.
const MORE: usize = 10_000;
const FEW: usize = 10;

#[derive(Event)]
#[event(local)]
struct Ticked {
    at: u64,
    /// So that it is 64 bytes large.
    _rest: [u64; 7],
}

/// Bytes that are still there after `make`, less those that it gave back.
fn kept<T>(make: impl FnOnce() -> T) -> (T, i64) {
    let mut made = None;
    let info = measure(|| made = Some(make()));
    match made {
        Some(made) => (made, info.bytes_current),
        None => unreachable!("it was made"),
    }
}

/// Bytes for each of so many more.
fn for_each<T>(make: impl Fn(usize) -> Result<T, BuildErrors>) -> Result<f64, BuildErrors> {
    // The first pays for what is made once in a process.
    drop(make(FEW)?);
    let (few, of_few) = kept(|| make(FEW));
    let (more, of_more) = kept(|| make(FEW + MORE));
    let each = (of_more - of_few) as f64 / MORE as f64;
    few?;
    more?;
    Ok(each)
}

fn closures(count: usize) -> Result<SynchronousEventBus, BuildErrors> {
    let sum = Arc::new(AtomicU64::new(0));
    let add = || {
        let sum = Arc::clone(&sum);
        move |tick: &Ticked| {
            sum.fetch_add(tick.at, Ordering::Relaxed);
        }
    };
    (0..count).fold(SynchronousEventBus::builder(), |builder, _| builder.subscribe(add())).build()
}

fn handle(_: &Instance, context: &RawContext<'_>) -> Outcome {
    black_box(context);
    Outcome::Done
}

/// Constants, as the attribute on a function makes them.
fn functions(count: usize) -> Functions {
    let one = |line: usize| {
        let here = Location::new(module_path!(), file!(), line as u32);
        SubscriberDescriptor::new("handle", Ticked::DESCRIPTOR, here, |_| (), Call::Sync(handle))
    };
    let all: &'static [SubscriberDescriptor] = (0..count).map(one).collect::<Vec<_>>().leak();
    Functions::__new(vec![all].leak())
}

/// How often a publish on the synchronous bus asks for memory where nobody fails, at most: to so many closures that the builder
/// was given, and to so many more that came at run time.
fn allocations() -> support::Result<f64> {
    let publishes = 1_000;
    let mut most = 0;
    for (given, at_run_time) in [(1, 0), (10, 0), (100, 0), (0, 1), (0, 10), (0, 100), (10, 10)] {
        let bus = closures(given)?;
        for _ in 0..at_run_time {
            bus.subscribe(|tick: &Ticked| {
                black_box(tick.at);
            });
        }
        let publish = || bus.publish(&Ticked { at: 1, _rest: [0; 7] });
        // What a thread needs once is there already.
        publish()?;
        let mut published = Ok(());
        let info = measure(|| published = (0..publishes).try_for_each(|_| publish()));
        published?;
        most = most.max(info.count_total);
    }
    Ok(most as f64 / publishes as f64)
}

/// Bytes for each event that waits, beside the event.
fn queued() -> support::Result<f64> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    runtime.block_on(async {
        let bus = AsynchronousEventBus::builder()
            .capacity(2 * (FEW + MORE))
            .subscribe(|tick: &Ticked| {
                black_box(tick.at);
            })
            .build()?;
        // Nobody takes any out meanwhile: this thread has not been given back.
        let publish = |count: usize| -> support::Result {
            (0..count as u64).try_for_each(|at| bus.try_publish(Ticked { at, _rest: [0; 7] }).map_err(Into::into))
        };
        publish(FEW)?;
        let (published, bytes) = kept(|| publish(MORE));
        published?;
        Ok(bytes as f64 / MORE as f64 - size_of::<Ticked>() as f64)
    })
}

fn main() -> support::Result {
    let of_functions = {
        let (few, more) = (functions(FEW), functions(FEW + MORE));
        for_each(|count| SynchronousEventBus::builder().subscribers(if count == FEW { few } else { more }).build())?
    };
    let figures = [
        ("bytes_per_subscriber".to_owned(), of_functions),
        ("bytes_per_closure".to_owned(), for_each(closures)?),
        ("bytes_per_queued_event".to_owned(), queued()?),
        ("sync_allocations".to_owned(), allocations()?),
    ];
    println!("bytes asked for; a queued event's are those beside its own {}", size_of::<Ticked>());
    report::close("footprint", &figures);
    Ok(())
}
