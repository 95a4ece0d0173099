//! Events and subscribers of the programs that the tool is tried in.

use melange::{Event, Outcome, subscriber};
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize, Event)]
#[event(topic = "orders")]
pub struct OrderPlaced {
    #[event(key)]
    pub order_id: String,
    pub total_cents: i64,
    #[event(attribute)]
    #[serde(default)]
    pub region: String,
}

#[derive(Serialize, Deserialize, Event)]
#[event(topic = "orders", name = "OrderCancelled")]
pub struct OrderCancelledV1 {
    pub order_id: String,
}

#[derive(Serialize, Deserialize, Event)]
#[event(topic = "orders", version = 2, alias = ["OrderWithdrawn"], upcast_from = [OrderCancelledV1])]
pub struct OrderCancelled {
    pub order_id: String,
    pub reason: String,
}

impl From<OrderCancelledV1> for OrderCancelled {
    fn from(old: OrderCancelledV1) -> Self {
        Self { order_id: old.order_id, reason: String::new() }
    }
}

#[derive(Serialize, Deserialize, Event)]
#[event(topic = "parcels")]
pub enum ParcelMoved {
    Shipped { parcel: u64 },
    Lost(u64),
}

#[derive(Event)]
#[event(local)]
pub struct ClockTicked;

#[derive(Serialize, Deserialize, Event)]
#[event(topic = "seats.fifo")]
pub struct SeatTaken {
    #[event(key)]
    pub row: String,
    #[event(dedup_id)]
    pub seat: String,
}

/// Rejects what costs less than nothing, and fails on what costs nothing.
#[subscriber(listens_to = OrderPlaced, retry(attempts = 3, backoff = "1s..1m"), timeout = "30s")]
async fn send_receipt(order: &OrderPlaced) -> Outcome {
    match order.total_cents {
        0 => Outcome::retry("the mailer is down"),
        cents if cents < 0 => Outcome::reject("the total is negative"),
        _ => Outcome::Done,
    }
}

#[subscriber(listens_to = [OrderPlaced, OrderCancelled], queue = "audit", blocking)]
fn write_down() {}

#[subscriber(listens_to = ParcelMoved)]
fn follow(_: &ParcelMoved) {}
