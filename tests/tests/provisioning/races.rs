//! Several processes at once.

use std::collections::BTreeSet;
use std::time::Duration;

use melange::transport::Topology;

use crate::account::{Account, create, listening, plan, set};

/// These services start on one queue at the same moment; nothing that any of them needs is missing afterwards.
async fn start_at_once(account: &Account, topologies: &[Topology]) {
    let starts = topologies.iter().cloned().map(|topology| {
        let process = account.process();
        tokio::spawn(async move { create(&process.billing(), &topology).await })
    });
    for start in starts.collect::<Vec<_>>() {
        start.await.expect("it comes to an end");
    }
    for topology in topologies {
        let plan = plan(&account.process().billing(), topology).await;
        assert!(plan.is_empty(), "{plan}");
    }
}

fn of_topics(topics: &[String]) -> Vec<Topology> {
    topics.iter().map(|topic| listening(&[(topic, &["Happened"])])).collect()
}

fn numbered(count: usize) -> Vec<String> {
    (0..count).map(|i| format!("topic-{i}")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_with_different_topics() {
    let account = Account::new().await;
    start_at_once(&account, &of_topics(&numbered(2))).await;
    assert_eq!(account.senders("billing").await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_with_different_topics_on_a_queue_that_is_there() {
    let account = Account::new().await;
    create(&account.process().billing(), &listening(&[("first", &["Happened"])])).await;
    let topics = numbered(5);
    start_at_once(&account, &of_topics(&topics)).await;
    let all: BTreeSet<String> =
        topics.iter().map(String::as_str).chain(["first"]).map(|topic| account.topic_arn(topic)).collect();
    assert_eq!(account.senders("billing").await, all);
    assert_eq!(account.policy("billing").await["Statement"].as_array().map(Vec::len), Some(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_that_listen_to_different_events_of_one_topic() {
    let account = Account::new().await;
    create(&account.process().billing(), &listening(&[("orders", &["First"])])).await;
    let names = ["A", "B", "C", "D", "E"];
    let topologies: Vec<Topology> = names.iter().map(|name| listening(&[("orders", &[name])])).collect();
    start_at_once(&account, &topologies).await;
    assert_eq!(account.filter("orders").await, Some(set(&["A", "B", "C", "D", "E", "First"])));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_of_the_same_from_nothing() {
    let account = Account::new().await;
    let same = listening(&[("orders", &["A", "B"]), ("users", &["C"])]);
    start_at_once(&account, &vec![same; 5]).await;
    assert_eq!(account.filter("orders").await, Some(set(&["A", "B"])));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_from_nothing_that_differ_in_everything() {
    let account = Account::new().await;
    let starts = (0..5_u64).map(|i| {
        let process = account.process();
        let topology =
            listening(&[("orders", &[["A", "B", "C", "D", "E"][i as usize]]), (&format!("own-{i}"), &["X"])]);
        tokio::spawn(async move {
            let queue = process.billing().visibility(Duration::from_secs(30 + i)).tag(format!("tag-{i}"), "x");
            create(&queue, &topology).await;
        })
    });
    for start in starts.collect::<Vec<_>>() {
        start.await.expect("it comes to an end");
    }
    assert_eq!(account.filter("orders").await, Some(set(&["A", "B", "C", "D", "E"])));
    assert_eq!(account.senders("billing").await.len(), 6);
    let answer = account.sqs.list_queue_tags().queue_url(account.queue_url("billing").await).send().await.unwrap();
    assert_eq!(answer.tags.unwrap().len(), 5);
}

/// A write that was under way when another process believed itself to be done.
async fn a_late_write(action: &'static str, part: &'static str, old: Topology, new: Topology) -> Account {
    let account = Account::new().await;
    create(&account.process().billing(), &listening(&[("first", &["First"]), ("orders", &["First"])])).await;
    let (slow, quick) = (account.process(), account.process());
    slow.wire.hold(action, part, Duration::from_millis(1500));
    let late = tokio::spawn(async move { create(&slow.billing(), &old).await });
    tokio::time::sleep(Duration::from_millis(700)).await;
    create(&quick.billing(), &new).await;
    late.await.expect("it comes to an end");
    account
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_policy_undoes_nothing() {
    let (old, new) = (listening(&[("old", &["Happened"])]), listening(&[("new", &["Happened"])]));
    let account = a_late_write("sqs:SetQueueAttributes", "Policy", old, new).await;
    let all = ["first", "orders", "old", "new"].map(|topic| account.topic_arn(topic));
    assert_eq!(account.senders("billing").await, all.into());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_filter_undoes_nothing() {
    let (old, new) = (listening(&[("orders", &["Old"])]), listening(&[("orders", &["New"])]));
    let account = a_late_write("sns:SetSubscriptionAttributes", "FilterPolicy", old, new).await;
    assert_eq!(account.filter("orders").await, Some(set(&["First", "New", "Old"])));
}
