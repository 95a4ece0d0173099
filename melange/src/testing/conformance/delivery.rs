//! What is published arrives, once for each queue, as it was.

use std::time::Duration;

use super::Harness;
use super::events::{Cancelled, Placed, foreign, placed};
use super::probe::{Answer, PATIENCE, Probe, counts, dead_letters, eventually, is_empty, running, stop};
use crate::transport::Transport;
use crate::{
    Consumed, EventBus, Fate, MessageConsumer, MessagePublisher, Outcome, Subscriber, SubscriberOptions, Timestamp,
    UnknownEvents,
};

/// Published, handled once by every subscriber, deleted.
pub async fn an_event_is_handled_and_deleted<H: Harness>(harness: H) {
    let (first, second) = (Probe::<Placed>::content(), Probe::<Placed>::content());
    let bus = running(harness.queue("billing"), [first.handle(), second.handle()]).await;
    bus.publish(placed("o-1", 1)).await.unwrap();
    first.has_done(1).await;
    second.has_done(1).await;
    eventually("it is deleted", || async { bus.metrics().handled == 1 }).await;
    stop(&bus).await;
    is_empty(&harness.queue("billing"), "billing").await;
    assert_eq!((first.events(), second.events()), (vec![placed("o-1", 1)], vec![placed("o-1", 1)]));
}

/// Id, name, version, topic, time to the microsecond, attempt, and the event's own attributes.
pub async fn metadata_survives_the_wire<H: Harness>(harness: H) {
    let orders = Probe::<Placed>::content();
    let cancelled = Probe::<Cancelled>::content();
    let bus = EventBus::builder()
        .transport(harness.queue("billing"))
        .subscriber(orders.handle())
        .subscriber(cancelled.handle())
        .wait(Duration::from_secs(2))
        .build()
        .unwrap();
    bus.start().await.unwrap();
    let before = Timestamp::now();
    let event_id = bus.publish(placed("o-1", 1)).await.unwrap();
    let at: Timestamp = "2017-09-03T10:11:38.123456Z".parse().unwrap();
    bus.publish(Cancelled { order: "o-1".to_owned(), at: Some(at) }).await.unwrap();
    orders.has_done(1).await;
    cancelled.has_done(1).await;
    stop(&bus).await;

    let (_, meta) = orders.seen().remove(0);
    assert_eq!(meta.event_id, event_id);
    assert_eq!((meta.event_type_name.as_ref(), meta.version, meta.attempt), ("Placed", 1, 1));
    assert!(meta.topic.ends_with("conformance-orders"), "{}", meta.topic);
    assert!(meta.occurred_on >= before && meta.occurred_on <= Timestamp::now());
    assert_eq!(meta.attributes.text("order"), Some("o-1"));
    let (event, meta) = cancelled.seen().remove(0);
    assert_eq!((event.at, meta.occurred_on), (Some(at), at));
}

/// Two services on one topic.
pub async fn every_queue_gets_its_own_copy<H: Harness>(harness: H) {
    let (billing, shipping) = (Probe::<Placed>::content(), Probe::<Placed>::content());
    let first = running(harness.queue("billing"), [billing.handle()]).await;
    let second = running(harness.queue("shipping"), [shipping.handle()]).await;
    for number in 0..5 {
        first.publish(placed("o-1", number)).await.unwrap();
    }
    for probe in [&billing, &shipping] {
        probe.has_done(5).await;
        assert_eq!(counts(probe.events().iter().map(|event| event.number)).len(), 5);
    }
    stop(&first).await;
    stop(&second).await;
    assert_eq!((billing.events().len(), shipping.events().len()), (5, 5));
}

/// Subscribers that name a queue consume from it; the same bus polls them all.
pub async fn a_bus_can_have_several_queues<H: Harness>(harness: H) {
    let own = Probe::<Placed>::content();
    let other = Probe::<Placed>::content().with(SubscriberOptions::new().with_queue("audit"));
    let bus = running(harness.queue("billing"), [own.handle(), other.handle()]).await;
    bus.publish(placed("o-1", 1)).await.unwrap();
    own.has_done(1).await;
    other.has_done(1).await;
    eventually("both copies are deleted", || async { bus.metrics().handled == 2 }).await;
    stop(&bus).await;
}

/// The filter lets through what the queue's subscribers listen to, and nothing else of the topic.
pub async fn what_nobody_listens_to_is_filtered_out<H: Harness>(harness: H) {
    let probe = Probe::<Placed>::content();
    let bus = running(harness.queue("billing"), [probe.handle()]).await;
    bus.publish(Cancelled { order: "o-1".to_owned(), at: None }).await.unwrap();
    bus.publish(placed("o-1", 1)).await.unwrap();
    probe.has_done(1).await;
    eventually("it is deleted", || async { bus.metrics().handled == 1 }).await;
    stop(&bus).await;
    let metrics = bus.metrics();
    assert_eq!((metrics.received, metrics.ignored), (1, 0));
}

