//! What can be asked for besides: looked at only then, and mended then.

use std::time::Duration;

use aws_sdk_sqs::types::QueueAttributeName as Name;
use melange::Transport as _;
use melange::transport::Topology;
use melange_aws::AwsQueue;

use crate::account::{Account, create, listening, on_queue, plan, wanted};
use crate::command_line;

fn topology() -> Topology {
    listening(&[("orders", &["OrderPlaced"])])
}

/// It is not looked at without being asked for; asked for afterwards it is mended, by the commands and by Create; asked for
/// at first it is made so.
async fn asked(topology: &Topology, changes: usize, ask: impl Fn(AwsQueue) -> AwsQueue) -> Account {
    let name = &topology.queues[0].name;
    let afterwards = async |by_command: bool| {
        let account = Account::new().await;
        let process = account.process();
        let plain = process.aws.queue(name);
        create(&plain, topology).await;
        let asked = ask(plain.clone());
        let differs = plan(&asked, topology).await;
        assert_eq!(differs.len(), changes, "{differs:#}");
        if by_command {
            command_line::run(&account, &differs).await;
        } else {
            create(&asked, topology).await;
        }
        let after = plan(&asked, topology).await;
        assert!(after.is_empty(), "{after:#}");
        assert!(plan(&plain, topology).await.is_empty(), "what nobody asks for is nobody's business");
    };
    let at_first = async {
        let account = Account::new().await;
        let asked = ask(account.process().aws.queue(name));
        create(&asked, topology).await;
        let after = plan(&asked, topology).await;
        assert!(after.is_empty(), "{after:#}");
        account
    };
    tokio::join!(afterwards(true), afterwards(false), at_first).2
}

#[tokio::test]
async fn a_key_for_the_queue_and_its_dead_letters() {
    let account = asked(&topology(), 2, |queue| queue.kms_key("alias/billing")).await;
    for queue in ["billing", "billing-dlq"] {
        let attributes = account.queue(queue).await;
        assert_eq!(attributes["KmsMasterKeyId"], "alias/billing");
        assert_eq!(attributes["SqsManagedSseEnabled"], "false");
    }
}

#[tokio::test]
async fn tags_are_put_and_never_taken() {
    let account = asked(&topology(), 3, |queue| queue.tag("team", "billing").tag("stage", "live")).await;
    for queue in ["billing", "billing-dlq"] {
        let answer = account.sqs.list_queue_tags().queue_url(account.queue_url(queue).await).send().await.unwrap();
        assert_eq!(answer.tags.unwrap()["team"], "billing");
    }
    let topic = account.topic_arn("orders");
    let answer = account.sns.list_tags_for_resource().resource_arn(&topic).send().await.unwrap();
    assert_eq!(answer.tags().len(), 2);

    // Another service wants another value: on its queue it has it, on the topic the first one stays.
    let other = account.process().billing().tag("team", "shipping");
    create(&other, &topology()).await;
    let answer = account.sqs.list_queue_tags().queue_url(account.queue_url("billing").await).send().await.unwrap();
    let tags = answer.tags.unwrap();
    assert_eq!((tags["team"].as_str(), tags["stage"].as_str()), ("shipping", "live"));
    let answer = account.sns.list_tags_for_resource().resource_arn(&topic).send().await.unwrap();
    assert!(answer.tags().iter().any(|tag| tag.key() == "team" && tag.value() == "billing"));
}

#[tokio::test]
async fn how_long_messages_are_kept() {
    let account = asked(&topology(), 1, |queue| queue.retention(Duration::from_secs(3600))).await;
    assert_eq!(account.queue("billing").await["MessageRetentionPeriod"], "3600");
    assert_eq!(account.queue("billing-dlq").await["MessageRetentionPeriod"], "1209600");
}

