//! The same work by hand, with the type known: what a service does that has but one event, and serde.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::order::{Channel, Customer, Item, OrderPlaced};

/// What a body is routed by.
#[derive(Deserialize)]
pub(crate) struct Peek<'a> {
    #[serde(borrow)]
    event_type_name: &'a str,
}

pub(crate) fn peek(body: &str) -> Result<Peek<'_>, serde_json::Error> {
    serde_json::from_str(body)
}

/// The body as one type: the envelope's keys, and the event's beside them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Envelope {
    event_type_name: String,
    event_id: String,
    event_version: u32,
    occurred_on: DateTime<Utc>,
    topic: String,
    order_id: String,
    customer: Customer,
    items: Vec<Item>,
    currency: String,
    total_cents: u64,
    discount: f64,
    is_gift: bool,
    coupon: Option<String>,
    note: Option<String>,
    channel: Channel,
    tags: Vec<String>,
}

/// Reads a body in two passes, both typed.
pub(crate) fn read(body: &str) -> Result<Envelope, serde_json::Error> {
    match peek(body)?.event_type_name {
        "OrderPlaced" => serde_json::from_str(body),
        _ => Err(serde::de::Error::custom("an event of another name")),
    }
}

/// What is written for this event.
pub(crate) fn envelope(order: OrderPlaced) -> Envelope {
    Envelope {
        event_type_name: "OrderPlaced".to_owned(),
        event_id: "019ac4f6-3c5a-7d10-9f6e-0b9a4a3c2d11".to_owned(),
        event_version: 1,
        occurred_on: DateTime::from_timestamp_micros(1_764_092_237_733_359).unwrap_or_default(),
        topic: "orders".to_owned(),
        order_id: order.order_id,
        customer: order.customer,
        items: order.items,
        currency: order.currency,
        total_cents: order.total_cents,
        discount: order.discount,
        is_gift: order.is_gift,
        coupon: order.coupon,
        note: order.note,
        channel: order.channel,
        tags: order.tags,
    }
}
