//! What a receipt still means once its time is over, on standard queues and on FIFO queues.

use std::time::Duration;

use super::Harness;
use super::events::{Placed, Step, foreign, step};
use super::idle::{idle, one, receive};
use crate::transport::{Delivery, Receipt, Transport, TransportError, TransportErrorKind};

const SHORT: Duration = Duration::from_secs(1);

async fn delete(queue: &impl Transport, name: &str, receipt: &Receipt) -> Result<(), TransportErrorKind> {
    kind(queue.delete(name, vec![receipt.clone()]).await)
}

async fn change(
    queue: &impl Transport,
    name: &str,
    receipt: &Receipt,
    time: Duration,
) -> Result<(), TransportErrorKind> {
    kind(queue.change_visibility(name, vec![(receipt.clone(), time)]).await)
}

fn kind(mut answers: Vec<Result<(), TransportError>>) -> Result<(), TransportErrorKind> {
    assert_eq!(answers.len(), 1);
    answers.remove(0).map_err(|error| error.kind())
}

/// One message, in hand for a second that is over.
async fn late(queue: &impl Transport, name: &str) -> Delivery {
    let delivery = one(queue, name).await;
    change(queue, name, &delivery.receipt, SHORT).await.unwrap();
    tokio::time::sleep(SHORT + Duration::from_millis(500)).await;
    delivery
}

/// A standard queue takes it, and the message stays with who has received it since.
pub async fn an_old_receipt_deletes_nothing<H: Harness>(harness: H) {
    let queue = idle::<H, Placed>(&harness, "billing").await;
    assert!(queue.publish(vec![foreign("Placed", "{}")]).await[0].is_ok());
    let late = late(&queue, "billing").await;
    let newer = one(&queue, "billing").await;
    assert_eq!((late.message_id.as_str(), newer.attempt), (newer.message_id.as_str(), 2));
    assert_eq!(delete(&queue, "billing", &late.receipt).await, Ok(()));
    assert_eq!(change(&queue, "billing", &newer.receipt, Duration::ZERO).await, Ok(()), "it is still there");
    assert_eq!(one(&queue, "billing").await.attempt, 3);
}

/// On a standard queue, as long as nobody else has received it.
pub async fn the_latest_receipt_deletes_though_its_time_is_over<H: Harness>(harness: H) {
    let queue = idle::<H, Placed>(&harness, "billing").await;
    assert!(queue.publish(vec![foreign("Placed", "{}")]).await[0].is_ok());
    let late = late(&queue, "billing").await;
    assert_eq!(delete(&queue, "billing", &late.receipt).await, Ok(()));
    assert!(receive(&queue, "billing", SHORT).await.is_empty());
}

/// Deleting by it is an error, and the message comes again.
pub async fn a_fifo_queue_refuses_a_receipt_whose_time_is_over<H: Harness>(harness: H) {
    let queue = idle::<H, Step>(&harness, "shipping.fifo").await;
    assert!(queue.publish(vec![step("a", 1, None)]).await[0].is_ok());
    let late = late(&queue, "shipping.fifo").await;
    assert_eq!(delete(&queue, "shipping.fifo", &late.receipt).await, Err(TransportErrorKind::LeaseLost));
    let newer = one(&queue, "shipping.fifo").await;
    assert_eq!(newer.attempt, 2);
    assert_eq!(delete(&queue, "shipping.fifo", &newer.receipt).await, Ok(()));
}

/// On either kind of queue: whoever has a message for too long is told so.
pub async fn a_receipt_whose_time_is_over_extends_nothing<H: Harness>(harness: H) {
    let queue = idle::<H, Placed>(&harness, "billing").await;
    let fifo = idle::<H, Step>(&harness, "shipping.fifo").await;
    assert!(queue.publish(vec![foreign("Placed", "{}"), step("a", 1, None)]).await.iter().all(Result::is_ok));
    let (late, late_step) = tokio::join!(late(&queue, "billing"), late(&fifo, "shipping.fifo"));
    for (name, receipt) in [("billing", &late.receipt), ("shipping.fifo", &late_step.receipt)] {
        let lost = Err(TransportErrorKind::LeaseLost);
        assert_eq!(change(&queue, name, receipt, Duration::from_secs(30)).await, lost, "{name}");
        assert_eq!(one(&queue, name).await.attempt, 2, "{name}: it is visible");
    }
}

/// It settles nothing, and what it is of stays in hand.
pub async fn a_receipt_of_another_queue_is_refused<H: Harness>(harness: H) {
    let queue = idle::<H, Placed>(&harness, "billing").await;
    idle::<H, Placed>(&harness, "audit").await;
    assert!(queue.publish(vec![foreign("Placed", "{}")]).await[0].is_ok());
    let (own, other) = (one(&queue, "billing").await, one(&queue, "audit").await);
    let lost = Err(TransportErrorKind::LeaseLost);
    assert_eq!(delete(&queue, "billing", &other.receipt).await, lost);
    assert_eq!(change(&queue, "billing", &other.receipt, Duration::ZERO).await, lost);
    for (name, receipt) in [("billing", &own.receipt), ("audit", &other.receipt)] {
        assert_eq!(change(&queue, name, receipt, Duration::ZERO).await, Ok(()), "{name}: still in hand");
    }
}

/// Who is not sure whether it was may do it again.
pub async fn what_is_deleted_may_be_deleted_again<H: Harness>(harness: H) {
    let queue = idle::<H, Placed>(&harness, "billing").await;
    assert!(queue.publish(vec![foreign("Placed", "{}")]).await[0].is_ok());
    let delivery = one(&queue, "billing").await;
    for _ in 0..2 {
        assert_eq!(delete(&queue, "billing", &delivery.receipt).await, Ok(()));
    }
    let lost = Err(TransportErrorKind::LeaseLost);
    assert_eq!(change(&queue, "billing", &delivery.receipt, SHORT).await, lost, "but it rests no more");
}

/// As long as can be is taken at once; later it would be longer.
pub async fn twelve_hours_count_from_the_receive<H: Harness>(harness: H) {
    let queue = idle::<H, Placed>(&harness, "billing").await;
    assert!(queue.publish(vec![foreign("Placed", "{}")]).await[0].is_ok());
    let delivery = one(&queue, "billing").await;
    assert_eq!(change(&queue, "billing", &delivery.receipt, Duration::MAX).await, Ok(()));
    tokio::time::sleep(Duration::from_millis(6_500)).await;
    let lost = Err(TransportErrorKind::LeaseLost);
    assert_eq!(change(&queue, "billing", &delivery.receipt, Duration::MAX).await, lost);
    assert_eq!(change(&queue, "billing", &delivery.receipt, Duration::ZERO).await, Ok(()), "it is in hand as before");
}
