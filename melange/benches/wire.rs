//! What it costs to read an event of about a kilobyte by its name, and to write it, beside serde_json with the type known:
//! two typed passes over the body, one for the name and one for all of it, and `to_vec` of a struct that has the envelope's
//! fields among its own, with their values at hand.
//!
//! `cargo bench -p melange --bench wire`. Rounds alternate; the ratio is the median of those of each round. The bodies that
//! SNS wraps are measured by the bench of the same name in `melange-aws`.

#[path = "wire/by_hand.rs"]
mod by_hand;
#[path = "wire/order.rs"]
mod order;
mod support;

use std::hint::black_box;
use std::time::Instant;

use melange::transport::{Body, Inbound};
use melange::{AttributeValue, Attributes, EventSerializer, Registry, subscribers};
use support::counts::{self, Counted};
use support::report::{self, Measured};

/// What each side works on.
struct Work {
    serializer: EventSerializer,
    /// Knows no event.
    nobody: EventSerializer,
    body: String,
    message: Inbound,
    foreign: String,
    foreign_message: Inbound,
    order: order::OrderPlaced,
    envelope: by_hand::Envelope,
}

fn work() -> support::Result<Work> {
    let (serializer, order) = (EventSerializer::linked()?, order::order());
    let body = serializer.serialize(&order)?;
    let mut message = Inbound::new(Body::Json(body.as_str().into()));
    let text = |text: &str| AttributeValue::String(text.to_owned());
    message.attributes = Attributes::from_iter([
        ("event_type", text("OrderPlaced")),
        ("manifest", text("OrderPlaced")),
        ("serializer_id", AttributeValue::Number("1".to_owned())),
    ]);
    // As a producer writes it that has its own order: the envelope after the event.
    let at = body.find("\"order_id\"").ok_or("the event has no `order_id`")?;
    let (head, rest) = body.split_at(at);
    let foreign = format!("{{{},{}}}", rest.trim_end_matches('}'), head.trim_start_matches('{').trim_end_matches(','));
    let mut foreign_message = Inbound::new(Body::Json(foreign.as_str().into()));
    foreign_message.attributes = message.attributes.clone();
    serializer.deserialize(&foreign)?;
    let envelope = by_hand::envelope(order.clone());
    let nobody = EventSerializer::of(&Registry::of(subscribers![]))?;
    Ok(Work { serializer, nobody, body, message, foreign, foreign_message, envelope, order })
}

type Side = (&'static str, fn(&Work) -> support::Result);

const READ_BY_HAND: Side = ("by hand", |work| {
    black_box(by_hand::read(black_box(&work.body))?);
    Ok(())
});
const READ: Side = ("melange", |work| {
    black_box(work.serializer.deserialize(black_box(&work.body))?);
    Ok(())
});
const READ_MESSAGE: Side = ("melange", |work| {
    black_box(work.serializer.deserialize_message(black_box(&work.message))?);
    Ok(())
});
const READ_FOREIGN_MESSAGE: Side = ("melange", |work| {
    black_box(work.serializer.deserialize_message(black_box(&work.foreign_message))?);
    Ok(())
});
const PEEKED_BY_HAND: Side = ("peek", |work| {
    black_box(by_hand::peek(black_box(&work.body))?);
    Ok(())
});
const NOBODYS: Side = ("melange", |work| match black_box(work.nobody.deserialize(black_box(&work.body))) {
    Ok(_) => Err("somebody listens to it".into()),
    Err(_) => Ok(()),
});
const READ_FOREIGN: Side = ("melange", |work| {
    black_box(work.serializer.deserialize(black_box(&work.foreign))?);
    Ok(())
});
const WRITTEN_BY_HAND: Side = ("to_vec", |work| {
    black_box(serde_json::to_vec(black_box(&work.envelope))?);
    Ok(())
});
const WRITTEN: Side = ("melange", |work| {
    black_box(work.serializer.serialize(black_box(&work.order))?);
    Ok(())
});

/// Each comparison: figure, what it is, the baseline and Melange.
const COMPARED: [(&str, &str, Side, Side); 6] = [
    ("decode_raw", "read", READ_BY_HAND, READ),
    ("decode_raw_message", "read, attributes beside it", READ_BY_HAND, READ_MESSAGE),
    ("decode_foreign", "read, the envelope last", READ_BY_HAND, READ_FOREIGN),
    ("decode_foreign_message", "the same, attributes beside it", READ_BY_HAND, READ_FOREIGN_MESSAGE),
    ("decode_nobodys_vs_peek", "nobody's, beside a peek", PEEKED_BY_HAND, NOBODYS),
    ("encode", "written", WRITTEN_BY_HAND, WRITTEN),
];

fn done(side: Side, work: &Work, times: u64) -> support::Result {
    (0..times).try_for_each(|_| side.1(work))
}

/// Nanoseconds for each of so many.
fn time(side: Side, work: &Work, times: u64) -> support::Result<f64> {
    let begun = Instant::now();
    done(side, work, times)?;
    Ok(begun.elapsed().as_nanos() as f64 / times as f64)
}

const COUNTED: [Counted; 12] = [
    ("decode_raw/by_hand", |times| done(READ_BY_HAND, &work()?, times)),
    ("decode_raw/melange", |times| done(READ, &work()?, times)),
    ("decode_raw_message/by_hand", |times| done(READ_BY_HAND, &work()?, times)),
    ("decode_raw_message/melange", |times| done(READ_MESSAGE, &work()?, times)),
    ("decode_foreign/by_hand", |times| done(READ_BY_HAND, &work()?, times)),
    ("decode_foreign/melange", |times| done(READ_FOREIGN, &work()?, times)),
    ("decode_foreign_message/by_hand", |times| done(READ_BY_HAND, &work()?, times)),
    ("decode_foreign_message/melange", |times| done(READ_FOREIGN_MESSAGE, &work()?, times)),
    ("decode_nobodys_vs_peek/peek", |times| done(PEEKED_BY_HAND, &work()?, times)),
    ("decode_nobodys_vs_peek/melange", |times| done(NOBODYS, &work()?, times)),
    ("encode/to_vec", |times| done(WRITTEN_BY_HAND, &work()?, times)),
    ("encode/melange", |times| done(WRITTEN, &work()?, times)),
];

fn main() -> support::Result {
    if counts::answered(&COUNTED)? {
        return Ok(());
    }
    let (rounds, times) = (61, 4_000);
    let work = work()?;
    println!("a body of {} bytes, of which {} are the event", work.body.len(), serde_json::to_vec(&work.order)?.len());
    println!("{:<34}{:>16}{:>16}{:>16}", "ns each", "baseline", "melange", "ratio");
    let mut figures = Vec::new();
    for (name, what, baseline, melange) in COMPARED {
        let [mut of_baseline, mut of_melange] = [const { Measured::new() }; 2];
        for _ in 0..rounds {
            of_baseline.add(time(baseline, &work, times)?);
            of_melange.add(time(melange, &work, times)?);
        }
        let ratio = of_melange.over(&of_baseline);
        println!("{what:<34}{:>16}{:>16}{:>16}", of_baseline.to_string(), of_melange.to_string(), ratio.to_string());
        figures.push((name.to_owned(), ratio.median()));
    }
    report::close("wire", &figures);
    Ok(())
}
