//! What a subscriber's signature may be: arguments, patterns, lifetimes, returns, attributes.
#![forbid(unsafe_code)]
#![deny(missing_docs, warnings, elided_lifetimes_in_paths)]

use std::borrow::Cow;
use std::error::Error;
use std::sync::Arc;

use melange::{BoxError, CancellationToken, Context, Event, IntoOutcome, Metadata, Outcome, State, subscriber};

/// An event.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Placed {
    /// Its id.
    pub id: String,
}

/// Another.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
pub struct Cancelled {
    /// Its id.
    pub id: String,
}

type Alias = Placed;

/// A state.
#[derive(Debug, Clone)]
pub struct Mailer {
    /// A field.
    pub a: u8,
    /// A field.
    pub b: u8,
}

// Arguments and their patterns.

#[subscriber(listens_to = Placed)]
fn nothing() {}

#[subscriber(listens_to = Placed)]
async fn patterns(State(Mailer { a, .. }): State<Mailer>, _: &Metadata, mut order: Arc<Placed>) {
    order = Arc::new((*order).clone());
    let _ = (a, order);
}

#[subscriber(listens_to = Placed)]
fn fields(Placed { id, .. }: &Placed, State((x, mut y)): State<(u8, String)>) {
    y.push('!');
    let _ = (id, x, y);
}

#[subscriber(listens_to = Placed)]
async fn functions(State(f): State<fn(&str) -> usize>, State(g): State<Arc<dyn Fn(&str) -> usize + Send + Sync>>, order: &Placed) {
    let _ = f(&order.id) + g(&order.id);
}

#[subscriber(listens_to = Placed)]
async fn options(
    a: Option<State<u8>>,
    b: Option<&Placed>,
    c: Option<Arc<Placed>>,
    d: Option<&Metadata>,
    e: Option<&Context<Placed>>,
    f: Option<CancellationToken>,
    g: Option<Metadata>,
) {
    let _ = (a, b, c, d, e, f, g);
}

#[subscriber(listens_to = [Placed, Cancelled])]
async fn one_of_two(placed: Option<&Placed>, cancelled: Option<Arc<Cancelled>>, cx: Option<&Context<Placed>>) {
    let _ = (placed, cancelled, cx);
}

#[subscriber(listens_to = Placed)]
async fn twelve(
    a: &Placed,
    b: Arc<Placed>,
    c: &Metadata,
    d: Metadata,
    e: &Context<Placed>,
    f: CancellationToken,
    g: State<u8>,
    h: State<u16>,
    i: State<u32>,
    j: State<u64>,
    k: State<i8>,
    l: State<i16>,
) {
    let _ = (a, b, c, d, e, f, (g, h, i, j, k, l));
}

#[subscriber(listens_to = Placed)]
async fn lifetimes<'a, 'b: 'a>(order: &'a Placed, meta: &'b Metadata) -> Result<(), String>
where
    Placed: Clone,
{
    let _ = (order, meta);
    Ok(())
}

#[subscriber(listens_to = crate::Placed)]
async fn paths(order: &Alias, cx: &'_ Context<self::Placed>, State(s): State<Cow<'static, str>>) {
    let _ = (order, cx, s);
}

#[subscriber(listens_to = Alias)]
async fn alias(order: &Placed) {
    let _ = order;
}

// What it may return.

#[subscriber(listens_to = Placed)]
async fn outcome_or_error(_: &Placed) -> Result<Outcome, std::io::Error> {
    Ok(Outcome::Done)
}

#[subscriber(listens_to = Placed)]
async fn text(_: &Placed) -> Result<(), &'static str> {
    Ok(())
}

#[subscriber(listens_to = Placed)]
fn boxed(_: &Placed) -> Result<(), Box<dyn Error + Send + Sync>> {
    Ok(())
}

#[subscriber(listens_to = Placed)]
async fn boxed_by_name(_: &Placed) -> Result<(), BoxError> {
    Ok(())
}

#[subscriber(listens_to = Placed)]
async fn something(_: &Placed) -> impl IntoOutcome {
    Outcome::Done
}

#[subscriber(listens_to = Placed)]
async fn unit(_: &Placed) -> () {}

type Short<T = ()> = Result<T, std::io::Error>;

#[subscriber(listens_to = Placed)]
async fn short(_: &Placed) -> Short {
    Ok(())
}

// Attributes and docs, before and after.

/// Docs.
#[subscriber(listens_to = Placed)]
#[must_use]
#[inline]
pub fn with_attributes(_: &Placed) -> Outcome {
    Outcome::Done
}

#[allow(unused_variables)]
#[subscriber(listens_to = Placed)]
#[cold]
#[doc(hidden)]
/// Docs.
pub async fn with_more(order: &Placed, #[allow(unused_variables)] meta: Metadata) {}

/// Old, but still a subscriber.
#[deprecated]
#[subscriber(listens_to = Placed)]
pub async fn old(_: &Placed) {}

fn main() {
    let order = Placed { id: "o-1".into() };
    assert!(with_attributes(&order).is_done());
    fields(&order, State((1, String::new())));
}
