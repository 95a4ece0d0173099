//! What comes through when requests fail, and what is said of what does not.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use melange::MessagePublisher;
use melange::transport::TransportErrorKind as Kind;
use melange_aws::Aws;
use melange_aws_stub::Fault;

use crate::{account, arrived, batches, large, outcomes, patient, placed, ready, sorted};

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

#[tokio::test]
async fn a_publish_that_is_dropped_disturbs_nobody() {
    let (stub, publisher) = patient().await;
    let _slow = stub.inject(Fault::delay(Duration::from_millis(100)).on("PublishBatch"));
    let dropped = tokio::time::timeout(Duration::from_millis(30), publisher.publish(placed(0)));
    let (dropped, others) = tokio::join!(dropped, publisher.publish_all((1..4).map(placed)));
    assert!(dropped.is_err() && others.iter().all(Result::is_ok));
    assert_eq!(batches(&stub).len(), 1);
}
