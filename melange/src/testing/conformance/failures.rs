//! What becomes of an event when a subscriber fails.

use std::time::{Duration, Instant};

use super::Harness;
use super::events::{Placed, foreign, placed};
use super::probe::{Answer, Probe, QUICK, dead_letters, eventually, is_empty, running, stop};
use crate::attributes::{AttributeValue, SUBSCRIBER};
use crate::transport::Transport;
use crate::{Outcome, RetryPolicy, SubscriberOptions};

fn fails_until(attempt: u32) -> Probe<Placed> {
    Probe::new(move |_, meta| {
        Answer::Now(if meta.attempt < attempt { Outcome::retry("not yet") } else { Outcome::Done })
    })
}

/// Of three subscribers one fails twice: the others run once, the message is deleted in the end.
pub async fn only_the_failed_subscriber_runs_again<H: Harness>(harness: H) {
    let (before, failing, after) = (Probe::<Placed>::content(), fails_until(3), Probe::<Placed>::content());
    let bus = running(harness.queue("billing"), [before.handle(), failing.handle(), after.handle()]).await;
    let event_id = bus.publish(placed("o-1", 1)).await.unwrap();
    failing.has_done(3).await;
    eventually("it is deleted", || async { bus.metrics().handled == 1 }).await;
    stop(&bus).await;
    is_empty(&harness.queue("billing"), "billing").await;
    let attempts: Vec<_> = failing.seen().into_iter().map(|(_, meta)| (meta.attempt, meta.event_id)).collect();
    assert_eq!(attempts, [(1, event_id.clone()), (2, event_id.clone()), (3, event_id)]);
    assert_eq!((before.seen().len(), after.seen().len()), (1, 1), "the others ran once");
}

/// With the reason and the subscriber beside it, and the body as it was.
pub async fn after_its_attempts_an_event_is_dead_lettered_with_the_reason<H: Harness>(harness: H) {
    let twice = RetryPolicy { attempts: 2, ..QUICK };
    let failing = Probe::new(|_: &Placed, _| Answer::Now(Outcome::retry("the bank is closed")))
        .with(SubscriberOptions::new().with_retry(twice));
    let content = Probe::<Placed>::content();
    let bus = running(harness.queue("billing"), [failing.handle(), content.handle()]).await;
    bus.publish(placed("o-1", 1)).await.unwrap();
    let letters = dead_letters(&harness.queue("billing"), "billing", 1).await;
    eventually("it is settled", || async { bus.metrics().dead_lettered == 1 }).await;
    stop(&bus).await;
    is_empty(&harness.queue("billing"), "billing").await;
    let (reason, subscriber, delivery) = &letters[0];
    assert_eq!(reason, "the bank is closed");
    assert!(subscriber.as_deref().is_some_and(|name| name.contains("Probe")), "{subscriber:?}");
    let crate::transport::Body::Json(body) = &delivery.content.as_ref().unwrap().body else { panic!("no JSON") };
    assert!(body.contains("o-1"), "the letter holds the event");
    assert_eq!((failing.seen().len(), content.seen().len()), (2, 1));
}

/// Without any further attempt; the other subscriber is not touched by it.
pub async fn a_rejected_event_is_dead_lettered_at_once<H: Harness>(harness: H) {
    let rejecting = Probe::new(|_: &Placed, _| Answer::Now(Outcome::reject("the total is negative")));
    let content = Probe::<Placed>::content();
    let bus = running(harness.queue("billing"), [rejecting.handle(), content.handle()]).await;
    bus.publish(placed("o-1", 1)).await.unwrap();
    let letters = dead_letters(&harness.queue("billing"), "billing", 1).await;
    assert_eq!(letters[0].0, "the total is negative");
    content.has_done(1).await;
    stop(&bus).await;
    assert_eq!((rejecting.seen().len(), content.seen().len()), (1, 1));
}

