//! One request to a topic: up to ten messages in, a verdict for each out.

use std::sync::Arc;

use aws_sdk_sns::config::Region;
use aws_sdk_sns::types::{BatchResultErrorEntry, PublishBatchRequestEntry};
use melange::transport::{TransportError, TransportErrorKind};

use crate::attempts::Attempts;
use crate::client::Call;
use crate::config::Connection;
use crate::outbox::{Outcome, Parcel, Refusal, Target, id, verdicts};
use crate::{Aws, attributes};

/// A topic, as what parcels are sent to.
///
/// It is always `PublishBatch`, for one message too: that costs what `Publish` costs, and the right to `sns:Publish` is the
/// right to both. Source: the SNS developer guide, API permissions.
pub(super) struct Topic {
    connection: Arc<Connection>,
    arn: String,
    name: String,
    /// Where it is, unless in the usual region.
    region: Option<Region>,
}

impl Topic {
    pub(super) fn new(aws: &Aws, topic: &str, arn: &str) -> Self {
        Self {
            connection: Arc::clone(aws.connection()),
            arn: arn.to_owned(),
            name: aws.names().topic(topic),
            region: aws.region_of(arn),
        }
    }
}

impl Target for Topic {
    async fn send(&self, parcels: Vec<Arc<Parcel>>) -> Outcome {
        let call = Call::new("sns:Publish", format!("topic {}", self.name)).with_message();
        let entries: Result<Vec<_>, _> = parcels.iter().enumerate().map(|(at, parcel)| entry(at, parcel)).collect();
        let entries = entries.map_err(|_| {
            TransportError::new(
                TransportErrorKind::InvalidMessage,
                format!("{call}: a message of the batch cannot be sent"),
            )
        })?;
        let attempts = Attempts::default();
        let request = self.connection.client.sns.publish_batch().topic_arn(&self.arn);
        let request = request.set_publish_batch_request_entries(Some(entries));
        let mut request = request.customize().interceptor(attempts.clone());
        if let Some(region) = &self.region {
            request = request.config_override(aws_sdk_sns::Config::builder().region(region.clone()));
        }
        let output = call.clone().send(request.send()).await.map_err(|error| attempts.judge(error))?;
        let successful = output.successful().iter().filter_map(|entry| entry.id());
        Ok(verdicts(&call, parcels.len(), successful, output.failed().iter().map(refusal)))
    }
}

fn entry(
    at: usize,
    parcel: &Parcel,
) -> Result<PublishBatchRequestEntry, aws_smithy_types::error::operation::BuildError> {
    let attributes = attributes::to_sns(&parcel.attributes)?;
    PublishBatchRequestEntry::builder()
        .id(id(at))
        .message(&*parcel.body)
        .set_message_attributes((!attributes.is_empty()).then_some(attributes))
        .set_message_group_id(parcel.group.clone())
        .set_message_deduplication_id(parcel.dedup_id.clone())
        .build()
}

fn refusal(entry: &BatchResultErrorEntry) -> Refusal<'_> {
    Refusal { id: entry.id(), code: entry.code(), sender_fault: entry.sender_fault() }
}
