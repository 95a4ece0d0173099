//! What a publish on the synchronous bus costs, beside the least that a table of subscribers can cost: an event's handlers
//! behind a constant index and one downcast for each publish, called directly, with no panic contained and no failure
//! collected.
//!
//! `cargo bench -p melange --bench synchronous`. Rounds alternate; the ratio is the median of those of each round.

mod support;

use std::any::Any;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use melange::{Event, SynchronousEventBus, subscriber, subscribers};
use support::counts::{self, Counted};
use support::report::{self, Measured};

#[derive(Event)]
#[event(local)]
struct Ticked {
    name: String,
    at: u64,
}

#[derive(Event)]
#[event(local)]
struct Tocked;

/// An event's handlers, each behind a box.
type Handlers = Vec<Box<dyn Fn(&Ticked) + Send + Sync>>;

/// The least: the table is closed, and the event's place in it known.
struct Table(Vec<Box<dyn Any + Send + Sync>>);

impl Table {
    fn new(handlers: usize, sum: &Arc<AtomicU64>) -> Self {
        let handler =
            |sum: Arc<AtomicU64>| -> Box<dyn Fn(&Ticked) + Send + Sync> { Box::new(move |tick| add(&sum, tick)) };
        let of_ticked: Handlers = (0..handlers).map(|_| handler(Arc::clone(sum))).collect();
        Self(vec![Box::new(()), Box::new(of_ticked)])
    }

    // As on the other side: one publish is measured, not a loop around it that a compiler has unrolled.
    #[inline(never)]
    fn publish(&self, tick: &Ticked) {
        if let Some(handlers) = self.0.get(1).and_then(|of| of.downcast_ref::<Handlers>()) {
            handlers.iter().for_each(|handler| handler(tick));
        }
    }
}

fn add(sum: &AtomicU64, tick: &Ticked) {
    sum.fetch_add(black_box(tick).at, Ordering::Relaxed);
}

static SUM: AtomicU64 = AtomicU64::new(0);

/// A function, as users write them.
#[subscriber(listens_to = Ticked)]
fn adds(tick: &Ticked) {
    add(&SUM, tick);
}

fn bus(handlers: usize, at_run_time: usize, sum: &Arc<AtomicU64>) -> Result<SynchronousEventBus, melange::BuildErrors> {
    let handler = || {
        let sum = Arc::clone(sum);
        move |tick: &Ticked| add(&sum, tick)
    };
    let builder = (0..handlers).fold(SynchronousEventBus::builder(), |builder, _| builder.subscribe(handler()));
    let bus = builder.build()?;
    for _ in 0..at_run_time {
        bus.subscribe(handler());
    }
    Ok(bus)
}

/// A publish whose result is looked at, as `?` does.
#[inline(never)]
fn checked(bus: &SynchronousEventBus, tick: &Ticked) {
    if let Err(error) = bus.publish(tick) {
        failed(&error);
    }
}

#[cold]
fn failed(error: &melange::DispatchError) {
    eprintln!("a handler failed, which none does: {error}");
}

/// Nanoseconds for each of so many.
fn time(times: u64, publish: impl Fn(&Ticked)) -> f64 {
    let tick = Ticked { name: "clock".to_owned(), at: 1 };
    let begun = Instant::now();
    for _ in 0..times {
        publish(black_box(&tick));
    }
    black_box(&tick.name);
    begun.elapsed().as_nanos() as f64 / times as f64
}

/// The same, by as many threads at once, for the slower.
fn time_in(threads: usize, times: u64, publish: impl Fn(&Ticked) + Sync) -> f64 {
    thread::scope(|scope| {
        let all: Vec<_> = (0..threads).map(|_| scope.spawn(|| time(times, &publish))).collect();
        all.into_iter().filter_map(|one| one.join().ok()).fold(0.0, f64::max)
    })
}

fn count_table<const HANDLERS: usize>(times: u64) -> support::Result {
    let least = Table::new(HANDLERS, &Arc::default());
    time(times, |tick| least.publish(tick));
    Ok(())
}

