//! Payments: a queue of their own, and an event that is an enum.

use melange::{Event, subscriber};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::orders::{OrderCancelled, OrderPlaced};

/// An amount of money, in the smallest unit of its currency.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Money {
    pub(crate) cents: u64,
    /// ISO 4217, three letters.
    pub(crate) currency: String,
}

impl Money {
    pub(crate) fn eur(cents: u64) -> Self {
        Self { cents, currency: "EUR".to_owned() }
    }
}

/// The money is ours: what was ordered may be sent.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, Event)]
#[event(topic = "payments", example = Self { order_id: "o-1".into(), amount: Money::eur(4200), method: "card".into() })]
pub(crate) struct PaymentCaptured {
    #[event(key)]
    pub(crate) order_id: String,
    pub(crate) amount: Money,
    /// How it was paid: `card`, `transfer` or `voucher`.
    #[event(attribute)]
    pub(crate) method: String,
}

/// The money did not come.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, Event)]
#[event(topic = "payments", example = Self::Refused { order_id: "o-3".into(), code: "insufficient_funds".into() })]
pub(crate) enum PaymentFailed {
    /// The bank said no.
    Refused { order_id: String, code: String },
    /// Nobody answered in time.
    TimedOut { order_id: String },
}

/// The customer has their money back.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, Event)]
#[event(topic = "payments", example = Self { order_id: "o-1".into(), amount: Money::eur(4200) })]
pub(crate) struct PaymentRefunded {
    #[event(key)]
    pub(crate) order_id: String,
    pub(crate) amount: Money,
}

/// The books as they stand at the end of a day.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, Event)]
#[event(topic = "ledger.fifo", example = Self { account: "sales".into(), balance_cents: -125 })]
pub(crate) struct DayClosed {
    #[event(key)]
    pub(crate) account: String,
    /// Negative where more was paid back than taken.
    pub(crate) balance_cents: i64,
}

/// Takes the money for each order, and gives it back.
struct Cashier;

#[subscriber(queue = "payments", retry(attempts = 12, backoff = "2s..1h"))]
impl Cashier {
    #[listens_to(timeout = "20s")]
    async fn charge(&self, order: &OrderPlaced) {
        println!("{:?} {}", order.total, order.order_id);
    }

    #[listens_to]
    async fn refund(&self, order: &OrderCancelled) {
        println!("{:?}", order.reason);
    }
}

#[subscriber(listens_to = [PaymentCaptured, PaymentRefunded], queue = "ledger")]
async fn book(captured: Option<&PaymentCaptured>, refunded: Option<&PaymentRefunded>) {
    println!("{:?} {:?}", captured.map(|it| &it.amount), refunded.map(|it| &it.amount));
}

#[subscriber(listens_to = PaymentFailed)]
async fn ask_again(failed: &PaymentFailed) {
    println!("{failed:?}");
}
