//! From nothing, and again.

use std::time::Duration;

use melange::{Event, EventBus, EventId, MessagePublisher, State};
use melange_aws::{ChangeKind, Provision};
use tokio::sync::mpsc;

use crate::account::{Account, OrderPlaced, create, listening, on_queue, plan, set, verify};
use crate::command_line;
use crate::wire::writes;

#[tokio::test]
async fn what_is_made_from_nothing_needs_nothing_more() {
    let account = Account::new().await;
    let process = account.process();
    let mut topology = listening(&[("orders", &["OrderPlaced", "OrderCancelled"]), ("users", &["UserLeft"])]);
    topology.topics.insert("refunds".to_owned());
    let queue = process.billing();

    let before = plan(&queue, &topology).await;
    assert!(before.changes().all(|change| change.kind() == ChangeKind::Create), "{before}");
    assert_eq!((before.len(), before.unchanged()), (7, 0), "{before}");
    let shown = before.to_string();
    assert!(shown.contains(&format!("+ topic {}refunds\n", account.prefix)), "{shown}");
    assert!(shown.ends_with("7 to create, 0 to change, 0 unchanged"), "{shown}");
    let missing = verify(&queue, &topology).await;
    assert!(missing.starts_with("7 things on AWS are not as the subscribers need"), "{missing}");
    for change in before.changes() {
        assert!(missing.contains(change.what()) && missing.contains(change.command().unwrap()), "{missing}");
    }
    assert!(writes(&process.wire.said()).is_empty(), "looking writes nothing");

    create(&queue, &topology).await;
    let after = plan(&queue, &topology).await;
    assert!(after.is_empty() && after.findings().next().is_none() && after.notes().next().is_none(), "{after}");
    assert_eq!(after.unchanged(), 7);
    assert_eq!(verify(&queue, &topology).await, "");

    assert_eq!(account.senders("billing").await, [account.topic_arn("orders"), account.topic_arn("users")].into());
    assert_eq!(account.filter("orders").await, Some(set(&["OrderPlaced", "OrderCancelled"])));
    assert_eq!(account.filter("users").await, Some(set(&["UserLeft"])));
    assert!(account.subscription("refunds", "billing").await.is_none(), "nobody listens to it");
    let (_, subscription) = account.subscription("orders", "billing").await.unwrap();
    assert_eq!(subscription["RawMessageDelivery"], "true");
    let attributes = account.queue("billing").await;
    assert_eq!(attributes["VisibilityTimeout"], "30");
    assert!(attributes["RedrivePolicy"].contains(&account.queue_arn("billing-dlq")), "{attributes:?}");
    assert_eq!(account.queue("billing-dlq").await["MessageRetentionPeriod"], "1209600");
    assert!(!account.policy("billing").await.to_string().contains('*'), "wildcards are never written");
}

#[tokio::test]
async fn the_second_time_nothing_is_written_and_topics_are_never_listed() {
    let account = Account::new().await;
    let process = account.process();
    let topology = listening(&[("orders", &["OrderPlaced"]), ("users", &["UserLeft"])]);
    create(&process.billing(), &topology).await;
    let first = process.wire.said();
    assert_eq!(
        writes(&first).len(),
        6,
        "a write for each of 2 topics, 2 queues and 2 subscriptions: {:?}",
        writes(&first)
    );
    // With its filter at once: nothing comes through unfiltered meanwhile.
    let subscribing = first.iter().filter(|said| said.action == "sns:Subscribe");
    assert!(subscribing.clone().count() == 2 && subscribing.clone().all(|said| said.body.contains("FilterPolicy")));

    let begun = std::time::Instant::now();
    create(&process.billing(), &topology).await;
    let second = process.wire.said();
    assert!(writes(&second).is_empty(), "{:?}", writes(&second));
    assert!(begun.elapsed() < Duration::from_secs(3), "nothing was merged, so that there is nothing to wait for");

    create(&process.aws.queue("billing").provision(Provision::Assume).provision(Provision::Create), &topology).await;
    let said = first.iter().chain(&second);
    let lists = ["sns:ListTopics", "sqs:ListQueues", "sns:ListSubscriptions"];
    assert!(said.clone().all(|said| !lists.contains(&said.action.as_str())));
}

#[tokio::test]
async fn assume_says_nothing_to_aws() {
    use melange::Transport as _;

    let account = Account::new().await;
    let process = account.process();
    let queue = process.aws.queue("billing").provision(Provision::Assume);
    queue.prepare(&listening(&[("orders", &["OrderPlaced"])])).await.unwrap();
    assert!(process.wire.said().is_empty());
}

#[tokio::test]
async fn the_printed_commands_make_all_of_it() {
    let account = Account::new().await;
    let process = account.process();
    let topology = listening(&[("orders", &["OrderPlaced"]), ("users", &["UserLeft"])]);
    let queue = process.billing().tag("team", "it's \"ours\" $HOME").keep_undelivered();
    command_line::run(&account, &plan(&queue, &topology).await).await;
    let after = plan(&queue, &topology).await;
    assert!(after.is_empty(), "{after:#}");
    assert_eq!(verify(&queue, &topology).await, "");
}

