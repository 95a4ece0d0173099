//! FIFO queues and topics, through the SDK.

mod common;

use std::time::Duration;

use aws_sdk_sqs::types::Message;
use common::{Account, bodies, code};

const Q: &str = "q.fifo";

async fn account() -> Account {
    Account::with_queue(Q).await
}

#[tokio::test]
async fn a_receive_brings_a_group_in_order_and_locks_it() {
    let account = account().await;
    for body in ["a1", "a2", "b1", "a3"] {
        account.send_in_group(Q, &body[..1], body).await;
    }
    let request = account.sqs.receive_message().queue_url(account.url(Q)).max_number_of_messages(2);
    let first = request.send().await.unwrap().messages.unwrap();
    assert_eq!(bodies(&first), ["a1", "a2"]);
    let second = account.receive(Q).await;
    assert_eq!(bodies(&second), ["b1"], "a3 waits for those before it");
    assert!(account.receive(Q).await.is_empty());
    account.delete(Q, &first[0]).await.unwrap();
    assert!(account.receive(Q).await.is_empty(), "a2 is still in flight");
    account.delete(Q, &first[1]).await.unwrap();
    assert_eq!(bodies(&account.receive(Q).await), ["a3"]);
}

#[tokio::test]
async fn what_is_given_back_comes_before_what_is_after_it() {
    let account = account().await;
    for body in ["a1", "a2"] {
        account.send_in_group(Q, "a", body).await;
    }
    let both = account.receive(Q).await;
    account.change(Q, &both[0], 0).await.unwrap();
    assert!(account.receive(Q).await.is_empty(), "a2 is still in flight");
    account.change(Q, &both[1], 0).await.unwrap();
    let again = account.receive(Q).await;
    assert_eq!(bodies(&again), ["a1", "a2"]);
    assert_eq!(again[0].attributes().unwrap()[&"ApproximateReceiveCount".into()], "2");
}

#[tokio::test]
async fn a_receipt_whose_time_is_over_does_not_delete() {
    let account = account().await;
    account.send_in_group(Q, "a", "a1").await;
    let message = account.receive(Q).await.remove(0);
    account.stub.advance(Duration::from_secs(30));
    assert_eq!(account.delete(Q, &message).await, Err("InvalidParameterValue".into()));
    let again = account.receive(Q).await.remove(0);
    assert_eq!(account.delete(Q, &message).await, Err("InvalidParameterValue".into()));
    account.delete(Q, &again).await.unwrap();
    account.delete(Q, &again).await.unwrap();
    assert_eq!(account.counts(Q), (0, 0, 0));
}

#[tokio::test]
async fn a_deduplication_id_is_known_for_five_minutes_even_when_the_message_is_gone() {
    let account = account().await;
    let send = || {
        let request = account.sqs.send_message().queue_url(account.url(Q)).message_body("x");
        request.message_group_id("a").message_deduplication_id("1").send()
    };
    let first = send().await.unwrap();
    let message = account.receive(Q).await.remove(0);
    account.delete(Q, &message).await.unwrap();
    let second = send().await.unwrap();
    assert_eq!(first.message_id(), second.message_id());
    assert_eq!(first.sequence_number(), second.sequence_number());
    assert_eq!(account.counts(Q), (0, 0, 0));
    account.stub.advance(Duration::from_secs(300));
    let third = send().await.unwrap();
    assert_ne!(first.message_id(), third.message_id());
    assert_eq!(account.counts(Q), (1, 0, 0));
    assert_eq!(account.stub.messages().deduplicated, 1);
}

