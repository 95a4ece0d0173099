//! What publishing costs, and what comes through when AWS fails, on a stub that counts requests and fails on demand.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::future::IntoFuture as _;
use std::time::{Duration, Instant};

use melange::transport::TransportErrorKind as Kind;
use melange::{Event, EventId, MessagePublisher, PublishError};
use melange_aws::Aws;
use melange_aws_stub::{Call, Fault, Stub};
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(topic = "orders")]
struct OrderPlaced {
    number: u64,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    note: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(topic = "steps.fifo")]
struct Step {
    #[event(key)]
    order: u64,
    number: u64,
}

fn placed(number: u64) -> OrderPlaced {
    OrderPlaced { number, note: String::new() }
}

/// An event whose message has about this many bytes.
fn large(number: u64, bytes: usize) -> OrderPlaced {
    OrderPlaced { number, note: "x".repeat(bytes) }
}

fn step(order: u64, number: u64) -> Step {
    Step { order, number }
}

/// An account with the topics and queues of these tests.
async fn account() -> Stub {
    let stub = Stub::start().await;
    for (topic, queue) in [("orders", "billing"), ("steps.fifo", "steps.fifo")] {
        stub.create_topic(topic);
        stub.create_queue(queue);
        stub.subscribe(topic, queue, true);
    }
    stub
}

/// For what is to come through soon, or to be given up soon.
async fn ready() -> (Stub, MessagePublisher) {
    let stub = account().await;
    let publisher = MessagePublisher::new(Aws::from_config(&stub.hurried_config()));
    (stub, publisher)
}

/// For what is counted: on a busy machine nothing is to be tried again only because it took long.
async fn patient() -> (Stub, MessagePublisher) {
    let stub = account().await;
    let publisher = MessagePublisher::new(Aws::from_config(&stub.sdk_config()));
    (stub, publisher)
}

/// The events in a queue: id, key, number, in the order they came.
fn arrived(stub: &Stub, queue: &str) -> Vec<(String, u64, u64)> {
    let read = |body: &str| {
        let mut event: Value = serde_json::from_str(body).unwrap();
        if let Some(inner) = event.get("Message") {
            event = serde_json::from_str(inner.as_str().unwrap()).unwrap();
        }
        let number = |name: &str| event[name].as_u64().unwrap_or_default();
        (event["event_id"].as_str().unwrap().to_owned(), number("order"), number("number"))
    };
    stub.messages_in(queue).iter().map(|message| read(&message.body)).collect()
}

/// How many messages each request for batches carried.
fn batches(stub: &Stub) -> Vec<usize> {
    stub.calls_of("PublishBatch").iter().map(|call| call.entries).collect()
}

/// Most calls that were under way at the same time.
fn most_at_a_time(calls: &[Call]) -> usize {
    let under_way = |at: Instant| {
        calls.iter().filter(|call| call.at <= at && call.answered.is_none_or(|answered| answered > at)).count()
    };
    calls.iter().map(|call| under_way(call.at)).max().unwrap_or_default()
}

/// Publishes each in a call of its own, at the same time.
async fn crowd(publisher: &MessagePublisher, events: impl IntoIterator<Item = OrderPlaced>) -> Vec<String> {
    let tasks: Vec<_> = events
        .into_iter()
        .map(|event| {
            let publisher = publisher.clone();
            tokio::spawn(async move { publisher.publish(event).await })
        })
        .collect();
    let mut ids = Vec::with_capacity(tasks.len());
    for task in tasks {
        ids.push(task.await.unwrap().unwrap().to_string());
    }
    ids
}

fn outcomes(answers: &[Result<EventId, PublishError>]) -> Vec<Option<Kind>> {
    let kind = |error: &PublishError| error.transport_error().map(|error| error.kind());
    answers.iter().map(|answer| answer.as_ref().err().and_then(kind)).collect()
}

fn sorted<T: Ord>(items: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut items: Vec<T> = items.into_iter().collect();
    items.sort();
    items
}

// What it costs.

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

// What comes through.

#[tokio::test]
async fn of_a_batch_only_the_entries_that_may_pass_are_sent_again() {
    let (stub, publisher) = patient().await;
    let _some = stub.inject(Fault::fail_entries([1, 3], "InternalError", false).on("PublishBatch").times(2));
    let answers = publisher.publish_all((0..5).map(placed)).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    // 1 and 3 come again; then 3 is at place 1.
    assert_eq!(batches(&stub), [5, 2, 1]);
    assert_eq!(sorted(arrived(&stub, "billing").iter().map(|(.., number)| *number)), [0, 1, 2, 3, 4]);

    stub.reset_counts();
    let _one = stub.inject(Fault::fail_entries([2], "InvalidParameter", true).on("PublishBatch").times(1));
    let answers = publisher.publish_all((5..9).map(placed)).await;
    assert_eq!(outcomes(&answers), [None, None, Some(Kind::InvalidMessage), None]);
    assert_eq!(batches(&stub), [4]);
}

