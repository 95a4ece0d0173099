//! What others put there stays, and what of it is dangerous is said.

use aws_sdk_sqs::types::QueueAttributeName as Name;
use melange::transport::Topology;
use serde_json::{Value, json};

use crate::account::{Account, create, listening, plan, verify};
use crate::command_line;
use crate::wire::writes;

fn topology() -> Topology {
    listening(&[("orders", &["OrderPlaced"])])
}

/// Statements beside which ours is put: a denial, an own role, a bucket.
fn statements(queue: &str) -> Vec<Value> {
    vec![
        json!({ "Sid": "tls", "Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": queue,
            "Condition": { "Bool": { "aws:SecureTransport": "false" } } }),
        json!({ "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::000000000000:role/admin" }, "Action": "sqs:*",
            "Resource": queue }),
        json!({ "Sid": "bucket", "Effect": "Allow", "Principal": { "Service": "s3.amazonaws.com" },
            "Action": ["sqs:SendMessage"], "Resource": queue,
            "Condition": { "ArnLike": { "aws:SourceArn": "arn:aws:s3:::uploads" } } }),
    ]
}

#[tokio::test]
async fn statements_and_attributes_of_others_stay() {
    let account = Account::new().await;
    let process = account.process();
    let queue = account.queue_arn("billing");
    let policy = json!({ "Version": "2008-10-17", "Id": "theirs", "Statement": statements(&queue) });
    let request = account.sqs.create_queue().queue_name(format!("{}billing", account.prefix));
    let request = request.attributes(Name::Policy, policy.to_string()).attributes(Name::DelaySeconds, "7");
    let request = request.attributes(Name::VisibilityTimeout, "900").attributes(Name::MessageRetentionPeriod, "86400");
    request.tags("theirs", "yes").send().await.unwrap();

    create(&process.billing(), &topology()).await;
    let after = account.policy("billing").await;
    assert_eq!((&after["Version"], &after["Id"]), (&policy["Version"], &policy["Id"]));
    let all = after["Statement"].as_array().unwrap();
    assert_eq!(all[..3], statements(&queue)[..]);
    assert_eq!((all.len(), &all[3]["Sid"]), (4, &json!("MelangeSns")));
    let attributes = account.queue("billing").await;
    for (name, value) in [("DelaySeconds", "7"), ("VisibilityTimeout", "900"), ("MessageRetentionPeriod", "86400")] {
        assert_eq!(attributes[name], value, "{name}");
    }
    let tags = account.sqs.list_queue_tags().queue_url(account.queue_url("billing").await).send().await.unwrap();
    assert_eq!(tags.tags.unwrap_or_default()["theirs"], "yes");
    assert_eq!(verify(&process.billing(), &topology()).await, "");
}

#[tokio::test]
async fn a_statement_of_others_that_is_enough_is_enough() {
    let account = Account::new().await;
    let process = account.process();
    create(&process.billing(), &topology()).await;
    // As Python melange writes it, for each of its starts anew.
    let policy = json!({ "Statement": [{ "Sid": "First", "Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage",
        "Resource": account.queue_arn("billing"),
        "Condition": { "ArnEquals": { "aws:SourceArn": account.topic_arn("orders") } } }] });
    account.set_queue("billing", Name::Policy, &policy.to_string()).await;
    process.wire.said();
    create(&process.billing(), &topology()).await;
    assert!(writes(&process.wire.said()).is_empty());
    assert_eq!(account.policy("billing").await, policy);
    assert_eq!(verify(&process.billing(), &topology()).await, "");
}

