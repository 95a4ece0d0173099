//! What was received, with a receipt that knows which event it is of.

use crate::EventId;
use crate::attributes::EVENT_TYPE;
use crate::transport::{Body, Delivery, Receipt};
use crate::wire::read;

/// A receipt, and what it is of.
pub(super) struct TestReceipt {
    inner: Receipt,
    pub(super) name: String,
    pub(super) event_id: EventId,
    /// How often its message had been received.
    pub(super) attempt: u32,
}

/// Lets what was received be settled here.
pub(super) fn hand_out(mut delivery: Delivery) -> Delivery {
    let (name, event_id) = identity(&delivery);
    delivery.receipt =
        Receipt::new(TestReceipt { inner: delivery.receipt.clone(), name, event_id, attempt: attempt(&delivery) });
    delivery
}

/// As the account below knows it.
pub(super) fn take_back(delivery: &Delivery) -> Delivery {
    Delivery { receipt: inner(&delivery.receipt), ..delivery.clone() }
}

/// A receipt as the account below knows it.
pub(super) fn inner(receipt: &Receipt) -> Receipt {
    receipt.get::<TestReceipt>().map_or_else(|| receipt.clone(), |known| known.inner.clone())
}

/// As subscribers are told.
pub(super) fn attempt(delivery: &Delivery) -> u32 {
    delivery.attempt.max(1)
}

/// The event's name and id, as the bus finds them.
pub(super) fn identity(delivery: &Delivery) -> (String, EventId) {
    let Ok(inbound) = &delivery.content else { return (String::new(), EventId::from_text(&delivery.message_id)) };
    let id = || EventId::from_text(inbound.wrapper_id.as_deref().unwrap_or(&delivery.message_id));
    if let Body::Json(json) = &inbound.body
        && let Ok(incoming) = read(json, &inbound.attributes)
    {
        let header = incoming.header;
        return (header.name.into_owned(), header.event_id.unwrap_or_else(id));
    }
    (inbound.attributes.text(EVENT_TYPE).unwrap_or_default().to_owned(), id())
}
