//! What the consumer relies on in a transport, asked of the transport itself.

use std::time::{Duration, Instant};

use super::Harness;
use super::events::{Placed, foreign, placed};
use super::idle::{idle, one, receive};
use super::probe::QUICK;
use crate::MessagePublisher;
use crate::attributes::{AttributeValue, EVENT_TYPE, REASON};
use crate::transport::{Transport, TransportErrorKind};

/// In hand it is nobody else's; given back it is there at once.
pub async fn a_message_in_hand_is_invisible_until_given_back<H: Harness>(harness: H) {
    let queue = idle::<H, Placed>(&harness, "billing").await;
    MessagePublisher::new(harness.queue("billing")).publish(placed("o-1", 1)).await.unwrap();
    let delivery = one(&queue, "billing").await;
    assert!(receive(&queue, "billing", Duration::from_secs(1)).await.is_empty());
    let answers = queue.change_visibility("billing", vec![(delivery.receipt, Duration::ZERO)]).await;
    assert!(answers[0].is_ok());
    assert_eq!(one(&queue, "billing").await.message_id, delivery.message_id);
}

/// A short lease that is extended in time does not end.
pub async fn visibility_can_be_extended<H: Harness>(harness: H) {
    let queue = idle::<H, Placed>(&harness, "billing").await;
    MessagePublisher::new(harness.queue("billing")).publish(placed("o-1", 1)).await.unwrap();
    let delivery = one(&queue, "billing").await;
    let mut extended = Instant::now();
    // So short that the first would end meanwhile, and so long that a busy broker has heard of the second before.
    for seconds in [3, 5] {
        extended = Instant::now();
        let change = vec![(delivery.receipt.clone(), Duration::from_secs(seconds))];
        assert!(queue.change_visibility("billing", change).await[0].is_ok());
    }
    assert_eq!(one(&queue, "billing").await.message_id, delivery.message_id);
    assert!(extended.elapsed() >= Duration::from_secs(4));
}

/// Every time it is handed out counts.
pub async fn the_receive_count_grows<H: Harness>(harness: H) {
    let queue = idle::<H, Placed>(&harness, "billing").await;
    MessagePublisher::new(harness.queue("billing")).publish(placed("o-1", 1)).await.unwrap();
    for attempt in 1..=3 {
        let delivery = one(&queue, "billing").await;
        assert_eq!(delivery.attempt, attempt);
        queue.change_visibility("billing", vec![(delivery.receipt, Duration::ZERO)]).await;
    }
}

/// Deleted is gone.
pub async fn a_deleted_message_stays_away<H: Harness>(harness: H) {
    let queue = idle::<H, Placed>(&harness, "billing").await;
    MessagePublisher::new(harness.queue("billing")).publish(placed("o-1", 1)).await.unwrap();
    let delivery = one(&queue, "billing").await;
    queue.change_visibility("billing", vec![(delivery.receipt.clone(), Duration::from_secs(2))]).await;
    assert!(queue.delete("billing", vec![delivery.receipt]).await[0].is_ok());
    assert!(receive(&queue, "billing", Duration::from_secs(4)).await.is_empty());
}

/// A long poll does not sit out its time when something comes.
pub async fn a_wait_ends_when_a_message_comes<H: Harness>(harness: H) {
    let queue = idle::<H, Placed>(&harness, "billing").await;
    let publisher = MessagePublisher::new(harness.queue("billing"));
    let begun = Instant::now();
    let later = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        publisher.publish(placed("o-1", 1)).await.unwrap();
    };
    let (received, ()) = tokio::join!(receive(&queue, "billing", Duration::from_secs(15)), later);
    assert_eq!(received.len(), 1);
    assert!(begun.elapsed() < Duration::from_secs(10), "it took {:?}", begun.elapsed());
}

/// A typed error that says so, whatever is asked of it.
pub async fn an_unknown_queue_is_not_found<H: Harness>(harness: H) {
    let error = harness.queue("nowhere").receive("nowhere", 1, Duration::ZERO).await.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::NotFound, "{error}");
    let queue = idle::<H, Placed>(&harness, "billing").await;
    MessagePublisher::new(harness.queue("billing")).publish(placed("o-1", 1)).await.unwrap();
    let receipt = one(&queue, "billing").await.receipt;
    let answers = [
        queue.delete("nowhere", vec![receipt.clone()]).await.remove(0),
        queue.change_visibility("nowhere", vec![(receipt, Duration::ZERO)]).await.remove(0),
        queue.send("nowhere", vec![foreign("Placed", "{}")], None).await.remove(0),
    ];
    for answer in answers {
        assert_eq!(answer.unwrap_err().kind(), TransportErrorKind::NotFound);
    }
}

