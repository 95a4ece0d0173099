//! A publish in process with the event built for it, beside the other ways to tell many of something: observers of bevy_ecs,
//! mod-events, signals2, and tokio's broadcast, sent and received on one thread.
//!
//! An event is a struct with a text of 32 bytes and a number, and each subscriber adds the number to an atomic. All sides take
//! turns within each round, each round begins with another side, and a ratio is the median of those of the rounds.
//!
//! `cargo xtask bench --peers owned`

#[path = "../../support/mod.rs"]
mod support;

use std::any::Any;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use bevy_ecs::event::GlobalTrigger;
use bevy_ecs::observer::On;
use bevy_ecs::world::World;
use melange::{SynchronousEventBus, subscriber};
use mod_events::EventDispatcher;
use signals2::{Connect1, Emit1, Signal};
use support::counts::{self, Counted};
use support::report::{self, Measured};
use tokio::sync::broadcast;

const ROUNDS: usize = 31;

#[derive(Debug, Clone, melange::Event)]
#[event(local)]
struct Ticked {
    name: String,
    at: u64,
}

// By hand: its derive would take the attribute above for its own.
impl bevy_ecs::event::Event for Ticked {
    type Trigger<'a> = GlobalTrigger;
}

impl mod_events::Event for Ticked {
    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

impl Ticked {
    fn new(at: u64) -> Self {
        Self { name: black_box("the clock in the hall downstairs").to_owned(), at }
    }
}

type Sum = Arc<AtomicU64>;

fn add(sum: &AtomicU64, tick: &Ticked) {
    black_box(&tick.name);
    sum.fetch_add(tick.at, Ordering::Relaxed);
}

/// What linked functions add to.
static TOTAL: AtomicU64 = AtomicU64::new(0);

/// Subscribers as functions, which the macro makes ten of.
macro_rules! functions {
    ($($name:ident)*) => {
        $(#[subscriber(listens_to = Ticked)]
        fn $name(tick: &Ticked) {
            add(&TOTAL, tick);
        })*
        /// The first `count` of them, as the linker would bring them.
        fn functions_bus(count: usize) -> support::Result<SynchronousEventBus> {
            let names = [$(stringify!($name)),*];
            let is_among = |name: &str| names.iter().take(count).any(|known| *known == name);
            Ok(SynchronousEventBus::builder().linked_where(move |s| is_among(s.name())).build()?)
        }
        /// All of them, in boxes.
        fn boxed_functions() -> Handlers {
            vec![$(Box::new($name)),*]
        }
    };
}
functions!(f0 f1 f2 f3 f4 f5 f6 f7 f8 f9);

/// Handlers behind a constant index and one downcast, called directly: the least that a table of them can cost.
struct Table(Vec<Box<dyn Any + Send + Sync>>);

type Handlers = Vec<Box<dyn Fn(&Ticked) + Send + Sync>>;

impl Table {
    fn of(handlers: Handlers) -> Publish {
        let table = Self(vec![Box::new(()), Box::new(handlers)]);
        Box::new(move |times| (0..times).for_each(|at| table.publish(&Ticked::new(at))))
    }