/// Not JSON, without a field, a number, a list, null, a pickle: all dead letters with a reason that quotes nothing.
pub async fn an_unreadable_body_is_dead_lettered_and_blocks_nothing<H: Harness>(harness: H) {
    let probe: Probe<Placed> = Probe::<Placed>::content();
    let bus = running(harness.queue("billing"), [probe.handle()]).await;
    let sender = harness.queue("billing");
    let bodies = [
        "s3cret, not JSON",
        r#"{"event_type_name": "Placed", "order": "s3cret"}"#,
        r#"{"event_type_name": "Placed", "order": "o", "number": "s3cret"}"#,
        "42",
        "null",
        r#"["s3cret"]"#,
        "{",
        r#"{"event_type_name": "Placed", "order": "o", "number": 1, "occurred_on": "s3cret"}"#,
    ];
    let mut messages: Vec<_> = bodies.iter().map(|body| foreign("Placed", body)).collect();
    let mut pickle = foreign("Placed", "gASVCQAAAAAAAABdlChLAUsCZS4=");
    pickle.attributes.set(crate::attributes::SERIALIZER_ID, AttributeValue::Number("2".to_owned()));
    messages.push(pickle);
    let count = messages.len();
    assert!(sender.publish(messages).await.iter().all(Result::is_ok));
    bus.publish(placed("o-1", 1)).await.unwrap();
    probe.has_done(1).await;
    for (reason, subscriber, _) in dead_letters(&sender, "billing", count).await {
        assert!(!reason.contains("s3cret"), "{reason}");
        assert_eq!(subscriber, None);
    }
    eventually("all are settled", || async { bus.metrics().dead_lettered == count as u64 }).await;
    stop(&bus).await;
    assert_eq!(probe.events(), [placed("o-1", 1)]);
}

/// The panic is contained, counted as a failure, and tried again.
pub async fn a_panic_is_a_failure_of_one_subscriber<H: Harness>(harness: H) {
    let panicking =
        Probe::new(|_: &Placed, meta| if meta.attempt == 1 { Answer::Panic } else { Answer::Now(Outcome::Done) });
    let content = Probe::<Placed>::content();
    let bus = running(harness.queue("billing"), [panicking.handle(), content.handle()]).await;
    bus.publish(placed("o-1", 1)).await.unwrap();
    panicking.has_done(1).await;
    eventually("it is deleted", || async { bus.metrics().handled == 1 }).await;
    stop(&bus).await;
    assert_eq!((panicking.seen().len(), content.seen().len()), (2, 1));
}

/// A run that takes too long is cancelled and tried again.
pub async fn a_timeout_is_a_failure<H: Harness>(harness: H) {
    let options = SubscriberOptions::new().with_retry(QUICK).with_timeout(Duration::from_millis(100));
    let slow =
        Probe::new(
            |_: &Placed, meta| {
                if meta.attempt == 1 { Answer::After(Duration::from_secs(60)) } else { Answer::Now(Outcome::Done) }
            },
        );
    let slow = slow.with(options);
    let bus = running(harness.queue("billing"), [slow.handle()]).await;
    bus.publish(placed("o-1", 1)).await.unwrap();
    slow.has_done(1).await;
    stop(&bus).await;
    assert_eq!(slow.seen().len(), 2);
}

/// A dead letter that was put back runs the subscriber that gave it up, and no other.
pub async fn a_redriven_letter_runs_only_who_gave_it_up<H: Harness>(harness: H) {
    struct Bystander(Probe<Placed>);
    impl crate::Subscriber<Placed> for Bystander {
        async fn process(&self, event: &Placed, cx: &crate::Context<Placed>) -> Outcome {
            self.0.process(event, cx).await
        }
    }
    let (probe, bystander) = (Probe::<Placed>::content(), Probe::<Placed>::content());
    let bus = crate::EventBus::builder()
        .transport(harness.queue("billing"))
        .subscriber(probe.handle())
        .subscriber(Bystander(bystander.handle()))
        .wait(Duration::from_secs(2))
        .build()
        .unwrap();
    bus.start().await.unwrap();
    let mut letter = foreign("Placed", r#"{"event_type_name": "Placed", "order": "o-1", "number": 1}"#);
    let name = std::any::type_name::<Probe<Placed>>().to_owned();
    letter.attributes.set(SUBSCRIBER, AttributeValue::String(name));
    harness.queue("billing").publish(vec![letter]).await;
    probe.has_done(1).await;
    eventually("it is deleted", || async { bus.metrics().handled == 1 }).await;
    stop(&bus).await;
    assert_eq!((probe.seen().len(), bystander.seen().len()), (1, 0));
}

/// `Outcome::retry_after` rests the message for that long, whatever the policy says.
pub async fn a_retry_waits_as_long_as_it_was_told<H: Harness>(harness: H) {
    let patient = Probe::new(|_: &Placed, meta| {
        Answer::Now(if meta.attempt == 1 {
            Outcome::Retry { after: Some(Duration::from_secs(2)) }
        } else {
            Outcome::Done
        })
    });
    let bus = running(harness.queue("billing"), [patient.handle()]).await;
    let published = Instant::now();
    bus.publish(placed("o-1", 1)).await.unwrap();
    patient.has_done(2).await;
    assert!(published.elapsed() >= Duration::from_millis(1_500), "it came after {:?}", published.elapsed());
    stop(&bus).await;
}