#[tokio::test]
async fn a_message_needs_a_group_and_a_deduplication_id() {
    let account = account().await;
    let send = || account.sqs.send_message().queue_url(account.url(Q)).message_body("x");
    assert_eq!(code(send().message_deduplication_id("1").send().await), Err("MissingParameter".into()));
    assert_eq!(code(send().message_group_id("a").send().await), Err("InvalidParameterValue".into()));
    account.stub.set_queue(Q, [("ContentBasedDeduplication", "true".to_owned())]);
    send().message_group_id("a").send().await.unwrap();
    send().message_group_id("b").send().await.unwrap();
    assert_eq!(account.counts(Q), (1, 0, 0), "the same body is the same message");
    account.stub.set_queue(Q, [("DeduplicationScope", "messageGroup".to_owned())]);
    send().message_group_id("b").send().await.unwrap();
    assert_eq!(account.counts(Q), (2, 0, 0), "in each group of its own");
}

#[tokio::test]
async fn the_same_attempt_brings_the_same_messages() {
    let account = account().await;
    for body in ["a1", "a2", "b1"] {
        account.send_in_group(Q, &body[..1], body).await;
    }
    let receive = |attempt: &'static str| {
        let request = account.sqs.receive_message().queue_url(account.url(Q)).max_number_of_messages(2);
        async move { request.receive_request_attempt_id(attempt).send().await.unwrap().messages.unwrap_or_default() }
    };
    let receipts = |messages: &[Message]| -> Vec<String> {
        messages.iter().map(|message| message.receipt_handle().unwrap().to_owned()).collect()
    };
    let first = receive("one").await;
    let again = receive("one").await;
    assert_eq!((bodies(&again), receipts(&again)), (vec!["a1", "a2"], receipts(&first)));
    assert_eq!(bodies(&receive("two").await), ["b1"]);
    assert_eq!(account.stub.messages().redelivered, 0);
    account.delete(Q, &first[0]).await.unwrap();
    assert!(receive("one").await.is_empty(), "one of them is gone, so it is a new attempt");
}

#[tokio::test]
async fn a_fifo_topic_keeps_order_and_deduplicates_for_all_its_queues() {
    let account = account().await;
    let topic = account.stub.create_topic("t.fifo");
    account.stub.create_queue("standard");
    account.stub.subscribe("t.fifo", Q, true);
    account.stub.subscribe("t.fifo", "standard", true);
    let publish = |body: &str| {
        let request = account.sns.publish().topic_arn(&topic).message(body).message_group_id("g");
        request.message_deduplication_id(body).send()
    };
    let first = publish("1").await.unwrap();
    publish("2").await.unwrap();
    let repeated = publish("1").await.unwrap();
    assert_eq!(first.message_id(), repeated.message_id());
    assert!(first.sequence_number().is_some());
    let messages = account.receive(Q).await;
    assert_eq!(bodies(&messages), ["1", "2"]);
    let system = messages[0].attributes().unwrap();
    assert_eq!(system[&"MessageGroupId".into()], "g");
    assert_eq!(system[&"MessageDeduplicationId".into()], "1");
    let standard = account.receive("standard").await;
    assert_eq!(bodies(&standard), ["1", "2"]);
    assert!(!standard[0].attributes().unwrap().contains_key(&"MessageGroupId".into()));

    let without = account.sns.publish().topic_arn(&topic).message("x");
    assert_eq!(code(without.clone().send().await), Err("InvalidParameter".into()), "no group");
    assert_eq!(code(without.message_group_id("g").send().await), Err("InvalidParameter".into()), "no id");
}

#[tokio::test]
async fn kinds_do_not_mix() {
    let account = account().await;
    let topic = account.stub.create_topic("orders");
    let queue = "arn:aws:sqs:us-east-1:000000000000:q.fifo";
    let subscribe = account.sns.subscribe().topic_arn(topic).protocol("sqs").endpoint(queue);
    assert_eq!(code(subscribe.send().await), Err("InvalidParameter".into()));
    let create = account.sqs.create_queue().queue_name("other.fifo");
    assert_eq!(code(create.send().await), Err("InvalidParameterValue".into()), "it must say that it is FIFO");
    assert_eq!(code(account.sns.create_topic().name("other.fifo").send().await), Err("InvalidParameter".into()));
}
