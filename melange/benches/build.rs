//! How long `build()` takes, of a bus with ten thousand events linked and as many subscribers.
//!
//! They are put into the binary as the derive and the attribute do it, each event a type of its own; only the code that runs
//! them is that of one, or to compile this would take minutes. To see how it grows, buses
//! of the first ten, thousand and ten thousand of the subscribers are built too, given by hand: past the linker, and through
//! all the rest.
//!
//! `cargo xtask bench build`

mod support;

use std::hint::black_box;
use std::time::{Duration, Instant};

use melange::__private::{
    Call, Codec, Entry, EventSlot, Instance, Layout, Location, Needs, RawContext, SubscriberDescriptor, inventory,
};
use melange::{BuildErrors, Event, EventBus, EventDescriptor, Functions, Outcome, Registry, SynchronousEventBus};
use support::counts::{self, Counted};
use support::report::{self, Measured};

const ALL: usize = 10_000;
const COUNTS: [usize; 3] = [10, 1_000, ALL];
const ROUNDS: usize = 31;

/// One event for each number.
struct Ticked<const N: usize>;

/// None of them is ever written or read, so that the codec of one does for all.
#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "ticks")]
struct Silent {}

const CODEC: Codec = Codec::json::<Silent>(Layout::Flat { own: &[], open: false });

/// What the event of this number is called, and its subscriber: `Ticked0042`.
struct Name<const N: usize>;

impl<const N: usize> Name<N> {
    const BYTES: [u8; 10] = {
        const fn digit(number: usize, place: usize) -> u8 {
            b'0' + (number / place % 10) as u8
        }
        [b'T', b'i', b'c', b'k', b'e', b'd', digit(N, 1_000), digit(N, 100), digit(N, 10), digit(N, 1)]
    };
    const TEXT: &'static str = match std::str::from_utf8(&Self::BYTES) {
        Ok(text) => text,
        Err(_) => "",
    };
}

const fn here(number: usize) -> Location {
    Location::new(module_path!(), file!(), 1 + number as u32)
}

/// What its arguments need.
fn nothing(_: &mut Needs) {}

fn handle(_: &Instance, _: &RawContext<'_>) -> Outcome {
    Outcome::Done
}

static SLOTS: [EventSlot; ALL] = [const { EventSlot::new() }; ALL];

fn slot<const N: usize>() -> &'static EventSlot {
    &SLOTS[N]
}

impl<const N: usize> Ticked<N> {
    const DESCRIPTOR: &'static EventDescriptor = &EventDescriptor::new::<Silent>(Name::<N>::TEXT, "Ticked", here(N))
        .standing_for::<Self>()
        .with_topic("ticks")
        .with_codec(CODEC)
        .with_slot(slot::<N>);
    const EVENT: Entry = Entry::Event(Self::DESCRIPTOR);
    const SUBSCRIBER: Entry = Entry::Subscribers(&[SubscriberDescriptor::new(
        Name::<N>::TEXT,
        Self::DESCRIPTOR,
        here(N),
        nothing,
        Call::Sync(handle),
    )]);
}

/// Puts the event of this number and its subscriber into the binary.
macro_rules! link {
    ($a:literal $b:literal $c:literal $d:literal) => {
        inventory::submit! { Ticked::<{ $a * 1_000 + $b * 100 + $c * 10 + $d }>::EVENT }
        inventory::submit! { Ticked::<{ $a * 1_000 + $b * 100 + $c * 10 + $d }>::SUBSCRIBER }
    };
}

