//! What goes to one queue directly: events that are sent to it, and dead letters that are put back.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::Harness;
use super::events::{Placed, foreign, placed};
use super::idle::{idle, receive};
use super::probe::{Answer, PATIENCE, Probe, eventually, is_empty, running, stop};
use crate::Outcome;
use crate::transport::{Body, Delivery, Transport};

/// To this queue and to no other, though both listen to the event.
pub async fn an_event_sent_to_a_queue_arrives_there_and_nowhere_else<H: Harness>(harness: H) {
    let (billing, shipping) = (Probe::<Placed>::content(), Probe::<Placed>::content());
    let first = running(harness.queue("billing"), [billing.handle()]).await;
    let second = running(harness.queue("shipping"), [shipping.handle()]).await;
    let event_id = first.send_to("shipping", placed("o-1 é☃", 1)).await.unwrap();
    shipping.has_done(1).await;
    eventually("it is deleted", || async { second.metrics().handled == 1 }).await;
    stop(&first).await;
    stop(&second).await;
    let (event, meta) = shipping.seen().remove(0);
    assert_eq!((event, meta.event_id), (placed("o-1 é☃", 1), event_id));
    assert!(billing.seen().is_empty());
    assert!(first.send_to("shipping", placed("o-2", 2)).await.unwrap_err().is_closed());
}

/// Nobody has it before its time.
pub async fn an_event_can_be_delayed<H: Harness>(harness: H) {
    let probe = Probe::<Placed>::content();
    let bus = running(harness.queue("billing"), [probe.handle()]).await;
    let sent = Instant::now();
    bus.send_to("billing", placed("later", 1)).delay(Duration::from_secs(2)).await.unwrap();
    bus.send_to("billing", placed("now", 2)).await.unwrap();
    probe.has_done(1).await;
    assert_eq!(probe.events(), [placed("now", 2)]);
    probe.has_done(2).await;
    assert!(sent.elapsed() >= Duration::from_millis(1_500), "it came after {:?}", sent.elapsed());
    stop(&bus).await;
}

/// Listed with the reason, left alone by a dry run, put back for who gave them up, and gone from the dead-letter queue.
pub async fn dead_letters_can_be_listed_and_put_back<H: Harness>(harness: H) {
    let mended = Arc::new(AtomicBool::new(false));
    let is_mended = Arc::clone(&mended);
    let probe = Probe::new(move |_: &Placed, _| {
        let done = is_mended.load(Ordering::SeqCst);
        Answer::Now(if done { Outcome::Done } else { Outcome::reject("the bank is closed") })
    });
    let bus = running(harness.queue("billing"), [probe.handle()]).await;
    for number in 0..12 {
        bus.publish(placed("o-1", number)).await.unwrap();
    }
    eventually("all are dead letters", || async { bus.metrics().dead_lettered == 12 }).await;

    let letters = bus.dead_letters("billing");
    let listed = letters.list(100).await.unwrap();
    assert_eq!(listed.len(), 12);
    for letter in &listed {
        assert_eq!((letter.reason(), letter.redrives()), ("the bank is closed", 0));
        assert!(letter.subscriber().is_some_and(|name| name.contains("Probe")));
        assert!(letter.original_queue().is_some_and(|queue| queue.ends_with("billing")));
        assert_eq!(letter.event_type_name(), Some("Placed"));
    }
    assert_eq!(letters.redrive().dry_run().await.unwrap().moved, 12);
    mended.store(true, Ordering::SeqCst);
    let one = letters.redrive().one(listed[0].message_id()).await.unwrap();
    assert_eq!((one.moved, one.skipped), (1, 11));
    assert_eq!(letters.redrive().await.unwrap().moved, 11);
    eventually("all are handled", || async { bus.metrics().handled == 12 }).await;
    stop(&bus).await;
    assert_eq!(probe.seen().len(), 24);
    is_empty(&harness.queue("billing"), "billing-dlq").await;
}

/// All of them, as they came into the dead-letter queue.
pub async fn the_broker_moves_letters_back<H: Harness>(harness: H) {
    let (letters, back) = moved_back(&harness).await;
    let bodies = |deliveries: &[Delivery]| -> BTreeSet<String> {
        let body = |delivery: &Delivery| match &delivery.content.as_ref().unwrap().body {
            Body::Json(json) => json.to_string(),
            other => panic!("{other:?}"),
        };
        deliveries.iter().map(body).collect()
    };
    assert_eq!(bodies(&letters), bodies(&back));
}

/// As new messages are, or what has been received often would be given up again at once.
pub async fn what_is_moved_back_is_counted_anew<H: Harness>(harness: H) {
    let (_, back) = moved_back(&harness).await;
    let attempts: Vec<u32> = back.iter().map(|delivery| delivery.attempt).collect();
    assert_eq!(attempts, [1; 3]);
}

/// Under an id of its own.
pub async fn what_is_moved_back_is_a_new_message<H: Harness>(harness: H) {
    let (letters, back) = moved_back(&harness).await;
    let ids = |deliveries: &[Delivery]| -> BTreeSet<String> {
        deliveries.iter().map(|delivery| delivery.message_id.clone()).collect()
    };
    assert!(ids(&letters).is_disjoint(&ids(&back)));
}

/// Three letters as the dead-letter queue handed them out, and as they came back.
async fn moved_back<H: Harness>(harness: &H) -> (Vec<Delivery>, Vec<Delivery>) {
    let queue = idle::<H, Placed>(harness, "billing").await;
    let letters = (0..3).map(|number| foreign("Placed", &format!("{{\"number\": {number}}}"))).collect();
    assert!(queue.send("billing-dlq", letters, None).await.iter().all(Result::is_ok));
    let letters = three(&queue, "billing-dlq").await;
    let give_back = letters.iter().map(|letter| (letter.receipt.clone(), Duration::ZERO)).collect();
    assert!(queue.change_visibility("billing-dlq", give_back).await.iter().all(Result::is_ok));
    let task = queue.start_move("billing").await.unwrap();
    let ended = async {
        loop {
            let status = queue.move_status("billing", &task).await.unwrap();
            if status.is_done {
                return status.moved;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    assert_eq!(tokio::time::timeout(PATIENCE, ended).await.expect("it ends"), 3);
    let back = three(&queue, "billing").await;
    assert!(receive(&queue, "billing-dlq", Duration::from_secs(1)).await.is_empty());
    (letters, back)
}

async fn three(queue: &impl Transport, name: &str) -> Vec<Delivery> {
    let mut came = Vec::new();
    while came.len() < 3 {
        let more = receive(queue, name, Duration::from_secs(10)).await;
        assert!(!more.is_empty(), "{} came", came.len());
        came.extend(more);
    }
    came
}