#[tokio::test]
async fn a_filter_of_others_stays_and_is_noted() {
    let account = Account::new().await;
    let process = account.process();
    create(&process.billing(), &topology()).await;
    for theirs in [
        r#"{"tenant":["x"]}"#,
        r#"{"event_type":["OrderCancelled"],"tenant":["x"]}"#,
        r#"{"manifest":["OrderCancelled"]}"#,
    ] {
        account.set_subscription("orders", "FilterPolicy", theirs).await;
        create(&process.billing(), &topology()).await;
        create(&process.billing().exact_filter(), &topology()).await;
        let (_, attributes) = account.subscription("orders", "billing").await.unwrap();
        assert_eq!(attributes["FilterPolicy"], theirs);
        let plan = plan(&process.billing(), &topology()).await;
        assert!(plan.is_empty() && plan.notes().any(|note| note.contains("someone else's")), "{plan}");
        assert_eq!(verify(&process.billing(), &topology()).await, "");
    }
}

#[tokio::test]
async fn a_pattern_of_others_is_added_to_only_where_it_is_too_narrow() {
    let account = Account::new().await;
    let process = account.process();
    create(&process.billing(), &topology()).await;
    account.set_subscription("orders", "FilterPolicy", r#"{"event_type":[{"prefix":"Order"}]}"#).await;
    assert!(plan(&process.billing(), &topology()).await.is_empty());
    let more = listening(&[("orders", &["OrderPlaced", "UserLeft"])]);
    create(&process.billing(), &more).await;
    let (_, attributes) = account.subscription("orders", "billing").await.unwrap();
    let policy: Value = serde_json::from_str(&attributes["FilterPolicy"]).unwrap();
    assert_eq!(policy, json!({ "event_type": ["UserLeft", { "prefix": "Order" }, { "exists": false }] }));
}

#[tokio::test]
async fn a_subscription_made_by_hand_is_taken_over() {
    let account = Account::new().await;
    let process = account.process();
    account.sns.create_topic().name(format!("{}orders", account.prefix)).send().await.unwrap();
    account.sqs.create_queue().queue_name(format!("{}billing", account.prefix)).send().await.unwrap();
    let subscribe = account.sns.subscribe().topic_arn(account.topic_arn("orders")).protocol("sqs");
    let subscribe = subscribe.endpoint(account.queue_arn("billing"));
    subscribe.attributes("FilterPolicy", r#"{"event_type":["OrderCancelled"]}"#).send().await.unwrap();
    create(&process.billing(), &topology()).await;
    let (_, attributes) = account.subscription("orders", "billing").await.unwrap();
    assert_eq!(attributes["RawMessageDelivery"], "true");
    assert_eq!(account.filter("orders").await.unwrap().len(), 2);
    assert!(plan(&process.billing(), &topology()).await.is_empty());
}

#[tokio::test]
async fn what_lets_everyone_in_is_found_and_left() {
    let account = Account::new().await;
    let process = account.process();
    let queue = account.queue_arn("billing");
    create(&process.billing(), &topology()).await;
    let open = json!({ "Statement": [
        { "Sid": "all", "Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": queue },
        { "Sid": "more", "Effect": "Allow", "Principal": { "AWS": "*" }, "Action": "sqs:*", "Resource": queue,
          "Condition": { "ArnEquals": { "aws:SourceArn": account.topic_arn("orders") } } },
    ] });
    account.set_queue("billing", Name::Policy, &open.to_string()).await;

    // It is left, and ours is put beside it: when it goes, events still come.
    create(&process.billing(), &topology()).await;
    let statements = account.policy("billing").await["Statement"].clone();
    assert_eq!(statements.as_array().unwrap()[..2], open["Statement"].as_array().unwrap()[..]);
    assert_eq!(statements[2]["Sid"], "MelangeSns");
    let found = plan(&process.billing(), &topology()).await;
    assert!(found.is_empty() && found.findings().count() == 2, "{found}");
    let said = verify(&process.billing(), &topology()).await;
    assert!(said.contains("statement \"all\" in the policy of queue") && said.contains("`sqs:*` for `*`"), "{said}");
    for finding in found.findings() {
        assert!(said.contains(finding.what()) && finding.resource().ends_with("billing"));
    }

    command_line::run_one(&account, found.findings().next().unwrap().command().unwrap()).await;
    assert_eq!(verify(&process.billing(), &topology()).await, "");
    assert_eq!(account.policy("billing").await["Statement"].as_array().map(Vec::len), Some(1));
}
