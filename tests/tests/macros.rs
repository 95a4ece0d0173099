//! What the macros make, seen through the public API.

use melange::{Event, subscriber};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(topic = "orders")]
pub struct OrderPlaced {
    #[event(key)]
    pub order_id: String,
    pub total_cents: u64,
}

#[subscriber(listens_to = OrderPlaced)]
async fn send_receipt(
    order: &OrderPlaced,
    meta: &melange::Metadata,
    melange::State(n): melange::State<u32>,
) -> Result<(), std::io::Error> {
    let _ = (order, meta, n);
    Ok(())
}

#[test]
fn thin() {
    assert_eq!(OrderPlaced::DESCRIPTOR.topic(), Some("orders"));
}