    fn publish(&self, tick: &Ticked) {
        if let Some(handlers) = self.0.get(1).and_then(|of| of.downcast_ref::<Handlers>()) {
            handlers.iter().for_each(|handler| handler(tick));
        }
    }
}

fn table(count: usize, sum: &Sum) -> support::Result<Publish> {
    let handler = |sum: Sum| -> Box<dyn Fn(&Ticked) + Send + Sync> { Box::new(move |tick| add(&sum, tick)) };
    Ok(Table::of((0..count).map(|_| handler(Arc::clone(sum))).collect()))
}

/// The same with functions, each with code of its own.
fn table_functions(count: usize, _: &Sum) -> support::Result<Publish> {
    Ok(Table::of(boxed_functions().into_iter().take(count).collect()))
}

/// Publishes so many.
type Publish = Box<dyn FnMut(u64)>;

fn melange(count: usize, sum: &Sum) -> support::Result<Publish> {
    let bus = (0..count).fold(SynchronousEventBus::builder(), |builder, _| {
        let sum = Arc::clone(sum);
        builder.subscribe(move |tick: &Ticked| add(&sum, tick))
    });
    let bus = bus.build()?;
    Ok(Box::new(move |times| (0..times).for_each(|at| drop(black_box(bus.publish(&Ticked::new(at)))))))
}

fn functions(count: usize, _: &Sum) -> support::Result<Publish> {
    let bus = functions_bus(count)?;
    Ok(Box::new(move |times| (0..times).for_each(|at| drop(black_box(bus.publish(&Ticked::new(at)))))))
}

fn bevy(count: usize, sum: &Sum) -> support::Result<Publish> {
    let mut world = World::new();
    for _ in 0..count {
        let sum = Arc::clone(sum);
        world.add_observer(move |tick: On<'_, '_, Ticked>| add(&sum, &tick));
    }
    world.flush();
    Ok(Box::new(move |times| (0..times).for_each(|at| world.trigger(Ticked::new(at)))))
}

fn mod_events(count: usize, sum: &Sum) -> support::Result<Publish> {
    let dispatcher = EventDispatcher::new();
    for _ in 0..count {
        let sum = Arc::clone(sum);
        dispatcher.on(move |tick: &Ticked| add(&sum, tick));
    }
    Ok(Box::new(move |times| (0..times).for_each(|at| drop(black_box(dispatcher.dispatch(Ticked::new(at)))))))
}

/// Each slot gets a copy of what is sent, so that is shared.
fn signals2(count: usize, sum: &Sum) -> support::Result<Publish> {
    let signal: Signal<(Arc<Ticked>,)> = Signal::new();
    for _ in 0..count {
        let sum = Arc::clone(sum);
        signal.connect(move |tick| add(&sum, &tick));
    }
    Ok(Box::new(move |times| {
        for at in 0..times {
            black_box(signal.emit(Arc::new(Ticked::new(at))));
        }
    }))
}

/// Here too, each receiver gets a copy.
fn broadcast(count: usize, sum: &Sum) -> support::Result<Publish> {
    let (sender, _) = broadcast::channel::<Arc<Ticked>>(16);
    let mut receivers: Vec<_> = (0..count).map(|_| sender.subscribe()).collect();
    let sum = Arc::clone(sum);
    Ok(Box::new(move |times| {
        for at in 0..times {
            drop(black_box(sender.send(Arc::new(Ticked::new(at)))));
            for tick in receivers.iter_mut().filter_map(|receiver| receiver.try_recv().ok()) {
                add(&sum, &tick);
            }
        }
    }))
}

type Make = fn(usize, &Sum) -> support::Result<Publish>;

const SIDES: [(&str, Make); 8] = [
    ("melange", melange),
    ("functions", functions),
    ("table", table),
    ("table_functions", table_functions),
    ("bevy", bevy),
    ("mod_events", mod_events),
    ("signals2", signals2),
    ("broadcast", broadcast),
];

/// How many subscribers there are, and how many functions.
const COUNTS: [usize; 3] = [1, 10, 100];
const FUNCTIONS: usize = 10;

fn count<const SIDE: usize, const SUBSCRIBERS: usize>(times: u64) -> support::Result {
    let (_, make) = SIDES.get(SIDE).ok_or("no such side")?;
    make(SUBSCRIBERS, &Sum::default())?(times);
    Ok(())
}

/// The sides that are counted, each beside `signals2`.
const COUNTED: [Counted; 10] = [
    ("owned_1/signals2", count::<6, 1>),
    ("owned_1/melange", count::<0, 1>),
    ("owned_1/bevy", count::<4, 1>),
    ("owned_1/mod_events", count::<5, 1>),
    ("owned_1/broadcast", count::<7, 1>),
    ("owned_10/signals2", count::<6, 10>),
    ("owned_10/melange", count::<0, 10>),
    ("owned_10/bevy", count::<4, 10>),
    ("owned_10/mod_events", count::<5, 10>),
    ("owned_10/broadcast", count::<7, 10>),
];

/// Nanoseconds for each side's publish, of every round.
fn measure(subscribers: usize) -> support::Result<Vec<Measured>> {
    let times = 400_000 / subscribers.max(4) as u64;
    let sum = Sum::default();
    let mut sides = Vec::new();
    for (name, make) in SIDES {
        if name.ends_with("functions") && subscribers > FUNCTIONS {
            continue;
        }
        let mut publish = make(subscribers, &sum)?;
        let before = sum.load(Ordering::Relaxed) + TOTAL.load(Ordering::Relaxed);
        publish(2);
        let handled = sum.load(Ordering::Relaxed) + TOTAL.load(Ordering::Relaxed) - before;
        if handled != subscribers as u64 {
            return Err(format!("{name}: {handled} of {subscribers} subscribers were called").into());
        }
        sides.push((publish, Measured::new()));
    }
    for round in 0..ROUNDS {
        let first = round % sides.len();
        sides.rotate_left(first);
        for (publish, times_of) in &mut sides {
            let begun = Instant::now();
            publish(times);
            times_of.add(begun.elapsed().as_nanos() as f64 / times as f64);
        }
        sides.rotate_right(first);
    }
    Ok(sides.into_iter().map(|(_, measured)| measured).collect())
}

fn main() -> support::Result {
    if counts::answered(&COUNTED)? {
        return Ok(());
    }
    let mut worst: Vec<(&str, Vec<f64>)> = Vec::new();
    for subscribers in COUNTS {
        let measured = measure(subscribers)?;
        let sides = SIDES.iter().filter(|(name, _)| subscribers <= FUNCTIONS || !name.ends_with("functions"));
        let of_melange = measured.first().cloned().unwrap_or_default();
        println!("{:<34}{:>16}{:>16}", format!("{subscribers} subscribers"), "ns per publish", "melange/this");
        for ((name, _), of_side) in sides.zip(&measured) {
            let ratio = of_melange.over(of_side);
            println!("{name:<34}{:>16}{:>16}", of_side.to_string(), ratio.to_string());
            match worst.iter_mut().find(|(known, _)| known == name) {
                Some((_, ratios)) => ratios.push(ratio.median()),
                None => worst.push((name, vec![ratio.median()])),
            }
        }
    }
    // For signals2 and mod-events with 1 and 10 subscribers, for the others with any number.
    let figures: Vec<(String, f64)> = worst
        .iter()
        .filter(|(name, _)| *name != "melange")
        .map(|(name, ratios)| {
            let counted = if matches!(*name, "signals2" | "mod_events") { 2 } else { 3 };
            (format!("owned_vs_{name}"), ratios.iter().take(counted).copied().fold(0.0, f64::max))
        })
        .collect();
    report::close("owned", &figures);
    Ok(())
}
