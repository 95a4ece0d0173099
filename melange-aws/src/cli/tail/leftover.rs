//! Queues of `tail`s that were killed.

use std::time::Duration;

use melange::transport::{TransportError, TransportErrorKind};

use super::lock::Lock;
use super::temporary::{ALIVE, NAMED, TOPIC, delete, now, unsubscribe_all};
use crate::Aws;
use crate::client::Call;

/// After so long without a sign of life, of which there is one a minute, a `tail` is taken for dead.
const DEAD: Duration = Duration::from_secs(300);
/// Queues on a page, at most. Source: the SQS API reference, `ListQueues`.
const PAGE: i32 = 1000;

/// Removes the queues of `tail`s that are dead, with their subscriptions, and names them. `own` stays.
///
/// That one is dead is known at once where it ran on this machine, and after some minutes where it did not.
pub(super) async fn remove_leftovers(aws: &Aws, own: &str) -> Result<Vec<String>, TransportError> {
    let mut removed = Vec::new();
    for url in urls(aws).await? {
        let Some(name) = url.rsplit('/').next().filter(|name| *name != own) else { continue };
        match remove_if_dead(aws, name, &url).await {
            Ok(true) => removed.push(name.to_owned()),
            Ok(false) => {}
            // Another one has just removed it.
            Err(error) if error.kind() == TransportErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(removed)
}

async fn urls(aws: &Aws) -> Result<Vec<String>, TransportError> {
    let prefix = aws.names().queue(NAMED);
    let mut urls = Vec::new();
    let mut next: Option<String> = None;
    loop {
        let request = aws.client().sqs.list_queues().queue_name_prefix(&prefix).max_results(PAGE).set_next_token(next);
        let page = Call::new("sqs:ListQueues", format!("queues {prefix}*")).send(request.send()).await?;
        urls.extend_from_slice(page.queue_urls());
        next = page.next_token().filter(|token| !token.is_empty()).map(str::to_owned);
        if next.is_none() {
            return Ok(urls);
        }
    }
}

async fn remove_if_dead(aws: &Aws, name: &str, url: &str) -> Result<bool, TransportError> {
    let request = aws.client().sqs.list_queue_tags().queue_url(url);
    let tags = Call::new("sqs:ListQueueTags", format!("queue {name}")).send(request.send()).await?;
    let tag = |key: &str| tags.tags().and_then(|tags| tags.get(key));
    // Without these it is somebody else's, whatever its name.
    let (Some(topic), Some(alive)) = (tag(TOPIC), tag(ALIVE).and_then(|at| at.parse::<u64>().ok())) else {
        return Ok(false);
    };
    let lock = Lock::left_behind(name);
    if lock.is_none() && now().saturating_sub(alive) < DEAD.as_secs() {
        return Ok(false);
    }
    let arn = aws.names().queue_arn(name, aws.account_id().await?)?;
    unsubscribe_all(aws, topic, &arn).await?;
    delete(aws, name, Some(url.to_owned())).await?;
    if let Some(lock) = lock {
        lock.discard();
    }
    Ok(true)
}
