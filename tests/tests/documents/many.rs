//! A thousand events, each with its subscriber.

use melange::__private::{Codec, Layout, Subscribers};
use melange::documents::{Documentation, Documents, FieldDocumentation, Shape};
use melange::{
    Event, EventDescriptor, Example, Functions, Location, Outcome, Registry, SubscriberDescriptor, SubscriberOptions,
};
use serde::{Deserialize, Serialize};

const TOPICS: [&str; 10] =
    ["orders", "payments", "shipping", "stock", "customers", "prices", "returns", "invoices", "carts", "reviews"];

/// How all of them are written: a thousand ways would take minutes to compile.
#[derive(Serialize, Deserialize, Event)]
#[event(topic = "orders")]
struct One {
    order_id: String,
    total_cents: u64,
    note: Option<String>,
}

struct Numbered<const A: u8, const B: u8, const C: u8>;

impl<const A: u8, const B: u8, const C: u8> Numbered<A, B, C> {
    const LETTERS: [u8; 18] = {
        let mut letters = *b"OrderChangedNo0000";
        letters[15] += A;
        letters[16] += B;
        letters[17] += C;
        letters
    };
    const NAME: &'static str = match std::str::from_utf8(&Self::LETTERS) {
        Ok(name) => name,
        Err(_) => "OrderChanged",
    };
}

const WORDS: &str = "One of a thousand, described in a sentence or two as people do.\n\nThere is more to say of it, and it is said here.";

const FIELDS: &[FieldDocumentation] = &[
    FieldDocumentation::new("order_id", "String", "The number the customer is told.", None).key(),
    FieldDocumentation::new("total_cents", "u64", "What is to be paid, shipping included.", None),
    FieldDocumentation::new("note", "Option<String>", "What the customer said.", None),
];

impl<const A: u8, const B: u8, const C: u8> Event for Numbered<A, B, C> {
    const DESCRIPTOR: &'static EventDescriptor =
        &EventDescriptor::new::<Self>(Self::NAME, Self::NAME, Location::new("shop::orders", "src/orders.rs", 1))
            .with_topic(TOPICS[A as usize])
            .with_codec(Codec::json::<One>(Layout::Flat { own: &[], open: false }))
            .with_examples(&[|| {
                Example::of(One { order_id: "o-1".to_owned(), total_cents: 4200, note: Some("Ring twice.".to_owned()) })
            }])
            .with_documentation(Some(const { &Documentation::new(WORDS, Shape::Named, None).with_fields(FIELDS) }));
}

struct Listener<const A: u8, const B: u8, const C: u8>;

impl<const A: u8, const B: u8, const C: u8> Subscribers for Listener<A, B, C> {
    const SUBSCRIBERS: &'static [SubscriberDescriptor] = &[SubscriberDescriptor::new(
        Numbered::<A, B, C>::NAME,
        Numbered::<A, B, C>::DESCRIPTOR,
        Location::new("shop::orders", "src/orders.rs", 2),
        |_| (),
        melange::__private::Call::Sync(|_, _| Outcome::Done),
    )
    .with_options(SubscriberOptions::new().with_queue(TOPICS[B as usize]))];
}

macro_rules! thousand {
    (@a $($a:literal)*) => { &[$(thousand!(@b $a 0 1 2 3 4 5 6 7 8 9)),*] };
    (@b $a:literal $($b:literal)*) => { [$(thousand!(@c $a $b 0 1 2 3 4 5 6 7 8 9)),*] };
    (@c $a:literal $b:literal $($c:literal)*) => { [$(<Listener<$a, $b, $c> as Subscribers>::SUBSCRIBERS),*] };
}

static THOUSAND: &[[[&[SubscriberDescriptor]; 10]; 10]; 10] = thousand!(@a 0 1 2 3 4 5 6 7 8 9);

pub(crate) fn documents() -> Documents {
    Registry::of(Functions::__new(THOUSAND.as_flattened().as_flattened())).documents().title("A thousand events")
}
