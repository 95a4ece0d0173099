//! What is kept of a message in hand: what settles it, and what a dead letter is made of.

use std::collections::HashMap;
use std::sync::Arc;

use aws_sdk_sqs::types::MessageAttributeValue;
use melange::transport::{Receipt, TransportError, TransportErrorKind};

/// Has no `Debug`: whoever has the handle can delete the message.
pub(super) struct Held {
    pub(super) handle: String,
    /// As it came, wrapper and all.
    pub(super) body: Arc<str>,
    pub(super) attributes: HashMap<String, MessageAttributeValue>,
    pub(super) group: Option<String>,
}

impl Held {
    pub(super) fn of(receipt: &Receipt) -> Result<&Self, TransportError> {
        receipt.get().ok_or_else(|| {
            TransportError::new(TransportErrorKind::Configuration, "the receipt is another transport's, not one of SQS")
        })
    }
}
