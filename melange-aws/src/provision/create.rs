//! Making what is missing and mending what has drifted: looks first, writes only what differs, and looks again, since
//! neither policies nor subscriptions can be changed only if nobody else has changed them.

use melange::transport::{TransportError, TransportErrorKind};

use super::wanted::{Feed, Queue, Wanted};
use super::{queue, subscription, topic};
use crate::Aws;

/// How often to look again before giving up: someone undoes what is done, or AWS is slow to show it.
const ROUNDS: u32 = 8;

/// Makes everything, in an order in which nothing is fed before it can take it.
pub(super) async fn create(aws: &Aws, wanted: &Wanted) -> Result<(), TransportError> {
    for wanted in &wanted.topics {
        if !topic::exists(aws, wanted).await? {
            if wanted.elsewhere {
                return Err(TransportError::new(
                    TransportErrorKind::NotFound,
                    format!(
                        "topic {} does not exist, and is not ours to make; ask its owner for the right ARN",
                        wanted.arn
                    ),
                ));
            }
            topic::create(aws, wanted).await?;
        }
    }
    for wanted in &wanted.queues {
        if queue::find(aws, &wanted.dlq).await?.is_none() {
            queue::create(aws, &wanted.dlq, queue::dlq_settings(&wanted.dlq)).await?;
        }
        ensure_queue(aws, wanted).await?;
        for feed in &wanted.feeds {
            ensure_feed(aws, wanted, feed).await?;
        }
    }
    Ok(())
}

async fn ensure_queue(aws: &Aws, wanted: &Queue) -> Result<(), TransportError> {
    let mut made = false;
    for round in 0..ROUNDS {
        if round > 0 {
            tokio::time::sleep(queue::pause(round)).await;
        }
        match queue::find(aws, &wanted.name).await? {
            None if made => {}
            None => {
                queue::create(aws, &wanted.name, queue::settings(wanted)?).await?;
                made = true;
            }
            Some(found) => {
                if let Some(arn) = found.arn().filter(|arn| *arn != wanted.arn) {
                    return Err(TransportError::new(
                        TransportErrorKind::Configuration,
                        format!(
                            "queue {} is {arn}, where {} was expected; is `.account(\"...\")` right?",
                            wanted.name, wanted.arn
                        ),
                    ));
                }
                let changes = found.changes(wanted)?;
                if changes.is_empty() {
                    return Ok(());
                }
                queue::set(aws, &wanted.name, &found, changes).await?;
            }
        }
    }
    Err(undone(&format!("queue {}", wanted.name)))
}

async fn ensure_feed(aws: &Aws, wanted: &Queue, feed: &Feed) -> Result<(), TransportError> {
    let mut found = subscription::subscribe(aws, feed, &wanted.arn).await?;
    for round in 1..=ROUNDS {
        let changes = found.changes(feed);
        if changes.is_empty() {
            return Ok(());
        }
        for change in &changes {
            subscription::set(aws, feed, &found.arn, change).await?;
        }
        found = subscription::read(aws, feed, found.arn).await?;
        if !found.changes(feed).is_empty() {
            tokio::time::sleep(queue::pause(round)).await;
        }
    }
    Err(undone(&format!("the subscription of queue {} to topic {}", wanted.name, feed.topic)))
}

fn undone(what: &str) -> TransportError {
    TransportError::new(
        TransportErrorKind::Drifted,
        format!(
            "{what} was set, and is still not as it should be: does another program keep setting it otherwise? `Provision::Verify` shows what differs"
        ),
    )
}
