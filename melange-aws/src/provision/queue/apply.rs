//! Making queues, and setting what has drifted.

use std::collections::HashMap;

use aws_sdk_sqs::types::QueueAttributeName as Name;
use melange::transport::{TransportError, TransportErrorKind};

use super::call;
use crate::Aws;
use crate::error::is_code;
use crate::provision::change::Action;
use crate::provision::pace;
use crate::provision::wanted::Queue;

/// Does what `actions` say: all attributes in one call.
pub(in crate::provision) async fn apply(
    aws: &Aws,
    wanted: &Queue,
    actions: impl Iterator<Item = &Action>,
) -> Result<(), TransportError> {
    let mut setting: Option<(&str, HashMap<Name, String>)> = None;
    for action in actions {
        match action {
            Action::CreateQueue(settings) => create(aws, wanted, settings).await?,
            Action::SetQueue { url, attributes } => {
                setting.get_or_insert_with(|| (url, HashMap::new())).1.extend(attributes.iter().cloned());
            }
            Action::TagQueue { url, tags } => {
                let tags = tags.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
                let request = aws.client().sqs.tag_queue().queue_url(url).set_tags(Some(tags));
                call("sqs:TagQueue", wanted).send(request.send()).await?;
            }
            _ => {}
        }
    }
    let Some((url, attributes)) = setting else { return Ok(()) };
    let request = aws.client().sqs.set_queue_attributes().queue_url(url).set_attributes(Some(attributes));
    let request = request.customize().config_override(pace::sqs());
    let answer = call("sqs:SetQueueAttributes", wanted).send(request.send()).await;
    aws.urls().heed(&wanted.name, answer).map(drop)
}

/// Makes the queue, unless someone else just has.
async fn create(aws: &Aws, wanted: &Queue, settings: &[(Name, String)]) -> Result<(), TransportError> {
    let name = &wanted.name;
    let mut request = aws.client().sqs.create_queue().queue_name(name);
    request = request.set_attributes(Some(settings.iter().cloned().collect()));
    for (key, value) in &wanted.tags {
        request = request.tags(key, value);
    }
    match call("sqs:CreateQueue", wanted).send(request.send()).await {
        // By someone else at the same time, with other attributes: what differs is set afterwards.
        Err(error) if is_code(&error, &["QueueNameExists", "QueueAlreadyExists"]) => Ok(()),
        Err(error) if is_code(&error, &["QueueDeletedRecently"]) => Err(TransportError::new(
            TransportErrorKind::Unavailable,
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
