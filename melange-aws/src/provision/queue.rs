//! Queues: looking, making, and setting what has drifted.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_sqs::types::QueueAttributeName as Name;
use melange::transport::{TransportError, TransportErrorKind};

use super::command::{Commands, attributes};
use super::wanted::Queue;
use super::{policy, redrive};
use crate::Aws;
use crate::client::Call;
use crate::error::is_code;
use crate::names::is_fifo;

/// Fourteen days, the longest: a dead letter keeps the age it had.
const DLQ_RETENTION: &str = "1209600";

/// A queue that is there.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) url: String,
    attributes: HashMap<Name, String>,
}

impl Found {
    pub(super) fn arn(&self) -> Option<&str> {
        self.attribute(&Name::QueueArn)
    }

    fn attribute(&self, name: &Name) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }

    /// What is to be set, each with the reason.
    pub(super) fn changes(&self, wanted: &Queue) -> Result<Vec<Change>, TransportError> {
        let mut changes = Vec::new();
        let visibility = self.attribute(&Name::VisibilityTimeout).and_then(|text| text.parse::<u64>().ok());
        // Longer is good enough: a Lambda function on the queue needs it.
        if let Some(seconds) = visibility.filter(|seconds| *seconds < wanted.visibility) {
            let why =
                format!("its visibility time-out is {seconds} s, and its subscribers need {} s", wanted.visibility);
            changes.push(Change { name: Name::VisibilityTimeout, value: wanted.visibility.to_string(), why });
        }
        if let Some((value, why)) = redrive::change(self.attribute(&Name::RedrivePolicy), wanted) {
            changes.push(Change { name: Name::RedrivePolicy, value, why });
        }
        let present = self.attribute(&Name::Policy);
        let lacking = policy::lacking(present, &wanted.arn, &wanted.topic_arns());
        if !lacking.is_empty() {
            let topics: Vec<&str> = lacking.iter().map(String::as_str).collect();
            let why = format!("its policy does not let SNS send to it from {}", topics.join(", "));
            changes.push(Change { name: Name::Policy, value: policy::merged(present, &wanted.arn, &lacking)?, why });
        }
        if self.attribute(&Name::KmsMasterKeyId) == Some("alias/aws/sqs") {
            let why = "it is encrypted with alias/aws/sqs, a key that SNS cannot use".to_owned();
            changes.push(Change { name: Name::SqsManagedSseEnabled, value: "true".to_owned(), why });
        }
        Ok(changes)
    }
}

/// An attribute to be set.
#[derive(Debug)]
pub(super) struct Change {
    pub(super) name: Name,
    pub(super) value: String,
    pub(super) why: String,
}

/// What is there, or that nothing is.
fn present<T>(answer: Result<T, TransportError>) -> Result<Option<T>, TransportError> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == TransportErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The queue, if it is there.
pub(super) async fn find(aws: &Aws, name: &str) -> Result<Option<Found>, TransportError> {
    let Some(url) = present(aws.urls().get(aws.client(), name).await)? else { return Ok(None) };
    let request = aws
        .client()
        .sqs
        .get_queue_attributes()
        .queue_url(&url)
        .attribute_names(Name::QueueArn)
        .attribute_names(Name::VisibilityTimeout)
        .attribute_names(Name::RedrivePolicy)
        .attribute_names(Name::Policy)
        .attribute_names(Name::KmsMasterKeyId);
    let answer = Call::new("sqs:GetQueueAttributes", format!("queue {name}")).send(request.send()).await;
    let output = aws.urls().heed(name, answer);
    present(output.map(|output| Found { url, attributes: output.attributes.unwrap_or_default() }))
}

/// Makes the queue, unless someone else just has.
pub(super) async fn create(aws: &Aws, name: &str, settings: Vec<(Name, String)>) -> Result<(), TransportError> {
    let request = aws.client().sqs.create_queue().queue_name(name).set_attributes(Some(settings.into_iter().collect()));
    let answer = Call::new("sqs:CreateQueue", format!("queue {name}")).send(request.send()).await;
    match answer {
        // By someone else at the same time, with other attributes: what differs is set afterwards.
        Err(error) if is_code(&error, &["QueueNameExists", "QueueAlreadyExists"]) => Ok(()),
        Err(error) if is_code(&error, &["QueueDeletedRecently"]) => Err(TransportError::new(
            error.kind(),
            format!(
                "queue {name} was deleted a moment ago, and SQS takes its name again only after 60 s; start again then"
            ),
        )
        .with_source(error)),
        other => {
            // SQS may go on saying for a second that there is none.
            aws.urls().forget(name);
            other.map(drop)
        }
    }
}

/// Sets what has drifted, all in one call.
pub(super) async fn set(aws: &Aws, name: &str, found: &Found, changes: Vec<Change>) -> Result<(), TransportError> {
    let attributes = changes.into_iter().map(|change| (change.name, change.value)).collect();
    let request = aws.client().sqs.set_queue_attributes().queue_url(&found.url).set_attributes(Some(attributes));
    let answer = Call::new("sqs:SetQueueAttributes", format!("queue {name}")).send(request.send()).await;
    aws.urls().heed(name, answer).map(drop)
}

/// The attributes of a new queue.
pub(super) fn settings(wanted: &Queue) -> Result<Vec<(Name, String)>, TransportError> {
    let mut settings =
        vec![(Name::VisibilityTimeout, wanted.visibility.to_string()), (Name::RedrivePolicy, redrive::new(wanted))];
    if !wanted.feeds.is_empty() {
        settings.push((Name::Policy, policy::merged(None, &wanted.arn, &wanted.topic_arns())?));
    }
    settings.extend(kind(wanted.is_fifo()));
    Ok(settings)
}

/// The attributes of a new dead-letter queue.
pub(super) fn dlq_settings(dlq: &str) -> Vec<(Name, String)> {
    let mut settings = vec![(Name::MessageRetentionPeriod, DLQ_RETENTION.to_owned())];
    settings.extend(kind(is_fifo(dlq)));
    settings
}

fn kind(fifo: bool) -> Vec<(Name, String)> {
    if !fifo {
        // SQS refuses `FifoQueue=false`.
        return Vec::new();
    }
    vec![(Name::FifoQueue, "true".to_owned()), (Name::ContentBasedDeduplication, "false".to_owned())]
}

/// The command that makes a queue.
pub(super) fn create_command(commands: &Commands, name: &str, settings: &[(Name, String)]) -> String {
    let settings = attributes(settings.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    commands.command("sqs create-queue", &[("queue-name", name), ("attributes", &settings)])
}

/// The command that sets an attribute.
pub(super) fn set_command(commands: &Commands, url: &str, change: &Change) -> String {
    let setting = attributes([(change.name.as_str(), change.value.as_str())]);
    commands.command("sqs set-queue-attributes", &[("queue-url", url), ("attributes", &setting)])
}

/// How long to wait before looking again, longer each time, and not at the same time as others.
pub(super) fn pause(round: u32) -> Duration {
    let jitter = u64::from(uuid::Uuid::now_v7().as_bytes()[15]);
    Duration::from_millis(250 * u64::from(round) + jitter)
}
