use std::time::Duration;

use tokio::time::advance;

use super::super::fixture::SECOND;
use super::super::fixture::program::{account, all, kind, texts};
use super::super::{QueueSettings, Receive, Subscription, TopicSettings};
use super::*;

fn fifo(body: &str, group: &str, id: &str) -> Outgoing {
    Outgoing::new(body).group(group).dedup_id(id)
}

#[test]
fn topics_and_queues_take_what_is_theirs() {
    let account = account();
    let plain = || Outgoing::new("x");
    for (queue, message, fine) in [
        ("q", plain(), true),
        ("q", plain().group("tenant"), true),
        ("q", plain().dedup_id("d"), false),
        ("q", plain().delay(900 * SECOND), true),
        ("q", plain().delay(901 * SECOND), false),
        ("q", plain().subject("s"), false),
        ("q", plain().group("a b"), false),
        ("q.fifo", plain(), false),
        ("q.fifo", plain().group("g"), false),
        ("q.fifo", plain().dedup_id("d"), false),
        ("q.fifo", plain().group("g").dedup_id("d"), true),
        ("q.fifo", plain().group("g").dedup_id("d").delay(Duration::ZERO), false),
        ("q.fifo", plain().group("").dedup_id("d"), false),
        ("q.fifo", plain().group("g").dedup_id("é"), false),
        ("q.fifo", plain().group("x".repeat(129)).dedup_id("d"), false),
    ] {
        let answer = account.send(queue, message);
        assert_eq!(
            answer.as_ref().err().map(Refused::kind),
            (!fine).then_some(RefusedKind::InvalidParameter),
            "{queue} {answer:?}"
        );
    }
    for (topic, message, fine) in [
        ("t", plain().subject("é".repeat(99)).group("tenant"), true),
        ("t", plain().subject("x".repeat(100)), false),
        ("t", plain().subject(""), false),
        ("t", plain().subject("a\nb"), false),
        ("t", plain().delay(SECOND), false),
        ("t", plain().attribute("n", crate::AttributeValue::Number("1700000000000.123456".to_owned())), true),
        ("t", plain().dedup_id("d"), false),
        ("t.fifo", plain(), false),
        ("t.fifo", plain().group("g"), false),
        ("t.fifo", plain().group("g").dedup_id("d"), true),
    ] {
        let answer = account.publish(topic, message);
        assert_eq!(
            answer.as_ref().err().map(Refused::kind),
            (!fine).then_some(RefusedKind::InvalidParameter),
            "{topic} {answer:?}"
        );
    }
    assert_eq!(kind(account.publish("nowhere", plain())), RefusedKind::NotFound);
    assert_eq!(kind(account.send("nowhere", plain())), RefusedKind::NotFound);
}

#[tokio::test(start_paused = true)]
async fn a_duplicate_is_given_what_the_first_was() {
    let account = account();
    let first = account.send("q.fifo", fifo("1", "g", "d")).unwrap();
    let received = all(&account, "q.fifo").await.remove(0);
    assert_eq!(received.sequence_number, first.sequence_number);
    account.delete("q.fifo", &received.receipt).unwrap();
    assert_eq!(
        account.send("q.fifo", fifo("2", "h", "d")).unwrap(),
        first,
        "in another group, with another body, and deleted before"
    );
    assert!(texts(&account, "q.fifo").await.is_empty());
    advance(300 * SECOND).await;
    let later = account.send("q.fifo", fifo("3", "g", "d")).unwrap();
    assert!(later.message_id != first.message_id && later.sequence_number > first.sequence_number);
    assert_eq!(texts(&account, "q.fifo").await, ["3"]);
    let published = account.publish("t.fifo", fifo("1", "g", "d")).unwrap();
    assert_eq!(account.publish("t.fifo", fifo("2", "g", "d")).unwrap(), published);
}

#[tokio::test(start_paused = true)]
async fn ids_may_count_within_their_group() {
    let account = account();
    account.create_queue("g.fifo", QueueSettings::new().dedup_by_group(true)).unwrap();
    account.create_topic("g.fifo", TopicSettings::new().dedup_by_group(true)).unwrap();
    account.subscribe(Subscription::new("g.fifo", "g.fifo").raw(true)).unwrap();
    for (body, group) in [("1", "g"), ("2", "h"), ("3", "g")] {
        account.send("g.fifo", fifo(body, group, "sent")).unwrap();
        account.publish("g.fifo", fifo(&format!("{body}p"), group, "published")).unwrap();
    }
    let mut all = texts(&account, "g.fifo").await;
    all.sort();
    assert_eq!(all, ["1", "1p", "2", "2p"]);
}

#[tokio::test(start_paused = true)]
async fn a_body_may_tell_messages_apart() {
    let account = account();
    account.create_queue("c.fifo", QueueSettings::new().dedup_by_content(true)).unwrap();
    account.create_topic("c.fifo", TopicSettings::new().dedup_by_content(true)).unwrap();
    account.subscribe(Subscription::new("c.fifo", "q.fifo").raw(true)).unwrap();
    let said = |body: &str, attribute: &str| {
        Outgoing::new(body).group("g").attribute("a", crate::AttributeValue::String(attribute.to_owned()))
    };
    for message in [said("1", "x"), said("1", "y"), said("2", "x"), said("1", "x").dedup_id("told")] {
        account.send("c.fifo", message.clone()).unwrap();
        account.publish("c.fifo", message).unwrap();
    }
    assert_eq!(
        texts(&account, "c.fifo").await,
        ["1", "2", "1"],
        "attributes do not count, and an id that is told does"
    );
    assert_eq!(texts(&account, "q.fifo").await, ["1", "2", "1"], "the topic passes on by what it knows them");
}

