//! Sending to a queue directly.

use std::sync::Arc;
use std::time::Duration;

use aws_smithy_types::base64;
use serde::Serialize;

use super::batch::{self, Answers};
use super::input::{AttributeValue, SendMessage, SendMessageBatch, Sending, name};
use super::{Done, answer};
use crate::account::{Account, arn, arriving};
use crate::clock::Moment;
use crate::content::{Attribute, Content, MOST_ATTRIBUTES, Value, is_id, is_legal};
use crate::fault::What;
use crate::refusal::Refusal;
use crate::shared::Shared;

/// Most bytes of a batch. Source: the SQS API reference, `SendMessageBatch`.
const MOST_BYTES: usize = 1_048_576;

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Sent {
    #[serde(skip_serializing_if = "String::is_empty")]
    id: String,
    message_id: String,
    #[serde(rename = "MD5OfMessageBody")]
    md5: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sequence_number: Option<String>,
}

pub(super) fn one(shared: &Shared, region: &str, input: SendMessage) -> Result<Done, Refusal> {
    let now = shared.clock.now();
    let mut account = shared.account();
    account.queue(region, name(&input.queue_url))?;
    let (content, bytes) = content(&input.message)?;
    let sent = send(&mut account, region, name(&input.queue_url), input.message, content, now)?;
    Ok(Done { answer: answer(&sent)?, entries: Some(1), bytes })
}

pub(super) fn batch(shared: &Shared, region: &str, input: SendMessageBatch, fault: &What) -> Result<Done, Refusal> {
    let now = shared.clock.now();
    let mut account = shared.account();
    account.queue(region, name(&input.queue_url))?;
    batch::check(input.entries.iter().map(|entry| entry.id.as_str()))?;
    let contents: Vec<_> = input.entries.iter().map(content).collect();
    let bytes = contents.iter().map(|content| content.as_ref().map_or(0, |(_, bytes)| *bytes)).sum();
    if bytes > MOST_BYTES {
        let what = format!("Batch requests cannot be longer than {MOST_BYTES} bytes. You have sent {bytes} bytes.");
        return Err(Refusal::new("BatchRequestTooLong", what));
    }
    let mut answers = Answers::new();
    let entries = input.entries.len();
    for (place, (entry, content)) in input.entries.into_iter().zip(contents).enumerate() {
        let id = entry.id.clone();
        answers.entry(fault, place, &id, || send(&mut account, region, name(&input.queue_url), entry, content?.0, now));
    }
    Ok(Done { answer: answer(&answers)?, entries: Some(entries), bytes })
}

fn send(
    account: &mut Account,
    region: &str,
    queue: &str,
    entry: Sending,
    content: Content,
    now: Moment,
) -> Result<Sent, Refusal> {
    let place = account.next_place();
    let queue = account.queues.get_mut(arn("sqs", region, queue).as_str()).ok_or_else(Refusal::no_queue)?;
    if content.size() > queue.settings.max_bytes() {
        let most = queue.settings.max_bytes();
        let what = format!("One or more parameters are invalid. Reason: Message must be shorter than {most} bytes.");
        return Err(Refusal::new("InvalidParameterValue", what));
    }
    for (parameter, id) in
        [("MessageGroupId", &entry.message_group_id), ("MessageDeduplicationId", &entry.message_deduplication_id)]
    {
        if let Some(id) = id.as_ref().filter(|id| !is_id(id)) {
            let reason = "Can only include alphanumeric and punctuation characters. 1 to 128 in length";
            return Err(Refusal::value(parameter, id, reason));
        }
    }
    match (queue.fifo, &entry.message_group_id, &entry.message_deduplication_id) {
        (true, None, _) => {
            return Err(Refusal::new("MissingParameter", "The request must contain the parameter MessageGroupId."));
        }
        (true, _, None) if !queue.settings.content_based_deduplication() => {
            let what = "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly";
            return Err(Refusal::new("InvalidParameterValue", what));
        }
        (false, _, Some(id)) => {
            let reason = "The request include parameter that is not valid for this queue type";
            return Err(Refusal::value("MessageDeduplicationId", id, reason));
        }
        _ => {}
    }
    let delay = match entry.delay_seconds {
        Some(0) | None => entry.delay_seconds.map(|_| Duration::ZERO).filter(|_| !queue.fifo),
        Some(seconds) if queue.fifo => {
            let reason = "The request include parameter that is not valid for this queue type";
            return Err(Refusal::value("DelaySeconds", seconds, reason));
        }
        Some(seconds) => {
            let legal = u64::try_from(seconds).ok().filter(|seconds| *seconds <= 900);
            let reason = "DelaySeconds must be >= 0 and <= 900";
            Some(Duration::from_secs(legal.ok_or_else(|| Refusal::value("DelaySeconds", seconds, reason))?))
        }
    };
    let md5 = content.md5.clone();
    let group = entry.message_group_id.map(Arc::from);
    let mut message = arriving(Arc::new(content), group, entry.message_deduplication_id.map(Arc::from), now);
    message.trace = entry.message_system_attributes.get("AWSTraceHeader").and_then(|value| value.string_value.clone());
    let mine = Arc::clone(&message.id);
    let (message_id, sequence) = queue.send(place, message, delay, now);
    if message_id == mine {
        account.messages.sent += 1;
    } else {
        account.messages.deduplicated += 1;
    }
    let sequence_number = Some(sequence.to_string()).filter(|sequence| !sequence.is_empty());
    Ok(Sent { id: entry.id, message_id: message_id.to_string(), md5, sequence_number })
}

/// Body and attributes, and how many bytes they are.
fn content(entry: &Sending) -> Result<(Content, usize), Refusal> {
    if entry.message_body.is_empty() {
        return Err(Refusal::new("MissingParameter", "The request must contain the parameter MessageBody."));
    }
    let mut attributes = Vec::with_capacity(entry.message_attributes.len());
    for (name, value) in &entry.message_attributes {
        let attribute = attribute(name, value)?;
        if let Some(problem) = attribute.problem() {
            return Err(Refusal::new("InvalidParameterValue", problem));
        }
        attributes.push(attribute);
    }
    if attributes.len() > MOST_ATTRIBUTES {
        let what = format!("Number of message attributes [{}] exceeds the allowed maximum [10].", attributes.len());
        return Err(Refusal::new("InvalidParameterValue", what));
    }
    let legal = |attribute: &Attribute| attribute.text().is_none_or(is_legal);
    if !is_legal(&entry.message_body) || !attributes.iter().all(legal) {
        let what = "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | [#x20-#xD7FF] | [#xE000-#xFFFD] | [#x10000-#x10FFFF]";
        return Err(Refusal::new("InvalidMessageContents", what));
    }
    let content = Content::new(entry.message_body.as_str(), attributes);
    let bytes = content.size();
    Ok((content, bytes))
}

fn attribute(name: &str, value: &AttributeValue) -> Result<Attribute, Refusal> {
    let (name, data_type) = (name.to_owned(), value.data_type.clone());
    let value = match (&value.string_value, &value.binary_value) {
        (Some(text), _) => Value::Text(text.clone()),
        (None, Some(encoded)) => {
            Value::Bytes(base64::decode(encoded).map_err(|_| Refusal::new("SerializationException", "not in base64"))?)
        }
        (None, None) => Value::Text(String::new()),
    };
    Ok(Attribute { name, data_type, value })
}
