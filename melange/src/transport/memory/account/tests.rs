use std::collections::BTreeSet;

use tokio::time::advance;

use super::super::MemoryTransport;
use super::super::fixture::{bodies, fifo, message, plan, standard, topology, with};
use super::*;
use crate::transport::{Body, Capabilities, TopicFilter, Transport, TransportErrorKind};

#[tokio::test(start_paused = true)]
async fn every_subscribed_queue_gets_a_copy_of_what_its_filter_lets_through() {
    let account = with([
        plan("placed", &[("t", "Placed")]),
        plan("cancelled", &[("t", "Cancelled")]),
        plan("both", &[("t", "Placed"), ("t", "Cancelled")]),
        plan("other", &[("u", "Placed")]),
    ]);
    account.send(message("t", "1").named("Placed")).await;
    account.send(message("t", "2").named("Cancelled")).await;
    account.send(message("t", "3").named("Shipped")).await;
    for (queue, wanted) in
        [("placed", vec!["1"]), ("cancelled", vec!["2"]), ("both", vec!["1", "2"]), ("other", vec![])]
    {
        assert_eq!(bodies(&account.take(queue).await), wanted, "{queue}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_without_an_event_type_comes_through_since_its_name_may_be_in_its_body() {
    let account = standard();
    let mut unnamed = message("t", "1");
    unnamed.attributes = crate::Attributes::new();
    account.send(unnamed).await;
    assert_eq!(bodies(&account.take("q").await), ["1"]);
}

#[tokio::test(start_paused = true)]
async fn what_nobody_wants_is_taken_and_discarded() {
    let account = standard();
    account.send(message("unknown", "1")).await;
    account.send(message("t", "2").named("Other")).await;
    let declared = Topology { topics: BTreeSet::from(["lonely".to_owned()]), ..Topology::default() };
    account.check(&declared).unwrap();
    account.send(message("lonely", "3")).await;
    assert!(account.take("q").await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn declaring_adds_and_takes_nothing_away() {
    let account = MemoryTransport::new();
    let (billing, shipping) = (account.queue("billing"), account.queue("shipping"));
    billing.check(&topology([plan("billing", &[("t", "A")])])).unwrap();
    shipping.check(&topology([plan("shipping", &[("t", "A")])])).unwrap();
    account.send(message("t", "1").named("A")).await;
    // The next version of billing, while the one before still runs.
    billing.check(&topology([plan("billing", &[("t", "B")])])).unwrap();
    billing.prepare(&topology([plan("billing", &[("t", "B")])])).await.unwrap();
    account.send(message("t", "2").named("A")).await;
    account.send(message("t", "3").named("B")).await;
    assert_eq!(bodies(&billing.take("billing").await), ["1", "2", "3"]);
    assert_eq!(bodies(&shipping.take("shipping").await), ["1", "2"]);
}

#[tokio::test(start_paused = true)]
async fn of_two_plans_for_one_queue_the_more_patient_counts() {
    let mut patient = plan("q", &[]);
    (patient.visibility, patient.max_receives) = (Duration::from_secs(60), 7);
    let mut hasty = plan("q", &[("t", "Happened")]);
    (hasty.visibility, hasty.max_receives) = (Duration::from_secs(5), 2);
    for plans in [[patient.clone(), hasty.clone()], [hasty, patient]] {
        let account = with(plans);
        account.send(message("t", "1")).await;
        for attempt in 1..=7 {
            assert_eq!(account.take_one("q").await.attempt, attempt);
            advance(Duration::from_secs(59)).await;
            assert!(account.take("q").await.is_empty());
            advance(Duration::from_secs(1)).await;
        }
        assert!(account.take("q").await.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_fifo_queue_fed_by_a_topic_that_is_not_is_refused_whole() {
    let account = MemoryTransport::new();
    let wanted = topology([plan("fine", &[("t", "Happened")]), plan("q.fifo", &[("t", "Happened")])]);
    let refused = account.check(&wanted).unwrap_err();
    assert_eq!(refused.len(), 1);
    assert!(refused[0].what().contains("`q.fifo`") && refused[0].what().contains("`t`"), "{}", refused[0]);
    let error = account.prepare(&wanted).await.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Configuration);
    let error = account.receive("fine", 1, Duration::ZERO).await.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::NotFound);
}

#[tokio::test(start_paused = true)]
async fn a_standard_queue_may_be_fed_by_a_fifo_topic() {
    let account = with([plan("q", &[("t.fifo", "Happened")])]);
    account.send(message("t.fifo", "1").keyed("a")).await;
    assert_eq!(bodies(&account.take("q").await), ["1"]);
}

#[tokio::test(start_paused = true)]
async fn a_fifo_topic_takes_a_deduplication_id_once_in_five_minutes() {
    let account = fifo();
    account.send(message("t.fifo", "1").keyed("a").dedup("x")).await;
    account.send(message("t.fifo", "2").keyed("b").dedup("x")).await;
    assert_eq!(bodies(&account.take("q.fifo").await), ["1"]);
    account.purge("q.fifo");
    advance(Duration::from_secs(300)).await;
    account.send(message("t.fifo", "3").keyed("b").dedup("x")).await;
    assert_eq!(bodies(&account.take("q.fifo").await), ["3"]);
}

#[tokio::test(start_paused = true)]
async fn a_standard_topic_does_not_deduplicate() {
    let account = standard();
    account.send(message("t", "1").dedup("x")).await;
    account.send(message("t", "2").dedup("x")).await;
    assert_eq!(bodies(&account.take("q").await), ["1", "2"]);
}

#[tokio::test(start_paused = true)]
async fn a_fifo_topic_refuses_what_has_no_key_and_takes_the_rest() {
    let account = fifo();
    let messages = vec![
        message("t.fifo", "1").dedup("x"),
        message("t.fifo", "2").dedup("x").keyed("a"),
        message("t.fifo", "3").keyed(""),
    ];
    let answers = account.publish(messages).await;
    let kinds: Vec<_> = answers.into_iter().map(|answer| answer.map_err(|error| error.kind())).collect();
    let refused = Err(TransportErrorKind::InvalidMessage);
    assert_eq!(kinds, [refused, Ok(()), refused]);
    assert_eq!(bodies(&account.take("q.fifo").await), ["2"]);
}

#[tokio::test(start_paused = true)]
async fn a_delivery_says_what_was_published() {
    let account = fifo();
    let before = crate::Timestamp::now();
    let sent = message("t.fifo", "1").keyed("a");
    account.send(sent).await;
    let delivery = account.take_one("q.fifo").await;
    assert_eq!((delivery.attempt, delivery.group.as_deref()), (1, Some("a")));
    assert!(delivery.sent_at.unwrap() >= before);
    let inbound = delivery.content.unwrap();
    assert_eq!(inbound.topic.as_deref(), Some("t.fifo"));
    assert_eq!(inbound.attributes.text(crate::attributes::EVENT_TYPE), Some("Happened"));
    assert_eq!(inbound.wrapper_id, None, "what a bus writes says its id itself");
    let local = message("t.fifo", "").typed(1).keyed("b").dedup("2");
    let event_id = local.id().to_string();
    account.send(local).await;
    let inbound = account.take_one("q.fifo").await.content.unwrap();
    assert_eq!(inbound.wrapper_id, Some(event_id), "which a local event cannot");
}

#[tokio::test(start_paused = true)]
async fn copies_have_message_ids_of_their_own() {
    let account = with([plan("p", &[("t", "Happened")]), plan("q", &[("t", "Happened")])]);
    account.send(message("t", "1")).await;
    assert_ne!(account.take_one("p").await.message_id, account.take_one("q").await.message_id);
}

#[tokio::test(start_paused = true)]
async fn a_local_event_comes_out_as_it_went_in() {
    let account = standard();
    account.send(message("t", "").typed(42_u32)).await;
    let Body::Typed(event) = account.take_one("q").await.content.unwrap().body else { panic!("not typed") };
    assert_eq!(event.downcast_ref(), Some(&42_u32));
}

#[tokio::test(start_paused = true)]
async fn an_unknown_queue_is_not_found() {
    let account = standard();
    account.send(message("t", "1")).await;
    let delivery = account.take_one("q").await;
    let not_found = Err(TransportErrorKind::NotFound);
    for wait in [0, 1] {
        let received = account.receive("nowhere", 1, Duration::from_secs(wait)).await;
        assert_eq!(received.map(|_| ()).map_err(|error| error.kind()), not_found);
    }
    assert_eq!(account.ack("nowhere", &delivery).await, not_found);
    assert_eq!(account.hide("nowhere", &delivery.receipt, Duration::ZERO).await, not_found);
}

#[test]
fn it_is_a_wire_that_does_not_leave_the_process() {
    let account = MemoryTransport::new();
    assert_eq!(account.capabilities(), Capabilities::wire("memory").in_process());
    assert_eq!((account.own_queue(), account.queue("billing").own_queue()), ("melange", "billing"));
}

#[tokio::test(start_paused = true)]
async fn filters_of_one_topic_twice_in_a_plan_are_united() {
    let mut twice = plan("q", &[("t", "A")]);
    twice.topics.push(TopicFilter { topic: "t".to_owned(), event_types: BTreeSet::from(["B".to_owned()]) });
    let account = with([twice]);
    for name in ["A", "B"] {
        account.send(message("t", name).named(name)).await;
    }
    assert_eq!(bodies(&account.take("q").await), ["A", "B"]);
}