/// One answer for each, in order, also for more than ten.
pub async fn a_batch_is_answered_one_by_one<H: Harness>(harness: H) {
    let queue = idle::<H, Placed>(&harness, "billing").await;
    let body = r#"{"event_type_name": "Placed", "order": "o", "number": 1}"#;
    let answers = queue.publish((0..12).map(|_| foreign("Placed", body)).collect()).await;
    assert!(answers.len() == 12 && answers.iter().all(Result::is_ok));
    let mut all = Vec::new();
    while all.len() < 12 {
        let more = receive(&queue, "billing", Duration::from_secs(10)).await;
        assert!(!more.is_empty() && more.len() <= 10, "{} came after {}", more.len(), all.len());
        all.extend(more);
    }
    let receipts: Vec<_> = all.into_iter().map(|delivery| delivery.receipt).collect();
    let changes = receipts.iter().map(|receipt| (receipt.clone(), Duration::from_secs(60))).collect();
    assert_eq!(queue.change_visibility("billing", changes).await.iter().filter(|answer| answer.is_ok()).count(), 12);
    assert_eq!(queue.delete("billing", receipts).await.iter().filter(|answer| answer.is_ok()).count(), 12);
    assert!(queue.delete("billing", Vec::new()).await.is_empty());
}

/// What is published once lies in every queue under another id.
pub async fn a_copy_has_an_id_of_its_own<H: Harness>(harness: H) {
    let (billing, shipping) =
        (idle::<H, Placed>(&harness, "billing").await, idle::<H, Placed>(&harness, "shipping").await);
    MessagePublisher::new(harness.queue("billing")).publish(placed("o-1", 1)).await.unwrap();
    let (first, second) = (one(&billing, "billing").await, one(&shipping, "shipping").await);
    assert_ne!(first.message_id, second.message_id);
}

/// Another case, or a part of a name, is another name.
pub async fn names_are_compared_exactly<H: Harness>(harness: H) {
    let queue = idle::<H, Placed>(&harness, "billing").await;
    let body = r#"{"event_type_name": "Placed", "order": "o", "number": 1}"#;
    let mut numbered = foreign("Placed", body);
    numbered.attributes.set(EVENT_TYPE, AttributeValue::Number("7".to_owned()));
    let others = vec![foreign("placed", body), foreign("Place", body), foreign("Placed2", body), numbered];
    assert!(queue.publish(others).await.iter().all(Result::is_ok));
    assert!(queue.publish(vec![foreign("Placed", "the only one")]).await.iter().all(Result::is_ok));
    let delivery = one(&queue, "billing").await;
    let crate::transport::Body::Json(body) = &delivery.content.as_ref().unwrap().body else { panic!("no JSON") };
    assert_eq!(&**body, "the only one");
    assert!(receive(&queue, "billing", Duration::from_secs(1)).await.is_empty());
}

/// Text, numbers and bytes, under their types.
pub async fn attributes_of_every_type_survive_the_wire<H: Harness>(harness: H) {
    let queue = idle::<H, Placed>(&harness, "billing").await;
    let mut message = foreign("Placed", "{}");
    let values = [
        ("text", AttributeValue::String("é \"☃\" \\ <&>".to_owned())),
        ("a.b-c_D9", AttributeValue::String("x".to_owned())),
        ("number", AttributeValue::Number("-7.5".to_owned())),
        ("bytes", AttributeValue::Binary(vec![0, 1, 127, 128, 255])),
    ];
    for (name, value) in &values {
        message.attributes.set(*name, value.clone());
    }
    assert!(queue.publish(vec![message]).await[0].is_ok());
    let inbound = one(&queue, "billing").await.content.unwrap();
    for (name, value) in &values {
        assert_eq!(inbound.attributes.get(name), Some(value), "{name}");
    }
}

/// Its name may be in its body: others write no attributes.
pub async fn what_has_no_name_beside_it_comes_through<H: Harness>(harness: H) {
    let queue = idle::<H, Placed>(&harness, "billing").await;
    let mut unnamed = foreign("Placed", r#"{"event_type_name": "Placed", "order": "o", "number": 1}"#);
    unnamed.attributes = crate::Attributes::new();
    assert!(queue.publish(vec![unnamed]).await[0].is_ok());
    assert!(one(&queue, "billing").await.content.unwrap().attributes.get(EVENT_TYPE).is_none());
}

/// Received so often without being deleted, it is moved at the next receive: as it is, and counted on.
pub async fn the_broker_gives_up_after_its_own_count<H: Harness>(harness: H) {
    let queue = idle::<H, Placed>(&harness, "billing").await;
    assert!(queue.publish(vec![foreign("Placed", "{}")]).await[0].is_ok());
    let most = QUICK.attempts + crate::transport::SPARE_RECEIVES;
    let mut message_id = String::new();
    for attempt in 1..=most {
        let delivery = one(&queue, "billing").await;
        assert_eq!(delivery.attempt, attempt);
        message_id = delivery.message_id;
        assert!(queue.change_visibility("billing", vec![(delivery.receipt, Duration::ZERO)]).await[0].is_ok());
    }
    assert!(receive(&queue, "billing", Duration::from_secs(1)).await.is_empty());
    let letter = one(&queue, "billing-dlq").await;
    assert_eq!((letter.message_id.as_str(), letter.attempt), (message_id.as_str(), most + 1));
    assert!(letter.content.unwrap().attributes.get(REASON).is_none(), "nobody gave a reason");
}
