//! What was changed by hand: shown, and mended by the printed command or by `Provision::Create`.

use aws_sdk_sqs::types::QueueAttributeName as Name;
use melange::transport::Topology;
use melange_aws::ChangeKind;

use crate::account::{Account, Process, create, listening, plan, set, verify};
use crate::command_line;

const ALONE: &str = r#"{"event_type":["OrderPlaced",{"exists":false}]}"#;

fn topology() -> Topology {
    listening(&[("orders", &["OrderPlaced", "OrderCancelled"])])
}

/// A hand changes something; Verify says so with these words; the command mends it, and so does Create.
async fn drifts<F: Future<Output = ()>>(words: &[&str], by_hand: impl Fn(Account) -> F) {
    let mended = async |by_command: bool| {
        let account = Account::new().await;
        let process = account.process();
        let queue = process.billing();
        create(&queue, &topology()).await;
        by_hand(account.clone()).await;

        let drifted = plan(&queue, &topology()).await;
        assert_eq!(drifted.len(), 1, "{drifted}");
        let change = drifted.changes().next().unwrap();
        assert_eq!(change.kind(), ChangeKind::Update);
        let (shown, said) = (drifted.to_string(), verify(&queue, &topology()).await);
        assert!(shown.contains(change.what()) && said.contains(change.command().unwrap()), "{shown}\n{said}");
        for word in words {
            assert!(shown.contains(word), "{word} is not in:\n{shown}");
        }

        if by_command {
            command_line::run(&account, &drifted).await;
        } else {
            create(&queue, &topology()).await;
        }
        let after = plan(&queue, &topology()).await;
        assert!(after.is_empty(), "{after}");
    };
    tokio::join!(mended(true), mended(false));
}

#[tokio::test]
async fn raw_delivery_switched_off() {
    drifts(&["delivers in the envelope, not raw", "RawMessageDelivery: false -> true"], |account| async move {
        account.set_subscription("orders", "RawMessageDelivery", "false").await;
    })
    .await;
}

#[tokio::test]
async fn a_filter_made_narrower() {
    drifts(&["does not let OrderCancelled pass", "+ \"OrderCancelled\""], |account| async move {
        account.set_subscription("orders", "FilterPolicy", ALONE).await;
    })
    .await;
}

#[tokio::test]
async fn a_policy_taken_away() {
    drifts(&["does not let SNS send to it from arn:aws:sns:", "+ \"Sid\": \"MelangeSns\""], |account| async move {
        account.set_queue("billing", Name::Policy, "").await;
    })
    .await;
}

#[tokio::test]
async fn another_topic_in_the_policy_instead() {
    drifts(&["does not let SNS send", "orders\""], |account| async move {
        let policy = account.queue("billing").await.remove("Policy").unwrap();
        account.set_queue("billing", Name::Policy, &policy.replace("orders\"", "others\"")).await;
    })
    .await;
}

