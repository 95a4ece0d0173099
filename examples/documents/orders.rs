//! Orders: three versions of one event, and what listens to them.
#![allow(deprecated, reason = "messages of the first version may still be on their way")]

use melange::{Event, Metadata, Outcome, Timestamp, subscriber};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::payments::Money;

/// An order as the first release wrote it, in cents and without a currency.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, Event)]
#[event(topic = "orders", name = "OrderPlaced", example = Self { order_id: "o-1".into(), total_cents: 4200 })]
#[deprecated(note = "Publish version 3, which says the currency.")]
pub(crate) struct OrderPlacedV1 {
    /// The number the customer is told.
    #[event(key)]
    pub(crate) order_id: String,
    pub(crate) total_cents: u64,
}

/// An order with the customer who placed it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, Event)]
#[event(topic = "orders", name = "OrderPlaced", version = 2, upcast_from = [OrderPlacedV1])]
pub(crate) struct OrderPlacedV2 {
    /// The number the customer is told.
    #[event(key)]
    pub(crate) order_id: String,
    /// Missing for orders placed as a guest.
    pub(crate) customer_id: Option<String>,
    pub(crate) total_cents: u64,
}

/// A customer has placed an order, and its goods are reserved.
///
/// Payment is asked for afterwards: wait for `PaymentCaptured` before anything is sent.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, Event)]
#[event(topic = "orders", version = 3, alias = ["OrderCreated"], upcast_from = [OrderPlacedV2])]
#[event(example = OrderPlaced {
    order_id: "o-1".into(),
    customer_id: Some("c-7".into()),
    country: "DE".into(),
    lines: vec![OrderLine { sku: "tea-green-100g".into(), quantity: 2, price: Money::eur(2100) }],
    total: Money::eur(4200),
})]
#[event(example = OrderPlaced {
    order_id: "o-2".into(),
    customer_id: None,
    country: "FR".into(),
    lines: Vec::new(),
    total: Money::eur(0),
})]
pub(crate) struct OrderPlaced {
    /// The number the customer is told. Everything about one order stays in order.
    #[event(key)]
    pub(crate) order_id: String,
    /// Missing for orders placed as a guest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) customer_id: Option<String>,
    /// Where it is to be sent: ISO 3166, two letters.
    #[event(attribute)]
    pub(crate) country: String,
    pub(crate) lines: Vec<OrderLine>,
    /// What is to be paid, shipping included.
    pub(crate) total: Money,
}

/// One kind of goods in an order.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct OrderLine {
    /// The article's number.
    pub(crate) sku: String,
    #[schemars(range(min = 1))]
    pub(crate) quantity: u32,
    pub(crate) price: Money,
}

/// An order was taken back before it was sent.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, Event)]
#[event(topic = "orders", example = Self { order_id: "o-1".into(), reason: CancelReason::OutOfStock })]
pub(crate) struct OrderCancelled {
    #[event(key)]
    pub(crate) order_id: String,
    pub(crate) reason: CancelReason,
}

/// Why an order was taken back.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum CancelReason {
    /// The customer changed their mind.
    Customer,
    /// There are not enough of the goods.
    OutOfStock,
    /// The payment was refused.
    Payment,
}

/// A basket was left alone for a day. It stays in the process.
#[derive(Debug, Clone, Event)]
#[event(local)]
pub(crate) struct BasketForgotten {
    pub(crate) basket_id: String,
    pub(crate) since: Timestamp,
}

impl From<OrderPlacedV1> for OrderPlacedV2 {
    fn from(old: OrderPlacedV1) -> Self {
        Self { order_id: old.order_id, customer_id: None, total_cents: old.total_cents }
    }
}

impl From<OrderPlacedV2> for OrderPlaced {
    fn from(old: OrderPlacedV2) -> Self {
        let total = Money::eur(old.total_cents);
        let OrderPlacedV2 { order_id, customer_id, .. } = old;
        Self { order_id, customer_id, country: "DE".to_owned(), lines: Vec::new(), total }
    }
}

#[subscriber(listens_to = OrderPlaced, retry(attempts = 5, backoff = "1s..5m"))]
async fn send_receipt(order: &OrderPlaced, meta: &Metadata) {
    println!("{} of {}: {:?}", order.order_id, meta.occurred_on, order.total);
}

#[subscriber(listens_to = [OrderPlaced, OrderCancelled], queue = "search", concurrency = 4)]
async fn index_order(placed: Option<&OrderPlaced>, cancelled: Option<&OrderCancelled>) -> Outcome {
    println!("{:?} {:?}", placed.map(|it| &it.order_id), cancelled.map(|it| &it.reason));
    Outcome::Done
}

#[subscriber(listens_to = BasketForgotten)]
fn remind(basket: &BasketForgotten) {
    println!("{} since {}", basket.basket_id, basket.since);
}
