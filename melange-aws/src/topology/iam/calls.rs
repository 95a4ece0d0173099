//! Which calls each role makes, and on what. This is the one place where they stand: the documents are made from it, and tests
//! hold it against what is called and against what the documentation says.

use super::Role;
use super::Role::{Consumer, Provisioner, Publisher, RedriveOperator, Verifier};

/// What a call is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum On {
    /// All topics of the events, wherever they are.
    Topics,
    /// Those that a queue is subscribed to.
    ListenedTopics,
    /// Those of this account, which are ours to make.
    OwnTopics,
    Queues,
    DeadLetterQueues,
    AllQueues,
    /// SNS has no ARNs for it that a policy could name. Source: the service authorization reference, Amazon SNS: the actions
    /// without a resource type, which need `*`.
    Subscriptions,
    /// The KMS key of the queues.
    Key,
}

/// What must have been asked for, for a call to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    Always,
    /// There are tags.
    Tagged,
    /// A topic has attributes that are set after it was made: high throughput, signatures.
    TopicsAreSet,
    /// There is a KMS key.
    Encrypted,
}

/// A call, by its IAM action.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) action: &'static str,
    pub(super) on: On,
    pub(super) when: When,
    pub(super) roles: &'static [Role],
}

const fn call(roles: &'static [Role], action: &'static str, on: On) -> Call {
    Call { action, on, when: When::Always, roles }
}

const fn call_when(roles: &'static [Role], when: When, action: &'static str, on: On) -> Call {
    Call { action, on, when, roles }
}

const LOOKS: &[Role] = &[Verifier, Provisioner];
const MAKES: &[Role] = &[Provisioner];
const CONSUMES: &[Role] = &[Consumer];
const REDRIVES: &[Role] = &[RedriveOperator];

/// All of them. `sts:GetCallerIdentity` is not here: it is allowed to everyone.
pub(super) const ALL: [Call; 33] = [
    call(&[Publisher], "sns:Publish", On::Topics),
    call(CONSUMES, "sqs:ReceiveMessage", On::Queues),
    call(CONSUMES, "sqs:DeleteMessage", On::Queues),
    call(CONSUMES, "sqs:ChangeMessageVisibility", On::Queues),
    call(CONSUMES, "sqs:GetQueueUrl", On::AllQueues),
    call(CONSUMES, "sqs:SendMessage", On::DeadLetterQueues),
    call_when(CONSUMES, When::Encrypted, "kms:Decrypt", On::Key),
    call_when(CONSUMES, When::Encrypted, "kms:GenerateDataKey", On::Key),
    call(LOOKS, "sns:GetTopicAttributes", On::Topics),
    call(LOOKS, "sns:ListSubscriptionsByTopic", On::ListenedTopics),
    call(LOOKS, "sns:GetSubscriptionAttributes", On::Subscriptions),
    call(LOOKS, "sqs:GetQueueUrl", On::AllQueues),
    call(LOOKS, "sqs:GetQueueAttributes", On::AllQueues),
    call_when(LOOKS, When::Tagged, "sns:ListTagsForResource", On::OwnTopics),
    call_when(LOOKS, When::Tagged, "sqs:ListQueueTags", On::AllQueues),
    call(MAKES, "sns:CreateTopic", On::OwnTopics),
    call(MAKES, "sns:Subscribe", On::ListenedTopics),
    call(MAKES, "sns:SetSubscriptionAttributes", On::Subscriptions),
    call(MAKES, "sqs:CreateQueue", On::AllQueues),
    call(MAKES, "sqs:SetQueueAttributes", On::AllQueues),
    call_when(MAKES, When::TopicsAreSet, "sns:SetTopicAttributes", On::OwnTopics),
    call_when(MAKES, When::Tagged, "sns:TagResource", On::OwnTopics),
    call_when(MAKES, When::Tagged, "sqs:TagQueue", On::AllQueues),
    call(REDRIVES, "sqs:GetQueueUrl", On::AllQueues),
    call(REDRIVES, "sqs:ReceiveMessage", On::DeadLetterQueues),
    call(REDRIVES, "sqs:DeleteMessage", On::DeadLetterQueues),
    call(REDRIVES, "sqs:ChangeMessageVisibility", On::DeadLetterQueues),
    call(REDRIVES, "sqs:StartMessageMoveTask", On::DeadLetterQueues),
    call(REDRIVES, "sqs:ListMessageMoveTasks", On::DeadLetterQueues),
    // To count them; and SQS itself wants it of who starts a move. Source: the SQS developer guide, permissions of dead-letter queue
    // redrive.
    call(REDRIVES, "sqs:GetQueueAttributes", On::DeadLetterQueues),
    call(REDRIVES, "sqs:SendMessage", On::Queues),
    call_when(REDRIVES, When::Encrypted, "kms:Decrypt", On::Key),
    call_when(REDRIVES, When::Encrypted, "kms:GenerateDataKey", On::Key),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The actions that the documentation of `variant` names.
    fn documented(variant: &str) -> BTreeSet<String> {
        let source = include_str!("../../provision/mod.rs");
        let (before, _) = source.split_once(&format!("    {variant},\n")).unwrap();
        let documentation: Vec<&str> = before
            .lines()
            .rev()
            .take_while(|line| ["///", "#["].iter().any(|start| line.trim().starts_with(start)))
            .collect();
        let words = documentation.iter().flat_map(|line| line.split('`'));
        words.filter(|word| word.starts_with("sns:") || word.starts_with("sqs:")).map(str::to_owned).collect()
    }

    fn of(role: Role) -> BTreeSet<String> {
        ALL.iter().filter(|call| call.roles.contains(&role)).map(|call| call.action.to_owned()).collect()
    }

    #[test]
    fn what_is_documented_is_what_is_allowed() {
        let looks = documented("Verify");
        assert_eq!(looks, of(Verifier));
        assert_eq!(looks.union(&documented("Create")).cloned().collect::<BTreeSet<_>>(), of(Provisioner));
    }
}