#[tokio::test(start_paused = true)]
async fn what_a_body_is_known_by_is_its_hash() {
    let hash = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
    let account = account();
    account.create_topic("c.fifo", TopicSettings::new().dedup_by_content(true)).unwrap();
    account.subscribe(Subscription::new("c.fifo", "q.fifo").raw(true)).unwrap();
    let first = account.publish("c.fifo", Outgoing::new("hello").group("g")).unwrap();
    assert_eq!(account.publish("c.fifo", fifo("told", "g", hash)).unwrap(), first, "as if it had been told");
    let received = account.receive("q.fifo", Receive::up_to(10)).await.unwrap();
    assert_eq!((received.len(), received[0].dedup_id.as_deref()), (1, Some(hash)), "the queue shows it, too");
}

#[test]
fn a_batch_is_refused_as_a_whole_for_its_shape() {
    let account = account();
    let x = || Outgoing::new("x");
    let numbered = |n: usize| (0..n).map(|i| (i.to_string(), Outgoing::new("x"))).collect::<Vec<_>>();
    let cases: Vec<(Vec<(String, Outgoing)>, RefusedKind)> = vec![
        (vec![], RefusedKind::EmptyBatch),
        (numbered(11), RefusedKind::TooManyEntries),
        (vec![("a".to_owned(), x()), ("a".to_owned(), x())], RefusedKind::IdsNotDistinct),
        (vec![(String::new(), x())], RefusedKind::InvalidEntryId),
        (vec![("a b".to_owned(), x())], RefusedKind::InvalidEntryId),
        (vec![("x".repeat(81), x())], RefusedKind::InvalidEntryId),
    ];
    for (entries, wanted) in cases {
        assert_eq!(kind(account.send_batch("q", entries.clone())), wanted);
        assert_eq!(kind(account.publish_batch("t", entries)), wanted);
    }
    account.send_batch("q", [("x".repeat(80), x())]).unwrap();
    assert_eq!(account.publish_batch("t", numbered(10)).unwrap().successful.len(), 10);
    assert_eq!(kind(account.send_batch("nowhere", numbered(1))), RefusedKind::NotFound);
    assert_eq!(kind(account.publish_batch("nowhere", numbered(1))), RefusedKind::NotFound);
}

#[test]
fn a_batch_is_refused_as_a_whole_for_its_size() {
    let account = account();
    let two = |each: usize| [("a", Outgoing::new("x".repeat(each))), ("b", Outgoing::new("x".repeat(each)))];
    account.send_batch("q", two(524_288)).unwrap();
    assert_eq!(kind(account.send_batch("q", two(524_289))), RefusedKind::BatchTooLong);
    account.publish_batch("t", two(131_072)).unwrap();
    assert_eq!(kind(account.publish_batch("t", two(131_073))), RefusedKind::BatchTooLong);
    account.create_topic("large", TopicSettings::new().max_bytes(1_048_576)).unwrap();
    account.publish_batch("large", two(524_288)).unwrap();
}

#[tokio::test(start_paused = true)]
async fn entries_fail_on_their_own() {
    let account = account();
    let entries =
        || [("a", Outgoing::new("1")), ("b", Outgoing::new("\0")), ("c", Outgoing::new("")), ("d", Outgoing::new("2"))];
    for answer in [account.send_batch("q", entries()).unwrap(), account.publish_batch("t", entries()).unwrap()] {
        let done: Vec<_> = answer.successful.iter().map(|(id, _)| id.as_str()).collect();
        assert_eq!(done, ["a", "d"]);
        let failed: Vec<_> = answer
            .failed
            .iter()
            .map(|failed| (failed.id.as_str(), failed.refused.kind(), failed.sender_fault))
            .collect();
        assert_eq!(failed, [("b", RefusedKind::InvalidContents, true), ("c", RefusedKind::InvalidParameter, true)]);
    }
    assert_eq!(texts(&account, "q").await, ["1", "2"]);
}

#[tokio::test(start_paused = true)]
async fn a_delay_of_a_message_counts_before_that_of_the_queue() {
    let account = account();
    account.change_queue("q", QueueSettings::new().delay(10 * SECOND)).unwrap();
    account.send("q", Outgoing::new("queue's")).unwrap();
    account.send("q", Outgoing::new("own").delay(SECOND)).unwrap();
    account.send("q", Outgoing::new("none").delay(Duration::ZERO)).unwrap();
    assert_eq!(texts(&account, "q").await, ["none"]);
    advance(SECOND).await;
    assert_eq!(texts(&account, "q").await, ["own"]);
    advance(9 * SECOND).await;
    assert_eq!(texts(&account, "q").await, ["queue's"]);
    account.change_queue("q.fifo", QueueSettings::new().delay(SECOND)).unwrap();
    account.send("q.fifo", fifo("1", "g", "d")).unwrap();
    assert!(texts(&account, "q.fifo").await.is_empty());
    advance(SECOND).await;
    assert_eq!(texts(&account, "q.fifo").await, ["1"]);
}
