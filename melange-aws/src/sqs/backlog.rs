//! How much lies in a queue.

use aws_sdk_sqs::types::QueueAttributeName;
use melange::transport::TransportError;

use crate::Aws;
use crate::client::Call;

/// About how many messages of `queue` can be received now.
pub(crate) async fn backlog(aws: &Aws, queue: &str) -> Result<Option<u64>, TransportError> {
    let name = aws.names().queue(queue);
    let url = aws.urls().get(aws.client(), &name).await?;
    let waiting = QueueAttributeName::ApproximateNumberOfMessages;
    let request = aws.client().sqs.get_queue_attributes().queue_url(url).attribute_names(waiting.clone());
    let answer = Call::new("sqs:GetQueueAttributes", format!("queue {name}")).send(request.send()).await;
    let answer = aws.urls().heed(&name, answer)?;
    Ok(answer.attributes().and_then(|attributes| attributes.get(&waiting)?.parse().ok()))
}
