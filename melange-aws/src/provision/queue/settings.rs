//! The attributes of a new queue.

use aws_sdk_sqs::types::QueueAttributeName as Name;

use crate::provision::wanted::{Queue, Role};
use crate::provision::{allow, encryption, policy, redrive};

/// Fourteen days, the longest: a dead letter keeps the age it had.
const DLQ_RETENTION: &str = "1209600";

/// The attributes of a new queue.
pub(in crate::provision) fn of(wanted: &Queue) -> Result<Vec<(Name, String)>, String> {
    let mut settings = Vec::new();
    match &wanted.role {
        Role::Consumed(consumed) => {
            settings.push((Name::VisibilityTimeout, consumed.visibility.to_string()));
            settings.push((Name::RedrivePolicy, redrive::new(consumed)));
            settings.extend(consumed.retention.map(|seconds| (Name::MessageRetentionPeriod, seconds.to_string())));
        }
        Role::DeadLetters { of } => {
            settings.push((Name::MessageRetentionPeriod, DLQ_RETENTION.to_owned()));
            settings.push((Name::RedriveAllowPolicy, allow::new(of)));
        }
    }
    if !wanted.senders.is_empty() {
        settings.push((Name::Policy, policy::merged(None, &wanted.arn, &wanted.senders)?));
    }
    settings.extend(wanted.kms_key.as_deref().into_iter().flat_map(encryption::with));
    // SQS refuses `FifoQueue=false`.
    if wanted.is_fifo() {
        settings.push((Name::FifoQueue, "true".to_owned()));
        settings.push((Name::ContentBasedDeduplication, "false".to_owned()));
    }
    if wanted.by_group {
        settings.extend(by_group());
    }
    Ok(settings)
}

/// The one is refused without the other. Source: the SQS API reference, `SetQueueAttributes`.
pub(super) fn by_group() -> Vec<(Name, String)> {
    vec![
        (Name::DeduplicationScope, "messageGroup".to_owned()),
        (Name::FifoThroughputLimit, "perMessageGroupId".to_owned()),
    ]
}