/// So many handlers, and so many given at run time.
fn count<const HANDLERS: usize, const AT_RUN_TIME: usize>(times: u64) -> support::Result {
    let bus = bus(HANDLERS, AT_RUN_TIME, &Arc::default())?;
    time(times, |tick| checked(&bus, tick));
    Ok(())
}

/// A linked function, on a bus to which others subscribe at run time, if to other events.
fn bus_of_function() -> Result<SynchronousEventBus, melange::BuildErrors> {
    let bus = SynchronousEventBus::builder().subscribers(subscribers![adds]).build()?;
    bus.subscribe(|_: &Tocked| {});
    Ok(bus)
}

fn count_function(times: u64) -> support::Result {
    let bus = bus_of_function()?;
    time(times, |tick| checked(&bus, tick));
    Ok(())
}

const COUNTED: [Counted; 10] = [
    ("sync_1/table", count_table::<1>),
    ("sync_1/melange", count::<1, 0>),
    ("sync_1/melange_at_run_time", count::<0, 1>),
    ("sync_1/melange_function", count_function),
    ("sync_10/table", count_table::<10>),
    ("sync_10/melange", count::<10, 0>),
    ("sync_10/melange_at_run_time", count::<0, 10>),
    ("sync_100/table", count_table::<100>),
    ("sync_100/melange", count::<100, 0>),
    ("sync_100/melange_at_run_time", count::<0, 100>),
];

fn main() -> support::Result {
    if counts::answered(&COUNTED)? {
        return Ok(());
    }
    let rounds = 31;
    println!("{:<34}{:>16}{:>16}{:>16}", "ns per publish", "table", "melange", "melange/table");
    let print = |what: &str, name: &str, table: &Measured, melange: &Measured| {
        let ratio = melange.over(table);
        println!("{what:<34}{:>16}{:>16}{:>16}", table.to_string(), melange.to_string(), ratio.to_string());
        (name.to_owned(), ratio.median())
    };
    let mut figures = Vec::new();
    for handlers in [1, 10, 100] {
        let times = 2_000_000 / (handlers as u64 + 4);
        let sum = Arc::default();
        let (least, bus) = (Table::new(handlers, &sum), bus(handlers, 0, &sum)?);
        let late = self::bus(0, handlers, &sum)?;
        let [mut table, mut melange, mut added] = [const { Measured::new() }; 3];
        for _ in 0..rounds {
            table.add(time(times, |tick| least.publish(tick)));
            melange.add(time(times, |tick| checked(&bus, tick)));
            added.add(time(times, |tick| checked(&late, tick)));
        }
        figures.push(print(&format!("{handlers} handlers"), &format!("sync_{handlers}"), &table, &melange));
        let what = format!("{handlers} handlers, given at run time");
        figures.push(print(&what, &format!("sync_{handlers}_at_run_time"), &table, &added));
    }
    let sum = Arc::default();
    let least = Table::new(1, &sum);
    let bus = bus_of_function()?;
    let [mut table, mut melange] = [const { Measured::new() }; 2];
    for _ in 0..rounds {
        table.add(time(400_000, |tick| least.publish(tick)));
        melange.add(time(400_000, |tick| checked(&bus, tick)));
    }
    figures.push(print("1 function, others at run time", "sync_1_function", &table, &melange));
    // Each thread's handlers add to a sum of its own thread: what is measured is the bus, not one busy atomic.
    let quiet = |_: &Ticked| {};
    let bus = SynchronousEventBus::builder().subscribe(quiet).build()?;
    let [mut one, mut two] = [const { Measured::new() }; 2];
    for _ in 0..rounds {
        one.add(time_in(1, 400_000, |tick| checked(&bus, tick)));
        two.add(time_in(2, 400_000, |tick| checked(&bus, tick)));
    }
    let ratio = two.over(&one);
    println!("one thread {one}, each of two {two}: {ratio}");
    figures.push(("sync_threads_2".to_owned(), ratio.median()));
    report::close("synchronous", &figures);
    Ok(())
}
