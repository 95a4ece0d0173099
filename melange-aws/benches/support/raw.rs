//! The loop that one writes by hand with the SDK: what Melange is measured against. It receives ten at a time, as many
//! receives at once as Melange has, reads each body into the event's type, calls the handler, and deletes ten at a time
//! while the next receive is under way. It extends no leases, heeds no failures, remembers nothing.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aws_sdk_sns::types::{MessageAttributeValue, PublishBatchRequestEntry};
use aws_sdk_sqs::types::{DeleteMessageBatchRequestEntry, Message, MessageSystemAttributeName as System};
use melange::{EventId, Timestamp};
use serde::Serialize;
use tokio::task::JoinSet;

use super::Result;
use super::events::{GROUPS, Sample};

/// Receives at once: as many whole batches as fit into the 64 messages that Melange has in hand by itself.
pub(crate) const RECEIVES: usize = 6;

/// Publishes at once: as many requests as Melange has under way to a topic.
pub(crate) const PUBLISHES: usize = 16;

/// Consumes from a queue until it is dropped.
#[derive(Debug)]
pub(crate) struct Consumer {
    loops: JoinSet<()>,
    deleted: Arc<AtomicU64>,
}

impl Consumer {
    /// With so many receives at once. Handlers of one batch end together, after `pause`.
    pub(crate) fn start<E: Sample>(
        sqs: &aws_sdk_sqs::Client,
        url: &str,
        receives: usize,
        handle: fn(&E),
        pause: Duration,
    ) -> Self {
        let mut loops = JoinSet::new();
        let deleted = Arc::<AtomicU64>::default();
        for _ in 0..receives {
            let (sqs, url, deleted) = (sqs.clone(), url.to_owned(), Arc::clone(&deleted));
            loops.spawn(async move {
                if let Err(error) = consume(&sqs, &url, handle, pause, &deleted).await {
                    eprintln!("the raw loop has ended: {error}");
                }
            });
        }
        Self { loops, deleted }
    }

    /// How many messages SQS has deleted.
    pub(crate) fn deleted(&self) -> u64 {
        self.deleted.load(Ordering::Relaxed)
    }

    pub(crate) async fn stop(mut self) {
        self.loops.shutdown().await;
    }
}

async fn consume<E: Sample>(
    sqs: &aws_sdk_sqs::Client,
    url: &str,
    handle: fn(&E),
    pause: Duration,
    deleted: &AtomicU64,
) -> Result<()> {
    let mut done = Vec::new();
    loop {
        let (received, gone) = tokio::join!(receive(sqs, url), delete(sqs, url, done, deleted));
        gone?;
        done = Vec::new();
        let mut in_hand = Vec::new();
        for message in received? {
            let event: E = serde_json::from_str(message.body.as_deref().ok_or("no body")?)?;
            handle(&event);
            done.push(message.receipt_handle.ok_or("no receipt")?);
            if !pause.is_zero() {
                in_hand.push(event);
            }
        }
        if !in_hand.is_empty() {
            tokio::time::sleep(pause).await;
        }
    }
}

async fn receive(sqs: &aws_sdk_sqs::Client, url: &str) -> Result<Vec<Message>> {
    let request = sqs
        .receive_message()
        .queue_url(url)
        .max_number_of_messages(10)
        .wait_time_seconds(20)
        .visibility_timeout(30)
        .message_system_attribute_names(System::ApproximateReceiveCount)
        .message_system_attribute_names(System::SentTimestamp)
        .message_system_attribute_names(System::MessageGroupId)
        .message_attribute_names("All");
    Ok(request.send().await?.messages.unwrap_or_default())
}

async fn delete(sqs: &aws_sdk_sqs::Client, url: &str, receipts: Vec<String>, deleted: &AtomicU64) -> Result<()> {
    if receipts.is_empty() {
        return Ok(());
    }
    let mut request = sqs.delete_message_batch().queue_url(url);
    for (id, receipt) in receipts.into_iter().enumerate() {
        let entry = DeleteMessageBatchRequestEntry::builder().id(id.to_string()).receipt_handle(receipt).build()?;
        request = request.entries(entry);
    }
    let answer = request.send().await?;
    if let Some(failed) = answer.failed().first() {
        return Err(format!("{} were not deleted: {}", answer.failed().len(), failed.code()).into());
    }
    deleted.fetch_add(answer.successful().len() as u64, Ordering::Relaxed);
    Ok(())
}

