//! What the consumer relies on in a transport, asked of the transport itself.

use std::time::{Duration, Instant};

use super::Harness;
use super::events::{Placed, foreign, placed};
use super::probe::Probe;
use crate::MessagePublisher;
use crate::transport::{Delivery, Transport, TransportErrorKind};

/// A service whose topology is there, but which does not poll.
async fn idle<H: Harness>(harness: &H) -> H::Transport {
    let consumer =
        crate::MessageConsumer::builder().transport(harness.queue("billing")).subscriber(Probe::<Placed>::content());
    consumer.build().unwrap().prepare().await.unwrap();
    harness.queue("billing")
}

async fn receive(transport: &impl Transport, wait: Duration) -> Vec<Delivery> {
    transport.receive("billing", 10, wait).await.unwrap()
}

/// Receives exactly one message, however long it takes to come.
async fn one(transport: &impl Transport) -> Delivery {
    let mut all = receive(transport, Duration::from_secs(10)).await;
    assert_eq!(all.len(), 1, "one message was to come");
    all.remove(0)
}

/// In hand it is nobody else's; given back it is there at once.
pub async fn a_message_in_hand_is_invisible_until_given_back<H: Harness>(harness: H) {
    let queue = idle(&harness).await;
    MessagePublisher::new(harness.queue("billing")).publish(placed("o-1", 1)).await.unwrap();
    let delivery = one(&queue).await;
    assert!(receive(&queue, Duration::from_secs(1)).await.is_empty());
    let answers = queue.change_visibility("billing", vec![(delivery.receipt, Duration::ZERO)]).await;
    assert!(answers[0].is_ok());
    assert_eq!(one(&queue).await.message_id, delivery.message_id);
}

/// A short lease that is extended in time does not end.
pub async fn visibility_can_be_extended<H: Harness>(harness: H) {
    let queue = idle(&harness).await;
    MessagePublisher::new(harness.queue("billing")).publish(placed("o-1", 1)).await.unwrap();
    let delivery = one(&queue).await;
    for seconds in [1, 4] {
        let change = vec![(delivery.receipt.clone(), Duration::from_secs(seconds))];
        assert!(queue.change_visibility("billing", change).await[0].is_ok());
    }
    let extended = Instant::now();
    assert!(receive(&queue, Duration::from_secs(2)).await.is_empty());
    assert_eq!(one(&queue).await.message_id, delivery.message_id);
    assert!(extended.elapsed() >= Duration::from_secs(3));
}

/// Every time it is handed out counts.
pub async fn the_receive_count_grows<H: Harness>(harness: H) {
    let queue = idle(&harness).await;
    MessagePublisher::new(harness.queue("billing")).publish(placed("o-1", 1)).await.unwrap();
    for attempt in 1..=3 {
        let delivery = one(&queue).await;
        assert_eq!(delivery.attempt, attempt);
        queue.change_visibility("billing", vec![(delivery.receipt, Duration::ZERO)]).await;
    }
}

/// Deleted is gone.
pub async fn a_deleted_message_stays_away<H: Harness>(harness: H) {
    let queue = idle(&harness).await;
    MessagePublisher::new(harness.queue("billing")).publish(placed("o-1", 1)).await.unwrap();
    let delivery = one(&queue).await;
    queue.change_visibility("billing", vec![(delivery.receipt.clone(), Duration::from_secs(2))]).await;
    assert!(queue.delete("billing", vec![delivery.receipt]).await[0].is_ok());
    assert!(receive(&queue, Duration::from_secs(4)).await.is_empty());
}

/// A long poll does not sit out its time when something comes.
pub async fn a_wait_ends_when_a_message_comes<H: Harness>(harness: H) {
    let queue = idle(&harness).await;
    let publisher = MessagePublisher::new(harness.queue("billing"));
    let begun = Instant::now();
    let later = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        publisher.publish(placed("o-1", 1)).await.unwrap();
    };
    let (received, ()) = tokio::join!(receive(&queue, Duration::from_secs(15)), later);
    assert_eq!(received.len(), 1);
    assert!(begun.elapsed() < Duration::from_secs(10), "it took {:?}", begun.elapsed());
}

/// A typed error that says so.
pub async fn an_unknown_queue_is_not_found<H: Harness>(harness: H) {
    let error = harness.queue("nowhere").receive("nowhere", 1, Duration::ZERO).await.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::NotFound, "{error}");
}

/// One answer for each, in order, also for more than ten.
pub async fn a_batch_is_answered_one_by_one<H: Harness>(harness: H) {
    let queue = idle(&harness).await;
    let body = r#"{"event_type_name": "Placed", "order": "o", "number": 1}"#;
    let answers = queue.publish((0..12).map(|_| foreign("Placed", body)).collect()).await;
    assert!(answers.len() == 12 && answers.iter().all(Result::is_ok));
    let mut all = Vec::new();
    while all.len() < 12 {
        let more = receive(&queue, Duration::from_secs(10)).await;
        assert!(!more.is_empty() && more.len() <= 10, "{} came after {}", more.len(), all.len());
        all.extend(more);
    }
    let receipts: Vec<_> = all.into_iter().map(|delivery| delivery.receipt).collect();
    let changes = receipts.iter().map(|receipt| (receipt.clone(), Duration::from_secs(60))).collect();
    assert_eq!(queue.change_visibility("billing", changes).await.iter().filter(|answer| answer.is_ok()).count(), 12);
    assert_eq!(queue.delete("billing", receipts).await.iter().filter(|answer| answer.is_ok()).count(), 12);
    assert!(queue.delete("billing", Vec::new()).await.is_empty());
}
