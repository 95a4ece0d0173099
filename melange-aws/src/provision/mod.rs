//! What `start()` does about topics and queues.

mod command;
mod create;
mod policy;
mod queue;
mod redrive;
mod subscription;
mod topic;
mod verify;
mod wanted;

use melange::transport::{Topology, TransportError};

use crate::AwsQueue;
use crate::names::account_of;
use wanted::Wanted;

/// What `start()` does about topics, queues, dead-letter queues, policies and subscriptions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Provision {
    /// Looks whether all is there, and fails with a list of what is not, each with the command that mends it. Writes
    /// nothing.
    ///
    /// It needs `sns:GetTopicAttributes`, `sns:ListSubscriptionsByTopic`, `sns:GetSubscriptionAttributes`,
    /// `sqs:GetQueueUrl` and `sqs:GetQueueAttributes`.
    #[default]
    Verify,
    /// Makes what is missing and mends what has drifted; writes nothing where nothing differs. Several processes may do so
    /// at once. What others put into a queue's policy stays, and a filter policy is never made narrower.
    ///
    /// It needs what [`Verify`](Self::Verify) needs, and `sns:CreateTopic`, `sns:Subscribe`,
    /// `sns:SetSubscriptionAttributes`, `sqs:CreateQueue` and `sqs:SetQueueAttributes`.
    Create,
    /// Calls nothing: all is as it should be.
    Assume,
}

/// Does so.
pub(crate) async fn prepare(queue: &AwsQueue, topology: &Topology) -> Result<(), TransportError> {
    if queue.provision == Provision::Assume {
        return Ok(());
    }
    let aws = queue.aws();
    // A queue that is there says the account, which spares asking STS.
    for plan in &topology.queues {
        if aws.account.known().is_none()
            && let Some(found) = queue::find(aws, &aws.names().queue(&plan.name)).await?
            && let Some(account) = found.arn().and_then(account_of)
        {
            aws.account.learn(account);
        }
    }
    let wanted = Wanted::of(queue, topology).await?;
    match queue.provision {
        Provision::Create => create::create(aws, &wanted).await,
        _ => verify::verify(aws, &wanted).await,
    }
}