/// The body that Melange writes, by hand.
#[derive(Serialize)]
struct Envelope<'a, E> {
    event_type_name: &'a str,
    event_id: &'a str,
    event_version: u32,
    occurred_on: String,
    topic: &'a str,
    #[serde(flatten)]
    event: &'a E,
}

pub(crate) fn body<E: Sample>(event: &E, event_id: &str, at: Timestamp) -> Result<String> {
    let occurred_on = at.to_string();
    let event_type_name = E::DESCRIPTOR.name();
    Ok(serde_json::to_string(&Envelope {
        event_type_name,
        event_id,
        event_version: 1,
        occurred_on,
        topic: E::TOPIC,
        event,
    })?)
}

/// What Melange sends beside the body.
pub(crate) fn attributes<E: Sample>() -> Result<HashMap<String, MessageAttributeValue>> {
    let value = |kind: &str, value: &str| MessageAttributeValue::builder().data_type(kind).string_value(value).build();
    Ok(HashMap::from([
        ("event_type".to_owned(), value("String", E::DESCRIPTOR.name())?),
        ("manifest".to_owned(), value("String", E::DESCRIPTOR.name())?),
        ("serializer_id".to_owned(), value("Number", "1")?),
    ]))
}

/// What each of the publishes at once is about, request by request: ten events each. Where there are groups, each is about
/// groups of its own, and no request has two of one group: a failure of the first would else let the second pass it. Melange
/// keeps the order so, too.
pub(crate) fn lines<E: Sample>(count: u64) -> Vec<Vec<Vec<u64>>> {
    if !E::TOPIC.ends_with(".fifo") {
        let numbers = |line| (line..count).step_by(PUBLISHES).collect::<Vec<_>>();
        return (0..PUBLISHES as u64).map(|line| numbers(line).chunks(10).map(<[u64]>::to_vec).collect()).collect();
    }
    let of_line = |line| -> Vec<Vec<u64>> {
        let groups: Vec<u64> = (line..GROUPS).step_by(GROUPS.div_ceil(10) as usize).collect();
        let once = |from| groups.iter().map(|group| from + group).filter(|number| *number < count).collect();
        (0..count).step_by(GROUPS as usize).map(once).filter(|batch: &Vec<u64>| !batch.is_empty()).collect()
    };
    (0..GROUPS.div_ceil(10)).map(of_line).collect()
}

/// Publishes so many events, and calls `published` when the topic has one.
pub(crate) async fn publish<E: Sample>(
    sns: &aws_sdk_sns::Client,
    arn: &str,
    sample: &E,
    count: u64,
    published: fn(),
) -> Result<()> {
    let mut lines = JoinSet::new();
    for line in self::lines::<E>(count) {
        let (sns, arn, sample) = (sns.clone(), arn.to_owned(), sample.clone());
        lines.spawn(async move {
            for batch in line {
                publish_batch(&sns, &arn, &sample, &batch).await?;
                batch.iter().for_each(|_| published());
            }
            Ok(())
        });
    }
    while let Some(line) = lines.join_next().await {
        let ended: Result<()> = line?;
        ended?;
    }
    Ok(())
}

pub(crate) async fn publish_batch<E: Sample>(
    sns: &aws_sdk_sns::Client,
    arn: &str,
    sample: &E,
    numbers: &[u64],
) -> Result<()> {
    let fifo = E::TOPIC.ends_with(".fifo");
    let mut request = sns.publish_batch().topic_arn(arn);
    for (at, number) in numbers.iter().enumerate() {
        let event = sample.numbered(*number);
        let event_id = EventId::new().to_string();
        let body = body(&event, &event_id, Timestamp::now())?;
        let entry = PublishBatchRequestEntry::builder()
            .id(at.to_string())
            .message(body)
            .set_message_attributes(Some(attributes::<E>()?))
            .set_message_group_id(fifo.then(|| event.customer().to_owned()))
            .set_message_deduplication_id(fifo.then_some(event_id));
        request = request.publish_batch_request_entries(entry.build()?);
    }
    let answer = request.send().await?;
    match answer.failed().first() {
        Some(failed) => Err(format!("{} were not published: {}", answer.failed().len(), failed.code()).into()),
        None => Ok(()),
    }
}
