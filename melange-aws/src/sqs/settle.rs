//! Deleting messages in hand, and saying for how long others may not see them.

use std::time::Duration;

use aws_sdk_sqs::types::{ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry};
use futures_util::future::{BoxFuture, join_all};
use melange::transport::{Receipt, TransportError};

use super::batch::{self, MOST, all_failed};
use super::held::Held;
use crate::Aws;
use crate::client::Call;

/// Five seconds less than SQS's twelve hours, which count from the receive: more than what is left of them is an error
/// instead of being cut. Source: the SQS developer guide, visibility timeout.
const LONGEST: u64 = 43_195;

type Answer = Result<(), TransportError>;

/// Deletes, in batches.
pub(crate) async fn delete(aws: &Aws, queue: &str, receipts: Vec<Receipt>) -> Vec<Answer> {
    let name = aws.names().queue(queue);
    if receipts.len() <= MOST {
        return delete_batch(aws, &name, &receipts).await;
    }
    let batches = receipts.chunks(MOST).map(|batch| -> BoxFuture<'_, _> { Box::pin(delete_batch(aws, &name, batch)) });
    join_all(batches).await.into_iter().flatten().collect()
}

async fn delete_batch(aws: &Aws, queue: &str, receipts: &[Receipt]) -> Vec<Answer> {
    let call = Call::new("sqs:DeleteMessage", format!("queue {queue}")).with_receipts();
    let sent = async {
        let mut request = aws.client().sqs.delete_message_batch().queue_url(aws.urls().get(aws.client(), queue).await?);
        for (at, receipt) in receipts.iter().enumerate() {
            let handle = &Held::of(receipt)?.handle;
            let entry = DeleteMessageBatchRequestEntry::builder().id(batch::id(at)).receipt_handle(handle).build();
            request = request.entries(entry.map_err(|_| unusable(&call))?);
        }
        aws.urls().heed(queue, call.clone().send(request.send()).await)
    };
    match sent.await {
        Ok(output) => {
            let successful = output.successful().iter().map(|entry| entry.id());
            batch::answers(&call, receipts.len(), successful, output.failed())
        }
        Err(error) => all_failed(receipts.len(), error),
    }
}

/// Sets how long from now each stays invisible, in batches.
pub(crate) async fn change_visibility(aws: &Aws, queue: &str, receipts: Vec<(Receipt, Duration)>) -> Vec<Answer> {
    let name = aws.names().queue(queue);
    let batches = receipts.chunks(MOST).map(|batch| -> BoxFuture<'_, _> { Box::pin(change_batch(aws, &name, batch)) });
    join_all(batches).await.into_iter().flatten().collect()
}

async fn change_batch(aws: &Aws, queue: &str, receipts: &[(Receipt, Duration)]) -> Vec<Answer> {
    let call = Call::new("sqs:ChangeMessageVisibility", format!("queue {queue}")).with_receipts();
    let sent = async {
        let url = aws.urls().get(aws.client(), queue).await?;
        let mut request = aws.client().sqs.change_message_visibility_batch().queue_url(url);
        for (at, (receipt, from_now)) in receipts.iter().enumerate() {
            let entry = ChangeMessageVisibilityBatchRequestEntry::builder()
                .id(batch::id(at))
                .receipt_handle(&Held::of(receipt)?.handle)
                .visibility_timeout(seconds(*from_now))
                .build();
            request = request.entries(entry.map_err(|_| unusable(&call))?);
        }
        aws.urls().heed(queue, call.clone().send(request.send()).await)
    };
    match sent.await {
        Ok(output) => {
            let successful = output.successful().iter().map(|entry| entry.id());
            batch::answers(&call, receipts.len(), successful, output.failed())
        }
        Err(error) => all_failed(receipts.len(), error),
    }
}

/// Rounded up: a message must not come back before its time.
fn seconds(from_now: Duration) -> i32 {
    let seconds = from_now.as_secs().saturating_add(u64::from(from_now.subsec_nanos() > 0));
    i32::try_from(seconds.min(LONGEST)).unwrap_or(i32::MAX)
}

fn unusable(call: &Call) -> TransportError {
    TransportError::new(melange::transport::TransportErrorKind::LeaseLost, format!("{call}: a receipt cannot be used"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn visibility_is_kept_within_what_sqs_takes() {
        assert_eq!(seconds(Duration::ZERO), 0);
        assert_eq!(seconds(Duration::from_millis(1)), 1);
        assert_eq!(seconds(Duration::from_millis(30_001)), 31);
        assert_eq!(seconds(Duration::from_secs(43_195)), 43_195);
        assert_eq!(seconds(Duration::MAX), 43_195);
    }
}