#[tokio::test]
async fn two_prefixes_are_two_worlds() {
    let (one, two) = (Account::new().await, Account::new().await);
    let topology = listening(&[("orders", &["OrderPlaced"])]);
    create(&one.process().billing(), &topology).await;
    let plan = plan(&two.process().billing(), &topology).await;
    assert_eq!((plan.len(), plan.unchanged()), (4, 0), "{plan}");
    assert!(plan.changes().all(|change| change.command().is_some_and(|command| command.contains(&two.prefix))));
}

#[tokio::test]
async fn fifo_queues_are_fed_from_fifo_topics() {
    let account = Account::new().await;
    let process = account.process();
    let topology = on_queue(listening(&[("orders.fifo", &["OrderPlaced"])]), "billing.fifo");
    let queue = process.aws.queue("billing.fifo");
    create(&queue, &topology).await;
    let after = plan(&queue, &topology).await;
    assert!(after.is_empty(), "{after}");
    assert_eq!(account.queue("billing.fifo").await["FifoQueue"], "true");
    assert_eq!(account.queue("billing-dlq.fifo").await["FifoQueue"], "true");
    assert!(account.subscription("orders.fifo", "billing.fifo").await.is_some());
}

#[tokio::test]
async fn sixty_topics_are_one_statement() {
    let account = Account::new().await;
    let process = account.process();
    let names: Vec<String> = (0..60).map(|i| format!("a-topic-with-a-rather-long-name-{i:02}")).collect();
    let topics: Vec<(&str, &[&str])> = names.iter().map(|name| (name.as_str(), &["Happened"][..])).collect();
    let topology = listening(&topics);
    create(&process.billing(), &topology).await;
    let policy = account.policy("billing").await;
    assert_eq!(policy["Statement"].as_array().map(Vec::len), Some(1));
    assert!(policy.to_string().len() <= 8_192);
    assert_eq!(account.senders("billing").await.len(), 60);
    assert!(plan(&process.billing(), &topology).await.is_empty());
}

#[tokio::test]
async fn a_policy_that_sqs_would_refuse_is_said_before_anything_is_written() {
    use melange::Transport as _;

    let account = Account::new().await;
    let process = account.process();
    let names: Vec<String> = (0..150).map(|i| format!("a-topic-with-a-rather-long-name-{i:03}")).collect();
    let topics: Vec<(&str, &[&str])> = names.iter().map(|name| (name.as_str(), &["Happened"][..])).collect();
    let error = process.billing().prepare(&listening(&topics)).await.unwrap_err().to_string();
    assert!(error.contains("8192") && error.contains("queue = "), "{error}");
    assert!(writes(&process.wire.said()).is_empty());
    // It is said beside the rest.
    let verified = verify(&process.billing(), &listening(&topics)).await;
    assert!(verified.contains("8192") && verified.contains("long-name-149"), "{verified}");
}

#[tokio::test]
async fn more_names_than_a_filter_takes_are_no_filter() {
    let account = Account::new().await;
    let process = account.process();
    let names: Vec<String> = (0..160).map(|i| format!("Event{i}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    for (topic, count, filtered) in [("few", 149, true), ("many", 150, false), ("more", 160, false)] {
        let topology = listening(&[(topic, &names[..count])]);
        create(&process.billing(), &topology).await;
        assert_eq!(account.filter(topic).await.map(|names| names.len()), filtered.then_some(count), "{topic}");
        assert!(plan(&process.billing(), &topology).await.is_empty());
    }
    // One more than the filter holds takes it away, and it does not come back by itself.
    create(&process.billing(), &listening(&[("few", &names[140..155])])).await;
    assert_eq!(account.filter("few").await, None);
    create(&process.billing(), &listening(&[("few", &names[..10])])).await;
    assert_eq!(account.filter("few").await, None);
}

#[derive(serde::Serialize, serde::Deserialize, Event)]
#[event(topic = "orders")]
struct OrderAudited {
    order_id: String,
}

#[melange::subscriber(listens_to = OrderPlaced, name = "provisioning")]
async fn tell(order: &OrderPlaced, State(heard): State<mpsc::UnboundedSender<String>>) {
    heard.send(order.order_id.clone()).unwrap();
}

#[tokio::test]
async fn what_was_made_carries_events_and_only_those_listened_to() {
    let account = Account::new().await;
    let process = account.process();
    let (heard, mut hearing) = mpsc::unbounded_channel();
    let bus = EventBus::builder()
        .linked_where(|subscriber| subscriber.name().ends_with("provisioning"))
        .state(heard)
        .transport(process.billing())
        .build()
        .unwrap();
    bus.start().await.unwrap();
    let id = EventId::new().to_string();
    let publisher = MessagePublisher::new(process.aws.clone());
    publisher.publish(OrderAudited { order_id: "unheard".to_owned() }).await.unwrap();
    publisher.publish(OrderPlaced { order_id: id.clone() }).await.unwrap();
    let first = tokio::time::timeout(Duration::from_secs(20), hearing.recv()).await.unwrap();
    assert_eq!(first, Some(id));
    bus.shutdown(Duration::from_secs(10)).await.unwrap();
    let left = account.queue("billing").await;
    assert_eq!(left["ApproximateNumberOfMessages"], "0", "the other event did not come through");
    let plan = process.billing().plan(bus.topology()).await.unwrap();
    assert!(plan.is_empty() && plan.unchanged() == 4, "{plan}");
}
