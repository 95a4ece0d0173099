//! What is kept of a message in hand: what settles it, and what a dead letter is made of.

use std::collections::HashMap;
use std::sync::Arc;

use aws_sdk_sqs::types::MessageAttributeValue;
use aws_smithy_types::error::operation::BuildError;
use melange::Attributes;
use melange::transport::{Receipt, TransportError, TransportErrorKind};

use crate::attributes;

/// Has no `Debug`: whoever has the handle can delete the message.
pub(crate) struct Held {
    pub(super) handle: String,
    /// As it came, wrapper and all.
    pub(super) body: Arc<str>,
    pub(super) beside: Attributes,
    /// What `beside` does not say all of, such as a type with a label.
    pub(super) odd: HashMap<String, MessageAttributeValue>,
    pub(super) group: Option<String>,
}

impl Held {
    /// What came beside the body, as it came.
    pub(super) fn attributes(&self) -> Result<HashMap<String, MessageAttributeValue>, BuildError> {
        let mut all = attributes::to_sqs(&self.beside)?;
        all.extend(self.odd.clone());
        Ok(all)
    }

    /// The receipt of a message that was not received here: dead letters can be made of it, and where there is a `handle` its
    /// visibility can be changed.
    #[cfg(any(feature = "lambda", feature = "http"))]
    pub(crate) fn receipt(
        handle: String,
        body: Arc<str>,
        beside: Attributes,
        odd: HashMap<String, MessageAttributeValue>,
        group: Option<String>,
    ) -> Receipt {
        Receipt::new(Self { handle, body, beside, odd, group })
    }

    pub(super) fn of(receipt: &Receipt) -> Result<&Self, TransportError> {
        receipt.get().ok_or_else(|| {
            TransportError::new(TransportErrorKind::Configuration, "the receipt is another transport's, not one of SQS")
        })
    }
}