/// A body whose name is not the one beside it gets past the filter: deleted and counted.
pub async fn an_unknown_name_is_acknowledged<H: Harness>(harness: H) {
    let probe: Probe<Placed> = Probe::<Placed>::content();
    let bus = running(harness.queue("billing"), [probe.handle()]).await;
    let sender = harness.queue("billing");
    let answers = sender.publish(vec![foreign("Placed", r#"{"event_type_name": "Elsewhere"}"#)]).await;
    assert!(answers.iter().all(Result::is_ok));
    eventually("it is counted", || async { bus.metrics().ignored == 1 }).await;
    stop(&bus).await;
    is_empty(&sender, "billing").await;
    assert!(probe.events().is_empty());
}

/// The same, where unknown names are to be kept.
pub async fn an_unknown_name_is_dead_lettered_if_so_told<H: Harness>(harness: H) {
    let bus = EventBus::builder()
        .transport(harness.queue("billing"))
        .subscriber(Probe::<Placed>::content())
        .unknown_events(UnknownEvents::DeadLetter)
        .wait(Duration::from_secs(2))
        .build()
        .unwrap();
    bus.start().await.unwrap();
    let sender = harness.queue("billing");
    sender.publish(vec![foreign("Placed", r#"{"event_type_name": "Elsewhere"}"#)]).await;
    let letters = dead_letters(&sender, "billing", 1).await;
    assert!(letters[0].0.contains("Elsewhere"), "{}", letters[0].0);
    stop(&bus).await;
}

/// More than a batch, each with its own answer and id.
pub async fn publish_all_answers_for_each<H: Harness>(harness: H) {
    let probe = Probe::<Placed>::content();
    let bus = running(harness.queue("billing"), [probe.handle()]).await;
    let answers = bus.publish_all((0..25).map(|number| placed("o-1", number))).await;
    let ids: Vec<String> = answers.into_iter().map(|answer| answer.unwrap().to_string()).collect();
    assert_eq!(counts(&ids).len(), 25);
    probe.has_done(25).await;
    stop(&bus).await;
    let seen = counts(probe.seen().into_iter().map(|(_, meta)| meta.event_id.to_string()));
    assert!(ids.iter().all(|id| seen.contains_key(id)), "each id arrived");
}

/// Quotes, line breaks, controls, other scripts, emoji, and the two characters that SQS refuses as they are.
pub async fn awkward_text_survives_the_wire<H: Harness>(harness: H) {
    let awkward = "\"\\ \u{0} \u{1} \t\r\n é☃ 日本 😀 \u{FFFE}\u{FFFF} \u{7f} </script> {}[]:,";
    let probe = Probe::<Placed>::content();
    let bus = running(harness.queue("billing"), [probe.handle()]).await;
    bus.publish(placed(awkward, 1)).await.unwrap();
    probe.has_done(1).await;
    stop(&bus).await;
    assert_eq!(probe.events(), [placed(awkward, 1)]);
}

/// 200 KiB, which every broker of this kind takes.
pub async fn a_large_body_survives_the_wire<H: Harness>(harness: H) {
    let large = "0123456789abcdef".repeat(12_800);
    let probe = Probe::<Placed>::content();
    let bus = running(harness.queue("billing"), [probe.handle()]).await;
    bus.publish(placed(&large, 1)).await.unwrap();
    probe.has_done(1).await;
    stop(&bus).await;
    assert!(probe.events() == [placed(&large, 1)], "a large body arrived as another");
}

/// At most one message, settled before it returns; nothing when there is none.
pub async fn consume_event_takes_one_at_a_time<H: Harness>(harness: H) {
    let probe = Probe::<Placed>::content();
    let consumer = MessageConsumer::builder()
        .transport(harness.queue("billing"))
        .subscriber(probe.handle())
        .wait(Duration::from_secs(2))
        .build()
        .unwrap();
    consumer.prepare().await.unwrap();
    assert!(consumer.consume_event().await.unwrap().message().is_none());
    let publisher = MessagePublisher::new(harness.queue("billing"));
    for number in 0..2 {
        publisher.publish(placed("o-1", number)).await.unwrap();
    }
    for count in 1..=2 {
        let Consumed::Message(processed) = consumer.consume_event().await.unwrap() else { panic!("nothing came") };
        assert_eq!((processed.fate, processed.event_type_name.as_deref()), (Fate::Handled, Some("Placed")));
        assert_eq!(probe.done(), count);
    }
    assert!(consumer.consume_event().await.unwrap().message().is_none());
}

/// What a subscriber publishes carries the trace of what it handles.
pub async fn the_trace_goes_on<H: Harness>(harness: H) {
    const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    struct Canceller(MessagePublisher);
    impl Subscriber<Placed> for Canceller {
        async fn process(&self, event: &Placed, _: &crate::Context<Placed>) -> Outcome {
            self.0.publish(Cancelled { order: event.order.clone(), at: None }).await.unwrap();
            Outcome::Done
        }
    }
    let cancelled: Probe<Cancelled> = Probe::new(|_, _| Answer::Now(Outcome::Done));
    let bus = EventBus::builder()
        .transport(harness.queue("billing"))
        .subscriber(Canceller(MessagePublisher::new(harness.queue("billing"))))
        .subscriber(cancelled.handle())
        .wait(Duration::from_secs(2))
        .build()
        .unwrap();
    bus.start().await.unwrap();
    crate::with_traceparent(Some(TRACE.to_owned()), bus.publish(placed("o-1", 1))).await.unwrap();
    tokio::time::timeout(PATIENCE, cancelled.has_done(1)).await.unwrap();
    stop(&bus).await;
    assert_eq!(cancelled.seen()[0].1.traceparent(), Some(TRACE));
}
