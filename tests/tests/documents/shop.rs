//! A small registry, as a program has it.

use melange::documents::Documents;
use melange::{Event, Outcome, Registry, subscriber, subscribers};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The first form of an order.
#[derive(Debug, Serialize, Deserialize, Event)]
#[event(topic = "orders", name = "OrderPlaced", example = Self { order_id: "o-0".into() })]
pub(crate) struct OrderPlacedV1 {
    #[event(key)]
    pub(crate) order_id: String,
}

/// A customer has ordered.
///
/// With `lines`, and more than one of them.
#[derive(Debug, Serialize, Deserialize, JsonSchema, Event)]
#[event(topic = "orders", version = 2, alias = ["OrderCreated"], upcast_from = [OrderPlacedV1])]
#[event(example = Self::of("o-1", 2), example = OrderPlaced::of("o-2", 0))]
pub(crate) struct OrderPlaced {
    /// What the customer is told.
    #[event(key)]
    pub(crate) order_id: String,
    /// Two letters.
    #[event(attribute)]
    pub(crate) country: String,
    pub(crate) lines: Vec<Line>,
    pub(crate) note: Option<String>,
}

/// A line of an order.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Line {
    pub(crate) sku: String,
    pub(crate) quantity: u32,
}

impl OrderPlaced {
    fn of(order_id: &str, lines: u32) -> Self {
        let line = |n: u32| Line { sku: format!("s-{n}"), quantity: n };
        let lines = (1..=lines).map(line).collect();
        Self { order_id: order_id.to_owned(), country: "DE".to_owned(), lines, note: None }
    }
}

impl From<OrderPlacedV1> for OrderPlaced {
    fn from(old: OrderPlacedV1) -> Self {
        Self::of(&old.order_id, 0)
    }
}

/// Not to be used.
#[derive(Debug, Serialize, Deserialize, Event)]
#[event(topic = "payments.fifo", example = Self("p-1".into(), 5))]
#[deprecated(note = "Listen to `OrderPlaced`.")]
pub(crate) struct Paid(#[event(key)] pub(crate) String, pub(crate) u8);

/// Stays here.
#[derive(Debug, Event)]
#[event(local, example = Ticked)]
pub(crate) struct Ticked;

#[subscriber(listens_to = OrderPlaced, retry(attempts = 3, backoff = "2s..1m"), timeout = "30s")]
async fn receipt(order: &OrderPlaced) {
    let Line { sku, quantity } = &order.lines[0];
    println!("{} {} {:?} {sku} {quantity}", order.order_id, order.country, order.note);
}

#[allow(deprecated, reason = "messages of it are still on their way")]
#[subscriber(listens_to = [OrderPlaced, Paid], queue = "books.fifo", concurrency = 1, blocking)]
fn book(placed: Option<&OrderPlaced>, paid: Option<&Paid>) -> Outcome {
    let _ = (placed, paid.map(|it| (&it.0, it.1)));
    Outcome::Done
}

#[subscriber(listens_to = Ticked)]
fn tick() {}

/// These alone, of all that the binary has.
pub(crate) fn documents() -> Documents {
    // The older version comes with nobody's subscriber.
    Registry::of(subscribers![receipt, book, tick, old]).documents().title("Shop").version("1.2.3").own_queue("shop")
}

#[subscriber(listens_to = OrderPlacedV1, queue = "archive")]
async fn old(order: &OrderPlacedV1) {
    let _ = &order.order_id;
}
