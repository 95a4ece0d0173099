//! What each kind of program calls, and so what it must be allowed: no more than the documentation says.

use std::collections::BTreeSet;
use std::time::Duration;

use melange::{MessageConsumer, MessagePublisher};
use melange_aws::{Aws, Provision};

use crate::world::{Handled, OrderPlaced, PATIENCE, World, eventually, order};

/// The IAM actions behind what was called. Batches need no rights of their own.
fn called(world: &World) -> BTreeSet<&'static str> {
    let iam = |action| match action {
        "Publish" | "PublishBatch" => "sns:Publish",
        "GetTopicAttributes" => "sns:GetTopicAttributes",
        "ListSubscriptionsByTopic" => "sns:ListSubscriptionsByTopic",
        "GetSubscriptionAttributes" => "sns:GetSubscriptionAttributes",
        "CreateTopic" => "sns:CreateTopic",
        "Subscribe" => "sns:Subscribe",
        "SetSubscriptionAttributes" => "sns:SetSubscriptionAttributes",
        "GetQueueUrl" => "sqs:GetQueueUrl",
        "GetQueueAttributes" => "sqs:GetQueueAttributes",
        "CreateQueue" => "sqs:CreateQueue",
        "SetQueueAttributes" => "sqs:SetQueueAttributes",
        "ReceiveMessage" => "sqs:ReceiveMessage",
        "DeleteMessage" | "DeleteMessageBatch" => "sqs:DeleteMessage",
        "ChangeMessageVisibility" | "ChangeMessageVisibilityBatch" => "sqs:ChangeMessageVisibility",
        "SendMessage" | "SendMessageBatch" => "sqs:SendMessage",
        "GetCallerIdentity" => "sts:GetCallerIdentity",
        other => panic!("{other} is called, and no role has it"),
    };
    world.stub.requests().actions().into_iter().map(iam).collect()
}

const LOOKS: [&str; 5] = [
    "sns:GetSubscriptionAttributes",
    "sns:GetTopicAttributes",
    "sns:ListSubscriptionsByTopic",
    "sqs:GetQueueAttributes",
    "sqs:GetQueueUrl",
];

#[tokio::test]
async fn who_only_publishes_needs_to_publish() {
    let world = World::new().await;
    let publisher = world.publisher();
    publisher.publish(order("o-1")).await.unwrap();
    let answers = publisher.publish_all((0..25).map(|n| order(&n.to_string()))).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(called(&world), BTreeSet::from(["sns:Publish"]));
    assert!(world.stub.calls().iter().all(|call| &*call.target == "orders"));
}

#[tokio::test]
async fn the_account_is_asked_for_once_unless_it_is_told() {
    let world = World::new().await;
    // Another way to say this machine, which is not taken for a local server, whose account is known.
    let config = world.stub.config_at(&format!("http://0.0.0.0:{}", world.stub.port()));
    let publisher = MessagePublisher::new(Aws::from_config(&config));
    for _ in 0..3 {
        publisher.publish(order("o-1")).await.unwrap();
    }
    assert_eq!(called(&world), BTreeSet::from(["sns:Publish", "sts:GetCallerIdentity"]));
    assert_eq!(world.stub.requests().of("GetCallerIdentity"), 1);
    world.stub.reset_counts();
    let told = MessagePublisher::new(Aws::from_config(&config).account("000000000000"));
    told.publish(order("o-1")).await.unwrap();
    assert_eq!(called(&world), BTreeSet::from(["sns:Publish"]));
}

