//! What one writes by hand with the SDK where each caller has one event: callers write their bodies and hand them to a loop,
//! which gathers up to ten of them, or as many as come within 5 ms, sends them in one request, and answers each caller. It
//! tries nothing again.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_sns::types::PublishBatchRequestEntry;
use melange::{EventId, Timestamp};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use super::Result;
use super::events::{GROUPS, Sample};
use super::melange_side::CALLERS;
use super::raw::{PUBLISHES, attributes, body};

const WINDOW: Duration = Duration::from_millis(5);

/// An event on its way, and its caller.
struct Waiting {
    event_id: String,
    body: String,
    /// On FIFO topics.
    group: Option<String>,
    answer: oneshot::Sender<bool>,
}

/// Publishes so many events, one at a call, and calls `published` when the topic has one.
pub(crate) async fn publish<E: Sample>(
    sns: &aws_sdk_sns::Client,
    arn: &str,
    sample: &E,
    count: u64,
    published: fn(),
) -> Result<()> {
    let fifo = E::TOPIC.ends_with(".fifo");
    // A FIFO topic's groups are shared out, so that each loop has ten of them: its requests go one after the other.
    let lines = if fifo { GROUPS.div_ceil(10) } else { 1 };
    let mut loops = JoinSet::new();
    let mut senders = Vec::new();
    for _ in 0..lines {
        let (sender, receiver) = mpsc::channel(1_000);
        senders.push(sender);
        let (sns, arn) = (sns.clone(), arn.to_owned());
        loops.spawn(gather::<E>(sns, arn, if fifo { 1 } else { PUBLISHES }, receiver));
    }
    let mut callers: JoinSet<Result<()>> = JoinSet::new();
    for caller in 0..CALLERS as u64 {
        let (senders, sample) = (senders.clone(), sample.clone());
        callers.spawn(async move {
            for number in (caller..count).step_by(CALLERS) {
                let event = sample.numbered(number);
                let event_id = EventId::new().to_string();
                let body = body(&event, &event_id, Timestamp::now())?;
                let group = fifo.then(|| event.customer().to_owned());
                let sender = senders.get((number % GROUPS % lines) as usize).ok_or("no loop")?;
                let (answer, answered) = oneshot::channel();
                sender.send(Waiting { event_id, body, group, answer }).await.map_err(|_| "the loop has ended")?;
                if !answered.await? {
                    return Err("it was not published".into());
                }
                published();
            }
            Ok(())
        });
    }
    drop(senders);
    while let Some(ended) = callers.join_next().await {
        ended??;
    }
    while let Some(ended) = loops.join_next().await {
        ended??;
    }
    Ok(())
}

async fn gather<E: Sample>(
    sns: aws_sdk_sns::Client,
    arn: String,
    at_once: usize,
    mut queue: mpsc::Receiver<Waiting>,
) -> Result<()> {
    let permits = Arc::new(Semaphore::new(at_once));
    let mut requests: JoinSet<Result<()>> = JoinSet::new();
    // Of one group there is one in a request: the others wait for the next.
    let mut left: Vec<Waiting> = Vec::new();
    loop {
        let mut groups = HashSet::new();
        let mut is_free = |one: &Waiting| one.group.as_ref().is_none_or(|group| groups.insert(group.clone()));
        let (mut batch, mut kept): (Vec<_>, Vec<_>) = left.into_iter().partition(&mut is_free);
        let end = Instant::now() + WINDOW;
        while batch.len() < 10 {
            let next = match (batch.is_empty(), kept.is_empty()) {
                (true, _) => queue.recv().await,
                (false, true) => timeout_at(end, queue.recv()).await.ok().flatten(),
                // Who waits for the next request is not made to wait for the window, too.
                (false, false) => queue.try_recv().ok(),
            };
            match next {
                Some(one) if is_free(&one) => batch.push(one),
                Some(one) => kept.push(one),
                None => break,
            }
        }
        kept.extend(batch.split_off(batch.len().min(10)));
        left = kept;
        if batch.is_empty() {
            break;
        }
        let permit = Arc::clone(&permits).acquire_owned().await?;
        let (sns, arn) = (sns.clone(), arn.clone());
        requests.spawn(async move {
            let _permit = permit;
            send::<E>(&sns, &arn, batch).await
        });
        while let Some(ended) = requests.try_join_next() {
            ended??;
        }
    }
    while let Some(ended) = requests.join_next().await {
        ended??;
    }
    Ok(())
}

async fn send<E: Sample>(sns: &aws_sdk_sns::Client, arn: &str, batch: Vec<Waiting>) -> Result<()> {
    let mut request = sns.publish_batch().topic_arn(arn);
    let mut answers = Vec::with_capacity(batch.len());
    for (at, one) in batch.into_iter().enumerate() {
        let entry = PublishBatchRequestEntry::builder()
            .id(at.to_string())
            .message(one.body)
            .set_message_attributes(Some(attributes::<E>()?))
            .set_message_deduplication_id(one.group.is_some().then_some(one.event_id))
            .set_message_group_id(one.group);
        request = request.publish_batch_request_entries(entry.build()?);
        answers.push(one.answer);
    }
    let sent = request.send().await?;
    let failed: HashSet<&str> = sent.failed().iter().map(|entry| entry.id()).collect();
    for (at, answer) in answers.into_iter().enumerate() {
        // A caller that has gone away needs none.
        let _ = answer.send(!failed.contains(at.to_string().as_str()));
    }
    Ok(())
}
