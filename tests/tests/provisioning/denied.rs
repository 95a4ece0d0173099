//! What AWS refuses: said with the missing permission, or with the way out.

use std::time::{Duration, Instant};

use melange::Transport as _;
use melange::transport::{Topology, TransportErrorKind};
use melange_aws::Provision;

use crate::account::{Account, create, listening, verify};
use crate::wire::writes;

fn topology() -> Topology {
    listening(&[("orders", &["OrderPlaced"]), ("users", &["UserLeft"])])
}

#[tokio::test]
async fn every_look_that_is_not_allowed_is_named_and_the_rest_is_said() {
    let account = Account::new().await;
    for (action, part) in [
        ("sns:GetTopicAttributes", "orders"),
        ("sns:ListSubscriptionsByTopic", "orders"),
        ("sns:GetSubscriptionAttributes", "orders"),
        ("sqs:GetQueueUrl", "dlq"),
        ("sqs:GetQueueAttributes", "dlq"),
        ("sqs:ListQueueTags", "dlq"),
        ("sns:ListTagsForResource", "orders"),
    ] {
        create(&account.process().billing(), &topology()).await;
        account.set_queue("billing", aws_sdk_sqs::types::QueueAttributeName::VisibilityTimeout, "5").await;
        let process = account.process();
        process.wire.deny(action, part);
        let queue = process.billing().tag("team", "billing");
        let error = queue.clone().provision(Provision::Verify).prepare(&topology()).await.unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::Denied, "{error}");
        let said = error.to_string();
        assert!(said.contains(&format!("allow `{action}`")), "{action}: {said}");
        let resource = if part == "dlq" { "billing-dlq" } else { "orders" };
        assert!(said.contains(&format!("{}{resource}", account.prefix)), "{action}: {said}");
        assert!(said.contains("its visibility timeout is 5 s"), "{action}: {said}");
        assert_eq!(queue.plan(&topology()).await.unwrap_err().kind(), TransportErrorKind::Denied);

        // Create makes nothing of what it cannot see all of.
        let error = queue.prepare(&topology()).await.unwrap_err();
        assert!(error.kind() == TransportErrorKind::Denied && error.to_string().contains(action), "{error}");
        assert!(writes(&process.wire.said()).is_empty());
    }
}

#[tokio::test]
async fn all_that_is_not_allowed_is_named_at_once() {
    let account = Account::new().await;
    let process = account.process();
    create(&process.billing(), &topology()).await;
    process.wire.deny("sns:ListSubscriptionsByTopic", "");
    process.wire.deny("sns:GetTopicAttributes", "");
    let said = verify(&process.billing(), &topology()).await;
    assert_eq!(said.matches("allow `sns:ListSubscriptionsByTopic`").count(), 2, "{said}");
    assert_eq!(said.matches("allow `sns:GetTopicAttributes`").count(), 2, "{said}");
    assert!(said.contains(&account.topic_arn("orders")) && said.contains(&account.topic_arn("users")), "{said}");
}

#[tokio::test]
async fn every_write_that_is_not_allowed_is_named() {
    for (action, part, resource) in [
        ("sns:CreateTopic", "users", "users"),
        ("sqs:CreateQueue", "dlq", "billing-dlq"),
        ("sns:Subscribe", "users", "users"),
    ] {
        let account = Account::new().await;
        let process = account.process();
        process.wire.deny(action, part);
        let error = process.billing().prepare(&topology()).await.unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::Denied, "{error}");
        let said = error.to_string();
        assert!(said.contains(&format!("allow `{action}`")), "{said}");
        assert!(said.contains(&format!("{}{resource}", account.prefix)), "{said}");
    }
    for (action, resource) in [
        ("sqs:SetQueueAttributes", "billing"),
        ("sqs:TagQueue", "billing"),
        ("sns:SetSubscriptionAttributes", "orders"),
        ("sns:TagResource", "orders"),
        ("sns:SetTopicAttributes", "orders.fifo"),
    ] {
        let account = Account::new().await;
        let process = account.process();
        let mut first = topology();
        first.topics.insert("orders.fifo".to_owned());
        create(&process.billing(), &first).await;
        process.wire.deny(action, "");
        let mut more = listening(&[("orders", &["OrderPlaced", "More"]), ("users", &["UserLeft"])]);
        more.topics.insert("orders.fifo".to_owned());
        let queue = process.billing().visibility(Duration::from_secs(30)).tag("team", "billing").high_throughput();
        account.set_queue("billing", aws_sdk_sqs::types::QueueAttributeName::Policy, "").await;
        let said = queue.prepare(&more).await.unwrap_err().to_string();
        assert!(said.contains(&format!("allow `{action}`")), "{said}");
        assert!(said.contains(&format!("{}{resource}", account.prefix)), "{said}");
    }
}

#[tokio::test]
async fn too_many_filter_policies_have_a_way_out() {
    let account = Account::new().await;
    let process = account.process();
    process.wire.refuse("sns:Subscribe", "FilterPolicy", 403, "FilterPolicyLimitExceeded");
    let error = process.billing().prepare(&topology()).await.unwrap_err();
    assert!(error.to_string().contains(".unfiltered()"), "{error}");
    create(&process.billing().unfiltered(), &topology()).await;
}

#[tokio::test]
async fn a_queue_that_was_deleted_a_moment_ago_is_not_waited_for() {
    let account = Account::new().await;
    for code in ["QueueDeletedRecently", "AWS.SimpleQueueService.QueueDeletedRecently"] {
        let process = account.process();
        process.wire.refuse("sqs:CreateQueue", "dlq", 400, code);
        let begun = Instant::now();
        let error = process.billing().prepare(&topology()).await.unwrap_err();
        assert!(error.is_retryable() && error.to_string().contains("60 s"), "{error}");
        assert!(begun.elapsed() < Duration::from_secs(30));
    }
}
