//! A copy of a message in hand, sent to another queue before the message itself is deleted.

use std::collections::HashMap;

use aws_sdk_sqs::types::MessageAttributeValue as Value;
use aws_smithy_types::error::operation::BuildError;
use melange::transport::{Delivery, TransportError, TransportErrorKind};

use super::held::Held;
use crate::client::Call;
use crate::names::is_fifo;
use crate::{Aws, group};

/// Sends the body as it came, with these attributes, to the queue that AWS calls `to`. On a FIFO queue two copies of one
/// `id` are one.
pub(super) async fn send(
    aws: &Aws,
    to: &str,
    delivery: &Delivery,
    attributes: Result<HashMap<String, Value>, BuildError>,
    id: &str,
) -> Result<(), TransportError> {
    let held = Held::of(&delivery.receipt)?;
    let call = Call::new("sqs:SendMessage", format!("queue {to}")).with_message();
    let url = aws.urls().get(aws.client(), to).await?;
    let attributes = attributes.map_err(|_| {
        TransportError::new(TransportErrorKind::InvalidMessage, format!("{call}: an attribute cannot be sent"))
    })?;
    let request = aws.client().sqs.send_message().queue_url(url).message_body(&*held.body);
    let mut request = request.set_message_attributes(Some(attributes));
    if is_fifo(to) {
        request = request
            .message_group_id(group::legal(held.group.as_deref().unwrap_or(&delivery.message_id)))
            .message_deduplication_id(group::legal(id));
    }
    let sent = aws.urls().heed(to, call.clone().send(request.send()).await)?;
    // The SDK takes an answer without content for one without fields. The message is deleted next, so make sure.
    if sent.message_id().is_none() {
        let what = format!("{call}: SQS gave the message no id, so that it may not have it");
        return Err(TransportError::new(TransportErrorKind::Unavailable, what));
    }
    Ok(())
}
