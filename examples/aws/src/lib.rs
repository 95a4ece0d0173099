//! The shop's events and subscribers, shared by the examples that need AWS: a separate crate, as in a real service.

use melange::{Event, Metadata, subscriber};
use serde::{Deserialize, Serialize};

/// Somebody ordered something.
#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(topic = "orders")]
pub struct OrderPlaced {
    /// Which order.
    #[event(key)]
    pub order_id: String,
    /// What it costs.
    pub total_cents: u64,
}

/// A product is on sale: written by the Python services since their first version.
#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(topic = "products")]
pub struct ProductAdded {
    /// Which product.
    pub product_id: u64,
    /// What it is called.
    #[serde(default)]
    pub name: Option<String>,
}

/// Thanks the customer.
#[subscriber(listens_to = OrderPlaced)]
pub async fn send_receipt(order: &OrderPlaced, meta: &Metadata) {
    println!(
        "handled {} {}: {} cents, ordered on {}",
        meta.event_type_name, order.order_id, order.total_cents, meta.occurred_on
    );
}

/// Tells the shelf.
#[subscriber(listens_to = ProductAdded)]
pub async fn fill_shelf(product: &ProductAdded, meta: &Metadata) {
    println!(
        "handled {} {}: {}, added on {}",
        meta.event_type_name,
        product.product_id,
        product.name.as_deref().unwrap_or("(no name)"),
        meta.occurred_on
    );
}
