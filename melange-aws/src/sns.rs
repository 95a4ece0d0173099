//! Publishing to SNS: one call per message, several at a time, and in order where the topic keeps order.

use std::collections::HashMap;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream;
use melange::transport::{Body, Message, TransportError, TransportErrorKind as Kind};

use crate::client::Call;
use crate::names::is_fifo;
use crate::{Aws, attributes, check, group, limits};

/// Most calls at a time. The SDK keeps as many connections as there are calls.
const AT_A_TIME: usize = 16;

type Answer = Result<(), TransportError>;

/// Publishes, and answers for each message in order.
pub(crate) async fn publish(aws: &Aws, messages: Vec<Message>) -> Vec<Answer> {
    let mut answers: Vec<Answer> = messages.iter().map(|_| Err(not_sent())).collect();
    let lanes = lanes(aws, messages).into_iter().map(|lane| -> BoxFuture<'_, _> { Box::pin(run(aws, lane)) });
    let mut running = stream::iter(lanes).buffer_unordered(AT_A_TIME);
    while let Some(lane) = running.next().await {
        for (at, answer) in lane {
            if let Some(slot) = answers.get_mut(at) {
                *slot = answer;
            }
        }
    }
    answers
}

/// Messages that must go one after the other, with their places among all.
type Lane = Vec<(usize, Message)>;

/// One lane for each group of a FIFO topic; all others go each on their own.
fn lanes(aws: &Aws, messages: Vec<Message>) -> Vec<Lane> {
    let mut lanes: Vec<Lane> = Vec::with_capacity(messages.len());
    let mut ordered: HashMap<(String, String), usize> = HashMap::new();
    for (at, message) in messages.into_iter().enumerate() {
        let key = message.key.as_ref().filter(|_| is_fifo(&aws.names().topic(message.topic())));
        let group = key.map(|key| (message.topic().to_owned(), key.clone()));
        match group.as_ref().and_then(|group| ordered.get(group)).and_then(|lane| lanes.get_mut(*lane)) {
            Some(lane) => lane.push((at, message)),
            None => {
                if let Some(group) = group {
                    ordered.insert(group, lanes.len());
                }
                lanes.push(vec![(at, message)]);
            }
        }
    }
    lanes
}

/// After a failure nothing later of the lane is sent: it would arrive before what failed.
async fn run(aws: &Aws, lane: Lane) -> Vec<(usize, Answer)> {
    let mut answers = Vec::with_capacity(lane.len());
    let mut broken = false;
    for (at, message) in lane {
        let answer = if broken { Err(not_sent()) } else { one(aws, &message).await };
        // A message that can never be sent holds back nothing.
        broken |= answer.as_ref().is_err_and(|error| error.kind() != Kind::InvalidMessage);
        answers.push((at, answer));
    }
    answers
}

fn not_sent() -> TransportError {
    TransportError::new(
        Kind::Unavailable,
        "not sent, since an earlier message of the same key was not: publish it after that one",
    )
}

async fn one(aws: &Aws, message: &Message) -> Answer {
    let invalid = |why: String| TransportError::new(Kind::InvalidMessage, why);
    let Body::Json(body) = &message.body else {
        return Err(invalid(format!("{} is local to the process and cannot be published to SNS", message.event)));
    };
    check::topic(aws.names(), message.topic()).map_err(invalid)?;
    limits::check(body, &message.attributes)?;
    let attributes = attributes::to_sns(&message.attributes)
        .map_err(|_| invalid("an attribute of the message cannot be sent".to_owned()))?;
    let arn = aws.arn_of_topic(message.topic()).await?;

    let call = Call::new("sns:Publish", format!("topic {}", aws.names().topic(message.topic()))).with_message();
    let mut request = aws.client().sns.publish().topic_arn(&arn).message(&**body);
    if !attributes.is_empty() {
        request = request.set_message_attributes(Some(attributes));
    }
    if is_fifo(&arn) {
        // Without a key there is no order to keep, so each message is a group of its own.
        let group = group::legal(message.key.as_deref().unwrap_or(&message.dedup_id));
        request = request.message_group_id(group).message_deduplication_id(group::legal(&message.dedup_id));
    } else if let Some(key) = message.key.as_deref().filter(|key| group::is_legal(key)) {
        // On standard queues a group shares the queue fairly, and says nothing of order.
        request = request.message_group_id(key);
    }
    if aws.region_of(&arn).is_some() {
        call.send(request.customize().config_override(aws.sns_near(&arn)).send()).await?;
    } else {
        call.send(request.send()).await?;
    }
    Ok(())
}