#[tokio::test]
async fn an_entry_that_is_not_answered_for_is_a_failure() {
    let (stub, publisher) = patient().await;
    for fault in [Fault::omit_entries([1]), Fault::lose_entries([1])] {
        let _one = stub.inject(fault.on("PublishBatch").times(1));
        let answers = publisher.publish_all((0..3).map(placed)).await;
        assert_eq!(outcomes(&answers), [None, Some(Kind::Unavailable), None]);
        let error = answers[1].as_ref().unwrap_err();
        assert!(error.is_uncertain() && error.is_retryable(), "{error}");
    }
    assert_eq!(batches(&stub), [3, 3]);
}

#[tokio::test]
async fn what_is_throttled_is_sent_again_and_if_that_lasts_it_was_surely_not_taken() {
    let (stub, publisher) = ready().await;
    let throttled = stub.inject(Fault::error("Throttling").on("PublishBatch").times(7));
    publisher.publish(placed(1)).await.unwrap();
    assert_eq!((stub.requests().of("PublishBatch"), arrived(&stub, "billing").len()), (8, 1));
    drop(throttled);

    let _lasting = stub.inject(Fault::error("Throttling").on("PublishBatch"));
    let begun = Instant::now();
    let error = publisher.publish(placed(2)).await.unwrap_err();
    assert!(error.is_retryable() && !error.is_uncertain(), "{error}");
    assert!(error.to_string().contains("Throttling") && error.to_string().contains("given up after"), "{error}");
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn an_event_whose_answer_was_lost_is_published_again_under_its_id() {
    let (stub, publisher) = ready().await;
    for fault in [Fault::close_after(), Fault::truncate(), Fault::stall(), Fault::garbage(), Fault::html()] {
        let _one = stub.inject(fault.clone().on("PublishBatch").times(1));
        let id = publisher.publish(placed(1)).await.unwrap_or_else(|error| panic!("{fault:?}: {error}")).to_string();
        assert!(arrived(&stub, "billing").iter().any(|(arrived, ..)| *arrived == id), "{fault:?}");
    }
    let ids: BTreeSet<String> = arrived(&stub, "billing").into_iter().map(|(id, ..)| id).collect();
    assert_eq!(ids.len(), 5, "a second try is no second event");

    // If it is always lost, nobody knows, and that is what is said.
    let _lasting = stub.inject(Fault::close_after().on("PublishBatch"));
    let error = publisher.publish(placed(2)).await.unwrap_err();
    assert!(error.is_uncertain() && error.is_retryable(), "{error}");
    let id = error.event_id().unwrap().to_string();
    assert!(arrived(&stub, "billing").iter().any(|(arrived, ..)| *arrived == id));
}

#[tokio::test]
async fn one_lost_try_makes_a_later_refusal_uncertain() {
    let (stub, publisher) = ready().await;
    let _lost = stub.inject(Fault::close_after().on("PublishBatch").times(1));
    let _denied = stub.inject(Fault::error("AuthorizationError").on("PublishBatch"));
    let error = publisher.publish(placed(1)).await.unwrap_err();
    assert_eq!(error.transport_error().unwrap().kind(), Kind::Denied);
    assert!(error.is_uncertain(), "its first try arrived: {error}");
    assert_eq!(arrived(&stub, "billing").len(), 1);
}

#[tokio::test]
async fn what_is_refused_is_not_tried_again_and_not_uncertain() {
    let (stub, publisher) = ready().await;
    for (code, kind, words) in [
        ("AuthorizationError", Kind::Denied, "allow `sns:Publish`"),
        ("NotFound", Kind::NotFound, "Provision::Create"),
        ("ExpiredToken", Kind::Denied, "renew them"),
    ] {
        stub.reset_counts();
        stub.clear_faults();
        let _refused = stub.inject(Fault::error(code).on("PublishBatch"));
        let answers = publisher.publish_all((0..3).map(placed)).await;
        assert_eq!(outcomes(&answers), [Some(kind); 3], "{code}");
        let error = answers[0].as_ref().unwrap_err();
        assert!(!error.is_uncertain() && !error.is_retryable(), "{code}");
        assert!(error.to_string().contains(words) && error.to_string().contains("topic orders"), "{error}");
        assert_eq!(batches(&stub).len(), 1, "{code}");
    }
}

#[tokio::test]
async fn where_nobody_listens_nothing_was_sent_and_that_is_said() {
    let stub = account().await;
    let config = stub.hurried_config();
    drop(stub);
    let error = MessagePublisher::new(Aws::from_config(&config)).publish(placed(1)).await.unwrap_err();
    assert_eq!(error.transport_error().unwrap().kind(), Kind::Unavailable, "{error}");
    assert!(error.is_retryable() && !error.is_uncertain(), "{error}");
}

#[tokio::test]
async fn in_a_batch_that_is_refused_as_a_whole_only_the_guilty_one_fails() {
    let stub = account().await;
    // It was told that the topic takes more than it does.
    let aws = Aws::from_config(&stub.sdk_config()).max_message_bytes("orders", 1_048_576);
    let events = [large(0, 100_000), large(1, 300_000), large(2, 100_000), placed(3)];
    let answers = MessagePublisher::new(aws).publish_all(events).await;
    assert_eq!(outcomes(&answers), [None, Some(Kind::InvalidMessage), None, None]);
    assert_eq!(batches(&stub).len(), 5);
    assert_eq!(sorted(arrived(&stub, "billing").iter().map(|(.., number)| *number)), [0, 2, 3]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn groups_stay_in_order_and_whole_through_all_of_it() {
    let (stub, publisher) = ready().await;
    let _faults = [
        stub.inject(Fault::fail_entries([0, 4, 7], "InternalError", false).on("PublishBatch").chance(0.3, 1)),
        stub.inject(Fault::error("Throttling").on("PublishBatch").chance(0.1, 2)),
        stub.inject(Fault::close_after().on("PublishBatch").chance(0.1, 3)),
        stub.inject(Fault::close_before().on("PublishBatch").chance(0.1, 4)),
        stub.inject(Fault::delay(Duration::from_millis(7)).on("PublishBatch").chance(0.3, 5)),
    ];
    let begun = Instant::now();
    let answers = publisher.publish_all((0..400).map(|n| step(n % 20, n / 20))).await;
    println!("400 events of 20 groups: {} requests in {:?}", stub.requests().total(), begun.elapsed());
    let failed: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().err()).map(ToString::to_string).collect();
    assert!(failed.is_empty(), "{failed:#?}");
    let mut groups: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    for (_, order, number) in arrived(&stub, "steps.fifo") {
        groups.entry(order).or_default().push(number);
    }
    assert_eq!(groups.len(), 20);
    for (group, numbers) in groups {
        assert_eq!(numbers, (0..20).collect::<Vec<_>>(), "group {group}");
    }
}

#[tokio::test]
async fn behind_a_failure_nothing_of_the_group_is_sent_and_other_groups_are() {
    let (stub, publisher) = patient().await;
    let _first = stub.inject(Fault::fail_entries([0], "AuthorizationError", true).on("PublishBatch").times(1));
    let answers = publisher.publish_all([step(1, 0), step(2, 0), step(1, 1), step(2, 1)]).await;
    assert_eq!(outcomes(&answers), [Some(Kind::Denied), None, Some(Kind::Unavailable), None]);
    let behind = answers[2].as_ref().unwrap_err();
    assert!(behind.is_retryable() && !behind.is_uncertain());
    assert!(behind.to_string().contains("an earlier message of the same key"), "{behind}");
    assert_eq!(
        arrived(&stub, "steps.fifo").iter().map(|(_, order, n)| (*order, *n)).collect::<Vec<_>>(),
        [(2, 0), (2, 1)]
    );
}

#[tokio::test]
async fn a_publish_that_is_dropped_disturbs_nobody() {
    let (stub, publisher) = patient().await;
    let _slow = stub.inject(Fault::delay(Duration::from_millis(100)).on("PublishBatch"));
    let dropped = tokio::time::timeout(Duration::from_millis(30), publisher.publish(placed(0)));
    let (dropped, others) = tokio::join!(dropped, publisher.publish_all((1..4).map(placed)));
    assert!(dropped.is_err() && others.iter().all(Result::is_ok));
    assert_eq!(batches(&stub).len(), 1);
}

// Straight to a queue.

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

#[tokio::test]
async fn the_group_goes_along_where_there_is_a_key() {
    let (stub, publisher) = patient().await;
    #[derive(Serialize, Deserialize, Event)]
    #[event(topic = "orders")]
    struct Keyed {
        #[event(key)]
        tenant: String,
    }
    let keyed = |tenant: &str| Keyed { tenant: tenant.to_owned() };
    publisher.publish(keyed("tenant-1")).await.unwrap();
    publisher.send_to("billing", keyed("tenant 2")).await.unwrap();
    publisher.publish(placed(1)).await.unwrap();
    let groups: Vec<_> = stub.messages_in("billing").into_iter().map(|message| message.group).collect();
    assert_eq!(groups[0].as_deref(), Some("tenant-1"));
    assert_eq!(groups[1].as_ref().map(String::len), Some(64), "what AWS refuses as a group goes as its hash");
    assert_eq!(groups[2], None);
}