#[tokio::test]
async fn more_receives_than_subscribers_need() {
    let account = asked(&topology(), 1, |queue| queue.max_receives(50)).await;
    assert!(account.queue("billing").await["RedrivePolicy"].contains("50"));
    // Fewer than they need would cut their attempts.
    let fewer = account.process().billing().max_receives(1);
    assert!(plan(&fewer, &topology()).await.is_empty());
    let fresh = Account::new().await;
    create(&fresh.process().billing().max_receives(1), &topology()).await;
    let needed = topology().queues[0].max_receives;
    assert!(fresh.queue("billing").await["RedrivePolicy"].contains(&needed.to_string()));
}

#[tokio::test]
async fn fifo_by_message_group() {
    let fifo = on_queue(listening(&[("orders.fifo", &["OrderPlaced"])]), "billing.fifo");
    let account = asked(&fifo, 2, AwsQueue::high_throughput).await;
    let attributes = account.queue("billing.fifo").await;
    assert_eq!(attributes["DeduplicationScope"], "messageGroup");
    assert_eq!(attributes["FifoThroughputLimit"], "perMessageGroupId");
    let topic = account.sns.get_topic_attributes().topic_arn(account.topic_arn("orders.fifo")).send().await.unwrap();
    assert_eq!(topic.attributes.unwrap()["FifoThroughputScope"], "MessageGroup");
    // Standard ones have no such thing.
    asked(&topology(), 0, AwsQueue::high_throughput).await;
}

#[tokio::test]
async fn what_cannot_be_delivered_is_kept() {
    let account = asked(&topology(), 2, AwsQueue::keep_undelivered).await;
    let dlq = account.queue_arn("billing-dlq");
    let (_, attributes) = account.subscription("orders", "billing").await.unwrap();
    assert!(attributes["RedrivePolicy"].contains(&dlq), "{attributes:?}");
    assert_eq!(account.senders("billing-dlq").await, [account.topic_arn("orders")].into());

    // The queue goes; what was published meanwhile is not lost.
    account.sqs.delete_queue().queue_url(account.queue_url("billing").await).send().await.unwrap();
    let publish = account.sns.publish().topic_arn(account.topic_arn("orders"));
    publish.message(r#"{"event_type_name":"OrderPlaced"}"#).send().await.unwrap();
    let receive = account.sqs.receive_message().queue_url(account.queue_url("billing-dlq").await);
    let received = receive.wait_time_seconds(20).send().await.unwrap();
    assert_eq!(received.messages().len(), 1);
}

#[tokio::test]
async fn a_fifo_topic_and_a_standard_queue_have_no_common_dead_letters() {
    let account = Account::new().await;
    let topology = listening(&[("orders.fifo", &["OrderPlaced"])]);
    let queue = account.process().billing().keep_undelivered();
    create(&queue, &topology).await;
    let plan = plan(&queue, &topology).await;
    assert!(plan.is_empty() && plan.notes().any(|note| note.contains("FIFO queues only")), "{plan}");
    assert!(!wanted(&plan).contains_key("RedrivePolicy"));
}

#[tokio::test]
async fn what_aws_would_refuse_is_refused_by_build() {
    let account = Account::new().await;
    let queue = account.process().billing().kms_key("alias/aws/sqs").retention(Duration::from_secs(1)).tag("aws:x", "");
    let problems = queue.check(&topology()).unwrap_err();
    assert_eq!(problems.len(), 3, "{problems:?}");
    create(&account.process().billing(), &topology()).await;
    account.set_queue("billing", Name::VisibilityTimeout, "900").await;
    let process = account.process();
    assert!(
        plan(&process.billing(), &topology()).await.is_empty(),
        "longer is good enough: a Lambda function needs it"
    );
}

#[tokio::test]
async fn nobody_consumes_what_another_queue_gave_up() {
    let mut topology = topology();
    let letters = on_queue(topology.clone(), "billing-dlq");
    topology.queues.extend(letters.queues);
    let problems = Account::new().await.process().billing().check(&topology).unwrap_err();
    assert!(problems.len() == 1 && problems[0].what().contains("is the dead-letter queue of queue"), "{problems:?}");
}
