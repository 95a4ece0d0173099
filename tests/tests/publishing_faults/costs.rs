//! What publishing costs.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use melange::MessagePublisher;
use melange::transport::TransportErrorKind as Kind;
use melange_aws::Aws;
use melange_aws_stub::Fault;

use crate::{account, arrived, batches, crowd, large, most_at_a_time, outcomes, patient, placed, sorted, step};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_concurrent_publishes_are_a_hundred_requests() {
    let (stub, publisher) = patient().await;
    let begun = Instant::now();
    let ids = crowd(&publisher, (0..1_000).map(placed)).await;
    println!("1,000 concurrent publishes: {} requests in {:?}", stub.requests().total(), begun.elapsed());
    assert!(stub.requests().total() <= 105, "{:?}", stub.requests());
    assert_eq!(stub.requests().actions(), ["PublishBatch"], "a publisher needs no other right");
    assert!(most_at_a_time(&stub.calls()) <= 16);
    assert_eq!(sorted(arrived(&stub, "billing").into_iter().map(|(id, ..)| id)), sorted(ids), "each once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_at_the_same_time_are_one_request_and_a_slice_of_25_is_three() {
    let stub = account().await;
    let lingering = |long| MessagePublisher::new(Aws::from_config(&stub.sdk_config()).linger(long));
    let begun = Instant::now();
    crowd(&lingering(Duration::from_secs(30)), (0..10).map(placed)).await;
    assert!(begun.elapsed() < Duration::from_secs(20), "what is full waits for nothing: {:?}", begun.elapsed());
    let publisher = lingering(Duration::from_millis(500));
    assert!(publisher.publish_all((0..25).map(placed)).await.iter().all(Result::is_ok));
    assert_eq!(sorted(batches(&stub)), [5, 10, 10, 10]);
}

#[tokio::test]
async fn who_publishes_alone_stops_waiting_for_company() {
    let stub = account().await;
    let window = Duration::from_secs(1);
    let publisher = MessagePublisher::new(Aws::from_config(&stub.sdk_config()).linger(window));
    let mut took = Vec::new();
    for number in 0..20 {
        let begun = Instant::now();
        publisher.publish(placed(number)).await.unwrap();
        took.push(begun.elapsed());
    }
    assert_eq!(stub.requests().of("PublishBatch"), 20);
    assert!(took[..3].iter().all(|took| *took >= window), "{took:?}");
    let rest = sorted(took[3..].iter().copied());
    println!("alone: the median publish took {:?}", rest[rest.len() / 2]);
    assert!(rest[rest.len() / 2] < window / 2, "{took:?}");
}

#[tokio::test]
async fn without_a_window_every_call_is_a_request_of_its_own() {
    let stub = account().await;
    let publisher = MessagePublisher::new(Aws::from_config(&stub.sdk_config()).linger(Duration::ZERO));
    crowd(&publisher, (0..20).map(placed)).await;
    assert_eq!(batches(&stub), [1; 20]);
    assert!(publisher.publish_all((0..10).map(placed)).await.iter().all(Result::is_ok));
    assert_eq!(stub.requests().of("PublishBatch"), 21);
}

#[tokio::test]
async fn a_request_holds_as_many_bytes_as_the_topic_takes() {
    let (stub, publisher) = patient().await;
    // Four of them are within 256 KiB, five are not.
    assert!(publisher.publish_all((0..10).map(|n| large(n, 60_000))).await.iter().all(Result::is_ok));
    assert_eq!(sorted(batches(&stub)), [2, 4, 4]);
    assert!(stub.calls_of("PublishBatch").iter().all(|call| call.bytes <= 262_144));
    assert_eq!(arrived(&stub, "billing").len(), 10);

    // A topic that was told to take more.
    stub.reset_counts();
    let config = stub.sdk_config();
    let arn = "arn:aws:sns:us-east-1:000000000000:orders";
    let set = aws_sdk_sns::Client::new(&config).set_topic_attributes().topic_arn(arn);
    set.attribute_name("MaximumMessageSize").attribute_value("1048576").send().await.unwrap();
    let publisher = MessagePublisher::new(Aws::from_config(&config).max_message_bytes("orders", 1_048_576));
    assert!(publisher.publish_all((0..10).map(|n| large(n, 60_000))).await.iter().all(Result::is_ok));
    assert_eq!(batches(&stub), [10]);
    publisher.publish(large(10, 1_000_000)).await.unwrap();
}

#[tokio::test]
async fn what_can_never_arrive_is_refused_before_the_network() {
    let (stub, publisher) = patient().await;
    let answers = publisher.publish_all([placed(1), large(2, 300_000), placed(3)]).await;
    assert_eq!(outcomes(&answers), [None, Some(Kind::InvalidMessage), None]);
    let error = answers[1].as_ref().unwrap_err();
    assert!(error.is_invalid() && !error.is_retryable() && !error.is_uncertain());
    let text = error.to_string();
    for part in ["event OrderPlaced", "topic \"orders\"", "at most 262144", "aws.max_message_bytes(\"orders\", "] {
        assert!(text.contains(part), "{text}");
    }
    assert_eq!(batches(&stub), [2]);
}

#[tokio::test]
async fn no_more_requests_are_under_way_than_there_may_be() {
    let stub = account().await;
    let _slow = stub.inject(Fault::delay(Duration::from_millis(50)).on("PublishBatch"));
    let publisher = MessagePublisher::new(Aws::from_config(&stub.sdk_config()).max_in_flight(3));
    crowd(&publisher, (0..200).map(placed)).await;
    assert_eq!(batches(&stub), [10; 20]);
    assert_eq!(most_at_a_time(&stub.calls()), 3);
}

#[tokio::test]
async fn topics_share_no_requests() {
    let (stub, publisher) = patient().await;
    let (orders, steps) =
        tokio::join!(publisher.publish_all((0..5).map(placed)), publisher.publish_all((0..5).map(|n| step(n, 0))));
    assert!(orders.iter().chain(&steps).all(Result::is_ok));
    let targets: BTreeSet<(String, usize)> =
        stub.calls().iter().map(|call| (call.target.to_string(), call.entries)).collect();
    assert_eq!(targets, BTreeSet::from([("orders".to_owned(), 5), ("steps.fifo".to_owned(), 5)]));
}
