//! What `start()` does about topics and queues.

mod allow;
mod change;
mod command;
mod create;
mod diff;
mod encryption;
mod filter;
mod look;
mod model;
mod options;
mod others;
mod pace;
mod plan;
mod policy;
mod queue;
mod redrive;
mod report;
mod seen;
mod setup;
mod subscription;
mod tags;
mod topic;
mod wanted;

use melange::transport::{Topology, TransportError, TransportErrorKind};

pub use change::{Change, ChangeKind, Finding};
pub(crate) use filter::MOST_NAMES;
#[cfg(feature = "cli")]
pub(crate) use filter::of as filter_of;
pub(crate) use model::{ACCOUNT, FeedModel, Model, QueueModel, TopicModel};
pub(crate) use options::Options;
pub(crate) use others::{FirstFilters, Others, want};
pub use plan::Plan;
#[cfg(feature = "cli")]
pub(crate) use policy::merged as policy_of;
pub(crate) use policy::policy_for;
pub(crate) use setup::{names_only, setup};

use crate::AwsQueue;
use crate::names::account_of;
use command::Commands;
use wanted::Wanted;

/// What `start()` does about topics, queues, dead-letter queues, policies and subscriptions.
///
/// All of it is based on the same [`Plan`], which [`AwsQueue::plan`] shows. Topics are never listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Provision {
    /// Checks that everything is as needed, and fails with a list of what is not, each with the command that fixes it.
    /// Changes nothing. Queue policies that are too permissive are on the list too.
    ///
    /// It needs `sns:GetTopicAttributes`, `sns:ListSubscriptionsByTopic`, `sns:GetSubscriptionAttributes`,
    /// `sqs:GetQueueUrl` and `sqs:GetQueueAttributes`; where tags are asked for, `sqs:ListQueueTags` and
    /// `sns:ListTagsForResource`. Missing permissions are on the list, by action and resource.
    #[default]
    Verify,
    /// Creates what is missing and fixes what has drifted; changes nothing if nothing differs. Several processes may do
    /// so at once. Statements that others added to a queue's policy stay, and a filter policy is never narrowed, unless
    /// [`exact_filter`](AwsQueue::exact_filter) is set: an older version of the service may still need what it lets
    /// pass.
    ///
    /// A policy that was merged with statements of others is checked again three seconds later, because neither SQS nor
    /// SNS has conditional writes.
    ///
    /// It needs what [`Verify`](Self::Verify) needs, and `sns:CreateTopic`, `sns:Subscribe`,
    /// `sns:SetSubscriptionAttributes`, `sqs:CreateQueue` and `sqs:SetQueueAttributes`; where tags are asked for,
    /// `sqs:TagQueue` and `sns:TagResource`; for [`high_throughput`](AwsQueue::high_throughput) and for verifying
    /// signatures, `sns:SetTopicAttributes`.
    Create,
    /// Makes no calls: assumes that everything is as needed.
    Assume,
}

/// Does so.
pub(crate) async fn prepare(queue: &AwsQueue, topology: &Topology) -> Result<(), TransportError> {
    match queue.provision {
        Provision::Assume => return Ok(()),
        Provision::Verify => {
            let (plan, denied) = look(queue, topology).await?;
            plan.notes().for_each(|note| tracing::warn!("{note}"));
            report::of(&plan, &denied)?;
        }
        Provision::Create => {
            let wanted = wanted(queue, topology).await?;
            create::create(queue.aws(), &Commands::at(queue.aws()), &wanted).await?;
        }
    }
    queue.others.may_be_asked();
    Ok(())
}

/// What there should be, with the attributes that all of it is made with. Calls nothing.
pub(crate) fn model(queue: &AwsQueue, topology: &Topology) -> Result<Model, TransportError> {
    Model::of(queue, topology)
}

/// Makes what is missing and mends what has drifted, once; says what it was.
pub(crate) async fn apply(queue: &AwsQueue, topology: &Topology) -> Result<Plan, TransportError> {
    let plan = plan(queue, topology).await?;
    if !plan.is_empty() {
        let wanted = wanted(queue, topology).await?;
        create::create(queue.aws(), &Commands::at(queue.aws()), &wanted).await?;
    }
    Ok(plan)
}

/// What would be done.
pub(crate) async fn plan(queue: &AwsQueue, topology: &Topology) -> Result<Plan, TransportError> {
    let (plan, denied) = look(queue, topology).await?;
    // A part of the plan would pass for all of it.
    if !denied.is_empty() {
        report::of(&plan, &denied)?;
    }
    Ok(plan)
}

async fn look(queue: &AwsQueue, topology: &Topology) -> Result<(Plan, Vec<TransportError>), TransportError> {
    let wanted = wanted(queue, topology).await?;
    let commands = Commands::at(queue.aws());
    let everything = look::everything(queue.aws(), &commands, &wanted).await?;
    Ok(everything.into_plan())
}

async fn wanted(queue: &AwsQueue, topology: &Topology) -> Result<Wanted, TransportError> {
    let aws = queue.aws();
    aws.client().ready()?;
    // A queue that is there says the account, which spares asking STS.
    for plan in &topology.queues {
        if aws.account.known().is_some() {
            break;
        }
        match queue::find(aws, &aws.names().queue(&plan.name)).await {
            Ok(found) => {
                found
                    .as_ref()
                    .and_then(|found| account_of(found.arn()?))
                    .into_iter()
                    .for_each(|id| aws.account.learn(id));
            }
            // It will be said together with what else is not allowed.
            Err(error) if error.kind() == TransportErrorKind::Denied => {}
            Err(error) => return Err(error),
        }
    }
    Wanted::of(queue, topology).await
}
