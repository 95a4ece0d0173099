//! A message that is done is deleted, and one that is given up is never nowhere, whatever the calls are answered with.

use std::time::Duration;

use futures_util::future::join_all;
use melange_aws_stub::{Fault, Stub};

use crate::world::{PATIENCE, World, eventually};

#[tokio::test]
async fn a_delete_whose_answer_was_lost_is_made_again() {
    let faults = [
        Fault::close_after(),
        Fault::http(500),
        Fault::html(),
        Fault::error("RequestThrottled"),
        Fault::error("KMS.ThrottlingException"),
        Fault::empty(),
        Fault::fail_entries([0], "InternalError", false),
        Fault::omit_entries([0]),
        Fault::lose_entries([0]),
    ];
    let runs = faults.map(async |fault| {
        let world = World::new().await;
        let running = world.bus();
        running.bus.start().await.unwrap();
        world.stub.inject(fault.clone().on("DeleteMessageBatch").times(1));
        world.publish("o-1").await;
        running.handles(&["o-1"]).await;
        let gone = |stub: &Stub| {
            let standings = stub.standings("billing").unwrap();
            standings.visible + standings.in_flight == 0
        };
        assert!(world.stub.until(PATIENCE, gone).await, "{fault:?}");
        running.stop().await;
        assert_eq!(world.stub.messages().redelivered, 0, "{fault:?}");
    });
    join_all(runs).await;
}

#[tokio::test]
async fn of_a_batch_of_deletes_only_those_that_failed_are_made_again() {
    use melange::Transport;
    let world = World::new().await;
    let queue = world.queue();
    for n in 0..3 {
        world.publish(&format!("o-{n}")).await;
    }
    let deliveries = queue.receive("billing", 10, Duration::from_secs(1)).await.unwrap();
    world.stub.inject(Fault::fail_entries([1], "InternalError", false).on("DeleteMessageBatch").times(1));
    let receipts = deliveries.iter().map(|delivery| delivery.receipt.clone()).collect();
    let answers = queue.delete("billing", receipts).await;
    let done: Vec<bool> = answers.iter().map(Result::is_ok).collect();
    assert_eq!(done, [true, false, true]);
    assert_eq!(world.stub.messages_in("billing").len(), 1);
}

#[tokio::test]
async fn a_message_that_is_given_up_is_deleted_only_once_its_letter_is_there() {
    let faults = [
        Fault::error("AccessDenied"),
        Fault::error("KMS.AccessDeniedException"),
        Fault::error("QueueDoesNotExist"),
        Fault::http(503),
        Fault::html(),
        Fault::empty(),
        Fault::close_before(),
    ];
    let runs = faults.map(async |fault| {
        let world = World::new().await;
        let running = world.bus();
        running.bus.start().await.unwrap();
        let outage = world.stub.inject(fault.clone().on("SendMessage"));
        world.publish("reject-1").await;
        eventually(|| outage.hits() >= 1, || format!("{fault:?}: no letter was sent")).await;
        // Whatever it was answered, the message is still there.
        eventually(|| running.bus.metrics().retried >= 1, || format!("{fault:?}: it was not kept")).await;
        assert_eq!(world.stub.messages_in("billing").len(), 1, "{fault:?}");
        outage.remove();
        // It rests for the backoff of its next attempt.
        let done = |stub: &Stub| stub.messages_in("billing").is_empty();
        world.stub.advance(Duration::from_secs(300));
        assert!(world.stub.until(PATIENCE, done).await, "{fault:?}: it was not dead-lettered in the end");
        let letters = world.stub.messages_in("billing-dlq");
        assert!(!letters.is_empty(), "{fault:?}");
        assert_eq!(letters[0].attributes["melange_reason"], "it says so");
        running.stop().await;
    });
    join_all(runs).await;
}

#[tokio::test]
async fn a_letter_whose_answer_was_lost_may_be_there_twice_and_is_never_nowhere() {
    let world = World::new().await;
    let running = world.bus();
    running.bus.start().await.unwrap();
    world.stub.inject(Fault::close_after().on("SendMessage").times(1));
    world.publish("reject-1").await;
    eventually(|| world.stub.messages_in("billing").is_empty(), || "it was not dead-lettered".to_owned()).await;
    assert_eq!(world.stub.messages_in("billing-dlq").len(), 2);
    running.stop().await;
}
