//! Topics: looking, and making.

use melange::transport::{TransportError, TransportErrorKind};

use super::command::{Commands, attributes};
use super::wanted::Topic;
use crate::Aws;
use crate::client::Call;
use crate::names::is_fifo;

/// Whether the topic is there. One that is someone else's and may not be looked at is taken to be.
pub(super) async fn exists(aws: &Aws, topic: &Topic) -> Result<bool, TransportError> {
    let request = aws.client().sns.get_topic_attributes().topic_arn(&topic.arn).customize();
    let sending = request.config_override(aws.sns_near(&topic.arn)).send();
    match Call::new("sns:GetTopicAttributes", format!("topic {}", topic.name)).send(sending).await {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == TransportErrorKind::NotFound => Ok(false),
        Err(error) if topic.elsewhere && error.kind() == TransportErrorKind::Denied => {
            tracing::debug!(topic = topic.arn, "not allowed to look at the topic; taken to be there");
            Ok(true)
        }
        Err(error) => Err(error),
    }
}

/// Makes the topic, which is no harm if someone else just has.
pub(super) async fn create(aws: &Aws, topic: &Topic) -> Result<(), TransportError> {
    let mut request = aws.client().sns.create_topic().name(&topic.name);
    for (name, value) in settings(topic) {
        request = request.attributes(*name, *value);
    }
    let made = Call::new("sns:CreateTopic", format!("topic {}", topic.name)).send(request.send()).await?;
    match made.topic_arn() {
        Some(arn) if arn != topic.arn => Err(TransportError::new(
            TransportErrorKind::Configuration,
            format!(
                "topic {} was made as {arn}, where {} was expected; is `.account(\"...\")` right?",
                topic.name, topic.arn
            ),
        )),
        _ => Ok(()),
    }
}

/// The command that makes it.
pub(super) fn command(commands: &Commands, topic: &Topic) -> String {
    let settings = attributes(settings(topic).iter().copied());
    if is_fifo(&topic.name) {
        commands.command("sns create-topic", &[("name", &topic.name), ("attributes", &settings)])
    } else {
        commands.command("sns create-topic", &[("name", &topic.name)])
    }
}

fn settings(topic: &Topic) -> &'static [(&'static str, &'static str)] {
    // Melange always sends a deduplication id of its own.
    if is_fifo(&topic.name) { &[("FifoTopic", "true"), ("ContentBasedDeduplication", "false")] } else { &[] }
}