/// Calls a macro with each digit behind those that are there already.
macro_rules! digits {
    ($then:ident $($before:literal)*) => {
        $then! { $($before)* 0 }
        $then! { $($before)* 1 }
        $then! { $($before)* 2 }
        $then! { $($before)* 3 }
        $then! { $($before)* 4 }
        $then! { $($before)* 5 }
        $then! { $($before)* 6 }
        $then! { $($before)* 7 }
        $then! { $($before)* 8 }
        $then! { $($before)* 9 }
    };
}
macro_rules! hundreds {
    ($($before:literal)*) => { digits! { tens $($before)* } };
}
macro_rules! tens {
    ($($before:literal)*) => { digits! { ones $($before)* } };
}
macro_rules! ones {
    ($($before:literal)*) => { digits! { link $($before)* } };
}
digits! { hundreds }

type Build = fn(Option<Functions>) -> Result<Duration, BuildErrors>;

/// How long it takes to build a bus of these functions, or of what is linked. Nobody waits for it to be dropped.
fn synchronous(functions: Option<Functions>) -> Result<Duration, BuildErrors> {
    let begun = Instant::now();
    let builder = SynchronousEventBus::builder();
    let builder = match functions {
        Some(functions) => builder.subscribers(functions),
        None => builder.linked(),
    };
    let bus = black_box(builder.build()?);
    let taken = begun.elapsed();
    drop(bus);
    Ok(taken)
}

/// The same over queues in memory.
fn queued(functions: Option<Functions>) -> Result<Duration, BuildErrors> {
    let begun = Instant::now();
    let builder = EventBus::builder();
    let builder = match functions {
        Some(functions) => builder.subscribers(functions),
        None => builder.linked(),
    };
    let bus = black_box(builder.build()?);
    let taken = begun.elapsed();
    drop(bus);
    Ok(taken)
}

/// Milliseconds.
fn time(build: Build, functions: Option<Functions>) -> Result<f64, BuildErrors> {
    Ok(build(functions)?.as_secs_f64() * 1e3)
}

/// The first of those that are linked.
fn first(count: usize) -> support::Result<Functions> {
    let first: Vec<SubscriberDescriptor> = Registry::linked()?.subscribers().take(count).cloned().collect();
    if first.len() != count {
        return Err(format!("{} subscribers are linked, where there are to be {count}", first.len()).into());
    }
    let first: &'static [SubscriberDescriptor] = first.leak();
    Ok(Functions::__new(vec![first].leak()))
}

/// What each more costs: counted for a bus of so many.
const COUNTED: [Counted; 2] = [
    ("build_each/synchronous", |count| Ok(synchronous(Some(first(count as usize)?)).map(|_| ())?)),
    ("build_each/event_bus", |count| Ok(queued(Some(first(count as usize)?)).map(|_| ())?)),
];

fn main() -> support::Result {
    if counts::answered(&COUNTED)? {
        return Ok(());
    }
    let mut figures = Vec::new();
    println!("{:<34}{:>16}{:>16}", "build()", "ms", "us for each");
    for (bus, build) in [("SynchronousEventBus", synchronous as Build), ("EventBus", queued)] {
        let mut of_each = Vec::new();
        for count in COUNTS {
            of_each.push((format!("{count} given"), count, Some(first(count)?), Measured::new()));
        }
        of_each.push((format!("{ALL} linked"), ALL, None, Measured::new()));
        for _ in 0..ROUNDS {
            for (_, _, functions, measured) in &mut of_each {
                measured.add(time(build, *functions)?);
            }
        }
        for (what, count, _, measured) in &of_each {
            let each = measured.median() * 1e3 / *count as f64;
            println!("{:<34}{:>16}{each:>16.3}", format!("{bus}, {what}"), measured.to_string());
        }
        if let [_, thousand, given, linked] = of_each.as_slice() {
            let growth = given.3.median() / thousand.3.median() / 10.0;
            println!("{:<34}{growth:>16.2}", "each of 10,000 over each of 1,000");
            let bus = if bus == "EventBus" { "_event_bus" } else { "" };
            figures.push((format!("build_10000{bus}_ms"), linked.3.median()));
            figures.push((format!("build{bus}_growth"), growth));
        }
    }
    report::close("build", &figures);
    Ok(())
}
