//! Receiving: short and long polls, and what a message looks like when it is handed out.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aws_smithy_types::base64;
use serde::Serialize;

use super::input::{ReceiveMessage, name};
use super::settle::handle;
use super::{Done, answer};
use crate::account::Handed;
use crate::clock::Clock;
use crate::content::{Attribute, Value, is_id};
use crate::refusal::Refusal;
use crate::shared::Shared;

/// The longest pause between two looks: the clock may be put forward.
const LONGEST_SLEEP: Duration = Duration::from_secs(20);

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Messages<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    messages: Vec<Message<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Message<'a> {
    message_id: &'a str,
    receipt_handle: String,
    #[serde(rename = "MD5OfBody")]
    md5: &'a str,
    body: &'a str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    attributes: BTreeMap<&'static str, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    message_attributes: BTreeMap<&'a str, AttributeValue<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct AttributeValue<'a> {
    data_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    string_value: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    binary_value: Option<String>,
}

pub(super) async fn receive(shared: &Shared, region: &str, input: &ReceiveMessage) -> Result<Done, Refusal> {
    let within = |parameter: &str, value: Option<i64>, least: u64, most: u64| -> Result<Option<u64>, Refusal> {
        let Some(value) = value else { return Ok(None) };
        let legal = u64::try_from(value).ok().filter(|value| (least..=most).contains(value));
        let reason = format!("Must be between {least} and {most}, if provided.");
        legal.map(Some).ok_or_else(|| Refusal::value(parameter, value, &reason))
    };
    let max = within("MaxNumberOfMessages", input.max_number_of_messages, 1, 10)?.unwrap_or(1);
    let visibility = within("VisibilityTimeout", input.visibility_timeout, 0, 43_200)?.map(Duration::from_secs);
    let wait = within("WaitTimeSeconds", input.wait_time_seconds, 0, 20)?.map(Duration::from_secs);
    let attempt = input.receive_request_attempt_id.as_deref();

    let (arn, signal, wait) = {
        let mut account = shared.account();
        let queue = account.queue(region, name(&input.queue_url))?;
        if let Some(attempt) = attempt.filter(|attempt| !queue.fifo || !is_id(attempt)) {
            let reason = "The request include parameter that is not valid for this queue type";
            return Err(Refusal::value("ReceiveRequestAttemptId", attempt, reason));
        }
        let wait = wait.unwrap_or_else(|| queue.settings.wait());
        (Arc::clone(&queue.arn), Arc::clone(&queue.signal), wait)
    };
    let end = shared.clock.now().after(wait);
    loop {
        let changed = signal.notified();
        let now = shared.clock.now();
        let next = {
            let mut account = shared.account();
            let received = account.receive(&arn, usize::try_from(max).unwrap_or(1), visibility, attempt, now);
            match received {
                Ok(received) if !received.handed.is_empty() || now >= end => {
                    drop(account);
                    return hand_out(&shared.clock, input, &received.handed);
                }
                // A long poll is told nothing of it, and waits.
                Err(refusal) if refusal.code == "OverLimit" && !wait.is_zero() && now < end => {}
                Err(refusal) if refusal.code == "OverLimit" && !wait.is_zero() => {
                    return hand_out(&shared.clock, input, &[]);
                }
                Err(refusal) => return Err(refusal),
                Ok(_) => {}
            }
            account.queues.get(&arn).and_then(crate::account::Queue::next_change)
        };
        let until = next.map_or(end, |next| next.min(end));
        // A millisecond more, since a look a moment too early finds nothing.
        let pause = until.since(now).min(LONGEST_SLEEP) + Duration::from_millis(1);
        tokio::select! {
            () = changed => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

fn hand_out(clock: &Clock, input: &ReceiveMessage, handed: &[Handed]) -> Result<Done, Refusal> {
    let bytes = handed.iter().map(|handed| handed.message.content.size()).sum();
    let messages = handed.iter().map(|handed| message(clock, input, handed)).collect();
    Ok(Done { answer: answer(&Messages { messages })?, entries: Some(handed.len()), bytes })
}

fn message<'a>(clock: &Clock, input: &ReceiveMessage, handed: &'a Handed) -> Message<'a> {
    let message = &handed.message;
    let asked = |name: &str| {
        let mut names = input.message_system_attribute_names.iter().chain(&input.attribute_names);
        names.any(|asked| asked == "All" || asked == name)
    };
    let mut attributes = BTreeMap::new();
    let mut put = |name: &'static str, value: Option<String>| {
        if let Some(value) = value.filter(|_| asked(name)) {
            attributes.insert(name, value);
        }
    };
    let text = |text: &Option<Arc<str>>| text.as_deref().map(str::to_owned);
    put("ApproximateReceiveCount", Some(message.receives.to_string()));
    put("ApproximateFirstReceiveTimestamp", message.first_received.map(|at| clock.millis(at).to_string()));
    put("SentTimestamp", Some(clock.millis(message.sent).to_string()));
    put("SenderId", Some("AIDAEXAMPLE".to_owned()));
    put("MessageGroupId", text(&message.group));
    put("MessageDeduplicationId", text(&message.deduplication_id));
    put("SequenceNumber", text(&message.sequence));
    put("AWSTraceHeader", message.trace.clone());
    put("DeadLetterQueueSourceArn", text(&message.source));
    Message {
        message_id: &message.id,
        receipt_handle: handle(handed.receipt),
        md5: &message.content.md5,
        body: &message.content.body,
        attributes,
        message_attributes: message
            .content
            .attributes
            .iter()
            .filter(|attribute| is_asked(&input.message_attribute_names, attribute))
            .map(|attribute| (attribute.name.as_str(), value(attribute)))
            .collect(),
    }
}

/// By name, by a beginning (`bar.*`), or all.
fn is_asked(names: &[String], attribute: &Attribute) -> bool {
    names.iter().any(|asked| {
        matches!(asked.as_str(), "All" | ".*")
            || *asked == attribute.name
            || asked.strip_suffix(".*").is_some_and(|start| attribute.name.starts_with(start))
    })
}

fn value(attribute: &Attribute) -> AttributeValue<'_> {
    let (string_value, binary_value) = match &attribute.value {
        Value::Text(text) => (Some(text.as_str()), None),
        Value::Bytes(bytes) => (None, Some(base64::encode(bytes))),
    };
    AttributeValue { data_type: &attribute.data_type, string_value, binary_value }
}
