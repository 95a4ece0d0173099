//! What it costs to read an event of about a kilobyte by its name, and to write it, beside serde_json with the type known:
//! two typed passes over the body, one for the name and one for all of it, and `to_vec` of a struct that has the envelope's
//! fields among its own, with their values at hand.
//!
//! `cargo bench -p melange --bench wire`. Rounds alternate; the ratio is the median of those of each round. What SNS wraps is
//! measured by the bench of the same name in `melange-aws`.

#[path = "wire/by_hand.rs"]
mod by_hand;
#[path = "wire/order.rs"]
mod order;
#[path = "wire/sides.rs"]
mod sides;
mod support;

use std::hint::black_box;

use melange::transport::{Body, Inbound};
use melange::{AttributeValue, Attributes, EventSerializer, Registry, subscribers};
use sides::{Compared, done};
use support::counts::{self, Counted};
use support::{Result, report};

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

fn work() -> Result<Work> {
    let (serializer, order) = (EventSerializer::linked()?, order::order());
    let nobody = EventSerializer::of(&Registry::of(subscribers![]))?;
    let body = serializer.serialize(&order)?;
    // As a producer writes it that has its own order: the envelope after the event.
    let at = body.find("\"order_id\"").ok_or("the event has no `order_id`")?;
    let (head, rest) = body.split_at(at);
    let foreign = format!("{{{},{}}}", rest.trim_end_matches('}'), head.trim_start_matches('{').trim_end_matches(','));
    let (message, foreign_message) = (inbound(&body), inbound(&foreign));
    let envelope = by_hand::envelope(order.clone());
    Ok(Work { serializer, nobody, body, message, foreign, foreign_message, order, envelope })
}

/// As raw delivery brings it, with Melange's attributes.
fn inbound(body: &str) -> Inbound {
    let name = || AttributeValue::String("OrderPlaced".to_owned());
    let number = AttributeValue::Number("1".to_owned());
    let mut inbound = Inbound::new(Body::Json(body.into()));
    inbound.attributes =
        Attributes::from_iter([("event_type", name()), ("manifest", name()), ("serializer_id", number)]);
    inbound
}

fn read_by_hand(work: &Work) -> Result {
    black_box(by_hand::read(black_box(&work.body))?);
    Ok(())
}

fn read(work: &Work) -> Result {
    black_box(work.serializer.deserialize(black_box(&work.body))?);
    Ok(())
}

fn read_message(work: &Work) -> Result {
    black_box(work.serializer.deserialize_message(black_box(&work.message))?);
    Ok(())
}

fn read_foreign_by_hand(work: &Work) -> Result {
    black_box(by_hand::read(black_box(&work.foreign))?);
    Ok(())
}

fn read_foreign(work: &Work) -> Result {
    black_box(work.serializer.deserialize(black_box(&work.foreign))?);
    Ok(())
}

fn read_foreign_message(work: &Work) -> Result {
    black_box(work.serializer.deserialize_message(black_box(&work.foreign_message))?);
    Ok(())
}

fn peek_by_hand(work: &Work) -> Result {
    black_box(by_hand::peek(black_box(&work.body))?);
    Ok(())
}

fn read_nobodys(work: &Work) -> Result {
    match black_box(work.nobody.deserialize(black_box(&work.body))) {
        Ok(_) => Err("somebody listens to it".into()),
        Err(_) => Ok(()),
    }
}

fn write_by_hand(work: &Work) -> Result {
    black_box(serde_json::to_vec(black_box(&work.envelope))?);
    Ok(())
}

fn write(work: &Work) -> Result {
    black_box(work.serializer.serialize(black_box(&work.order))?);
    Ok(())
}

const COMPARED: [Compared<Work>; 6] = [
    ("decode_raw", "read", read_by_hand, read),
    ("decode_raw_message", "read, attributes beside it", read_by_hand, read_message),
    ("decode_foreign", "read, the envelope last", read_foreign_by_hand, read_foreign),
    ("decode_foreign_message", "the same, attributes beside it", read_foreign_by_hand, read_foreign_message),
    ("decode_nobodys", "nobody's, beside a peek by hand", peek_by_hand, read_nobodys),
    ("encode", "written", write_by_hand, write),
];

const COUNTED: [Counted; 12] = [
    ("decode_raw/by_hand", |times| done(read_by_hand, &work()?, times)),
    ("decode_raw/melange", |times| done(read, &work()?, times)),
    ("decode_raw_message/by_hand", |times| done(read_by_hand, &work()?, times)),
    ("decode_raw_message/melange", |times| done(read_message, &work()?, times)),
    ("decode_foreign/by_hand", |times| done(read_foreign_by_hand, &work()?, times)),
    ("decode_foreign/melange", |times| done(read_foreign, &work()?, times)),
    ("decode_foreign_message/by_hand", |times| done(read_foreign_by_hand, &work()?, times)),
    ("decode_foreign_message/melange", |times| done(read_foreign_message, &work()?, times)),
    ("decode_nobodys/peek", |times| done(peek_by_hand, &work()?, times)),
    ("decode_nobodys/melange", |times| done(read_nobodys, &work()?, times)),
    ("encode/to_vec", |times| done(write_by_hand, &work()?, times)),
    ("encode/melange", |times| done(write, &work()?, times)),
];

fn main() -> Result {
    if counts::answered(&COUNTED)? {
        return Ok(());
    }
    let work = work()?;
    println!(
        "a body of {} bytes, of which {} are the event's",
        work.body.len(),
        serde_json::to_vec(&work.order)?.len()
    );
    report::close("wire", &sides::compare(&COMPARED, &work)?);
    Ok(())
}
