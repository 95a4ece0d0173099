//! Straight to a queue: it costs as little as publishing to a topic, and is answered for as well.

use std::collections::HashMap;
use std::future::IntoFuture as _;
use std::time::Duration;

use melange::transport::TransportErrorKind as Kind;
use melange_aws_stub::Fault;

use crate::{arrived, outcomes, patient, placed, ready, step};

#[tokio::test]
async fn what_is_sent_to_a_queue_shares_requests_too() {
    let (stub, publisher) = patient().await;
    let mut sends = Vec::new();
    for number in 0..100 {
        sends.push(publisher.send_to("billing", placed(number)).delay(Duration::from_secs(number % 2)).into_future());
    }
    for sent in futures_util::future::join_all(sends).await {
        sent.unwrap();
    }
    assert_eq!(stub.requests().of("SendMessageBatch"), 10);
    assert_eq!(stub.requests().of("GetQueueUrl"), 1);
    let standings = stub.standings("billing").unwrap();
    assert_eq!((standings.visible, standings.delayed), (50, 50));
    let messages = stub.messages_in("billing");
    let attributes: HashMap<_, _> = messages[0].attributes.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let expected = [("event_type", "OrderPlaced"), ("manifest", "OrderPlaced"), ("serializer_id", "1")];
    assert_eq!(attributes, HashMap::from(expected));
    assert!(
        messages[0].body.starts_with("{\"Message\":\"{\\\"event_type_name\\\":\\\"OrderPlaced\\\""),
        "{}",
        messages[0].body
    );
}

#[tokio::test]
async fn a_queue_answers_for_each_as_a_topic_does() {
    let (stub, publisher) = ready().await;
    let _some = stub.inject(Fault::fail_entries([0], "InternalError", false).on("SendMessageBatch").times(1));
    let send = |number| publisher.send_to("billing", placed(number)).into_future();
    let answers = futures_util::future::join_all((0..3).map(send)).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    let _one = stub.inject(Fault::fail_entries([1], "InvalidMessageContents", true).on("SendMessageBatch").times(1));
    let answers = futures_util::future::join_all((3..6).map(send)).await;
    assert_eq!(outcomes(&answers), [None, Some(Kind::InvalidMessage), None]);
    assert!(answers[1].as_ref().unwrap_err().to_string().contains("queue billing"));

    let _lost = stub.inject(Fault::close_after().on("SendMessageBatch").times(1));
    for number in 0..5 {
        publisher.send_to("steps.fifo", step(1, number)).await.unwrap();
    }
    let numbers: Vec<u64> = arrived(&stub, "steps.fifo").iter().map(|(.., number)| *number).collect();
    assert_eq!(numbers, [0, 1, 2, 3, 4], "a lost answer makes no second message in a FIFO queue");

    stub.remove_queue("billing");
    let gone = send(9).await.unwrap_err();
    assert_eq!(gone.transport_error().unwrap().kind(), Kind::NotFound);
    stub.create_queue("billing");
    send(9).await.unwrap();
}