#[tokio::test]
async fn messages_given_up_too_soon() {
    drifts(&["gives a message up after 2 receives", "- \"maxReceiveCount\": 2"], |account| async move {
        let dlq = account.queue_arn("billing-dlq");
        let redrive = format!(r#"{{"deadLetterTargetArn":"{dlq}","maxReceiveCount":2}}"#);
        account.set_queue("billing", Name::RedrivePolicy, &redrive).await;
    })
    .await;
}

#[tokio::test]
async fn another_dead_letter_queue() {
    drifts(&["its dead-letter queue is arn:aws:sqs:", "-elsewhere"], |account| async move {
        account.sqs.create_queue().queue_name(format!("{}elsewhere", account.prefix)).send().await.unwrap();
        let elsewhere = account.queue_arn("elsewhere");
        let redrive = format!(r#"{{"deadLetterTargetArn":"{elsewhere}","maxReceiveCount":100}}"#);
        account.set_queue("billing", Name::RedrivePolicy, &redrive).await;
    })
    .await;
}

#[tokio::test]
async fn a_visibility_time_out_that_is_too_short() {
    drifts(&["VisibilityTimeout: 5 -> 30"], |account| async move {
        account.set_queue("billing", Name::VisibilityTimeout, "5").await;
    })
    .await;
}

#[tokio::test]
async fn a_key_that_sns_cannot_use() {
    drifts(&["alias/aws/sqs, a key that SNS cannot use"], |account| async move {
        account.set_queue("billing", Name::KmsMasterKeyId, "alias/aws/sqs").await;
    })
    .await;
}

#[tokio::test]
async fn all_at_once_is_all_said_and_all_mended() {
    let account = Account::new().await;
    let process = account.process();
    let queue = process.billing();
    create(&queue, &topology()).await;
    account.set_subscription("orders", "RawMessageDelivery", "false").await;
    account.set_subscription("orders", "FilterPolicy", ALONE).await;
    account.set_queue("billing", Name::Policy, "").await;
    account.set_queue("billing", Name::VisibilityTimeout, "5").await;
    let mut topology = topology();
    topology.topics.insert("refunds".to_owned());
    let drifted = plan(&queue, &topology).await;
    assert_eq!((drifted.len(), drifted.unchanged()), (5, 2), "{drifted}");
    assert!(drifted.to_string().ends_with("1 to create, 4 to change, 2 unchanged"), "{drifted}");
    assert!(verify(&queue, &topology).await.starts_with("5 things on AWS are not as the subscribers need"));
    create(&queue, &topology).await;
    assert!(plan(&queue, &topology).await.is_empty());
}

/// The versions of a service, of which the new one replaces the old while both run.
async fn versions(account: &Account) -> (Process, Topology, Process, Topology) {
    let old = listening(&[("orders", &["OrderPlaced"]), ("users", &["UserLeft"])]);
    let new = listening(&[("orders", &["OrderCancelled"])]);
    (account.process(), old, account.process(), new)
}

#[tokio::test]
async fn the_new_version_takes_nothing_from_the_old_one() {
    let account = Account::new().await;
    let (old, old_topology, new, new_topology) = versions(&account).await;
    create(&old.billing(), &old_topology).await;
    create(&new.billing(), &new_topology).await;
    assert_eq!(account.filter("orders").await, Some(set(&["OrderPlaced", "OrderCancelled"])));
    assert_eq!(account.filter("users").await, Some(set(&["UserLeft"])));
    assert_eq!(account.senders("billing").await, [account.topic_arn("orders"), account.topic_arn("users")].into());
    // Both find all they need, and the old one may start again.
    assert_eq!(verify(&old.billing(), &old_topology).await, "");
    assert_eq!(verify(&new.billing(), &new_topology).await, "");
    assert!(plan(&old.billing(), &old_topology).await.is_empty());
}

#[tokio::test]
async fn narrower_only_when_asked() {
    let account = Account::new().await;
    let (old, old_topology, new, new_topology) = versions(&account).await;
    create(&old.billing(), &old_topology).await;
    create(&new.billing(), &new_topology).await;

    let exact = new.billing().exact_filter();
    let narrowing = plan(&exact, &new_topology).await;
    let shown = narrowing.to_string();
    assert!(shown.contains("lets OrderPlaced pass, to which nobody here listens"), "{shown}");
    assert!(shown.contains("- \"OrderPlaced\""), "{shown}");
    create(&exact, &new_topology).await;
    assert_eq!(account.filter("orders").await, Some(set(&["OrderCancelled"])));
    assert!(plan(&exact, &new_topology).await.is_empty());
    // A topic that nobody listens to any more is not unsubscribed from: that would lose what is under way.
    assert_eq!(account.filter("users").await, Some(set(&["UserLeft"])));
}

#[tokio::test]
async fn unfiltered_stays_unfiltered_until_asked() {
    let account = Account::new().await;
    let process = account.process();
    create(&process.billing().unfiltered(), &topology()).await;
    assert_eq!(account.filter("orders").await, None);

    let noted = plan(&process.billing(), &topology()).await;
    assert!(noted.is_empty() && noted.notes().any(|note| note.contains("exact_filter")), "{noted}");
    create(&process.billing(), &topology()).await;
    assert_eq!(account.filter("orders").await, None);
    create(&process.billing().exact_filter(), &topology()).await;
    assert_eq!(account.filter("orders").await, Some(set(&["OrderPlaced", "OrderCancelled"])));
    create(&process.billing().unfiltered(), &topology()).await;
    assert_eq!(account.filter("orders").await, None);
}