#[tokio::test]
async fn who_only_consumes_what_is_there_needs_to_receive_and_settle() {
    let world = World::new().await;
    for id in ["o-1", "o-2", "reject-1"] {
        world.publish(id).await;
    }
    world.stub.reset_counts();
    let handled = Handled::default();
    let noting = handled.clone();
    let consumer = MessageConsumer::builder()
        .transport(world.aws.queue("billing").provision(Provision::Assume))
        .wait(Duration::from_secs(1))
        .subscribe(move |order: &OrderPlaced| noting.note(&order.order_id))
        .build()
        .unwrap();
    consumer.prepare().await.unwrap();
    assert_eq!(world.stub.requests().total(), 0, "nothing is looked at");
    let handle = consumer.spawn();
    eventually(|| world.stub.messages_in("billing").is_empty(), || format!("{:?}", handled.all())).await;
    handle.shutdown(Duration::from_secs(5)).await.unwrap();
    // `SendMessage` is for the dead letter, to the dead-letter queue.
    let calls = ["sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:ReceiveMessage", "sqs:SendMessage"];
    assert_eq!(called(&world), BTreeSet::from(calls));
    assert!(world.stub.calls_of("SendMessage").iter().all(|call| &*call.target == "billing-dlq"));
    assert_eq!(world.stub.requests().of("GetQueueUrl"), 2, "each queue is asked for once");
}

#[tokio::test]
async fn a_retry_changes_visibility() {
    let world = World::new().await;
    let consumer = MessageConsumer::builder()
        .transport(world.queue())
        .subscribe(|_: &OrderPlaced| melange::Outcome::retry("not yet"))
        .build()
        .unwrap();
    world.publish("o-1").await;
    world.stub.reset_counts();
    assert!(consumer.consume_event().await.unwrap().message().is_some());
    let calls = ["sqs:ChangeMessageVisibility", "sqs:GetQueueUrl", "sqs:ReceiveMessage"];
    assert_eq!(called(&world), BTreeSet::from(calls));
}

#[tokio::test]
async fn verifying_looks_and_changes_nothing() {
    let world = World::empty().await;
    let creating = world.bus_over(world.aws.queue("billing").provision(Provision::Create));
    creating.bus.start().await.unwrap();
    creating.stop().await;
    world.stub.reset_counts();
    // Polling begins only after it; without the account it is found out from the queue.
    let fresh = Aws::from_config(&world.stub.config_at(&format!("http://0.0.0.0:{}", world.stub.port())));
    let verifying = world.bus_over(fresh.queue("billing").provision(Provision::Verify));
    verifying.bus.start().await.unwrap();
    verifying.bus.shutdown(Duration::from_secs(5)).await.unwrap();
    let mut calls = called(&world);
    calls.remove("sqs:ReceiveMessage");
    assert_eq!(calls, BTreeSet::from(LOOKS));
}

#[tokio::test]
async fn creating_needs_what_verifying_needs_and_what_makes_things() {
    let world = World::empty().await;
    let creating = world.bus_over(world.aws.queue("billing").provision(Provision::Create));
    creating.bus.start().await.unwrap();
    // What was made works, also where policies count.
    world.publish("o-1").await;
    creating.handles(&["o-1"]).await;
    let delivered = world.stub.until(PATIENCE, |stub| stub.messages_in("billing").is_empty()).await;
    assert!(delivered);
    creating.stop().await;
    let mut calls = called(&world);
    for polling in ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sns:Publish"] {
        assert!(calls.remove(polling), "{polling}");
    }
    // What has what it needs from the beginning is not set again.
    let makes = ["sns:CreateTopic", "sns:Subscribe", "sqs:CreateQueue"];
    let listing: BTreeSet<_> = LOOKS.into_iter().filter(|look| *look != "sns:ListSubscriptionsByTopic").collect();
    assert!(calls.is_superset(&listing), "{calls:?}");
    calls.retain(|call| !LOOKS.contains(call));
    assert_eq!(calls, BTreeSet::from(makes));

    world.stub.reset_counts();
    world.stub.set_queue("billing", [("VisibilityTimeout", "1".to_owned())]);
    let mending = world.bus_over(world.aws.queue("billing").provision(Provision::Create));
    mending.bus.start().await.unwrap();
    mending.stop().await;
    let mut calls = called(&world);
    calls.retain(|call| !LOOKS.contains(call) && *call != "sqs:ReceiveMessage");
    assert_eq!(calls, BTreeSet::from(["sqs:SetQueueAttributes"]), "only what has drifted is set");
}
