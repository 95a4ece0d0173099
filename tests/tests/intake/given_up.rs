//! What is given up, and where it goes.

use std::time::Duration;

use melange::transport::{Delivery, Receipt, TransportErrorKind, Undecodable};
use melange::{EventBus, Fate, Outcome, Settle, State, UnknownEvents, subscriber};

use crate::{Order, Wire, World, attempt, audited, bus, bus_on, delivery, moody, order, rejected, steady, take};

#[tokio::test]
async fn in_memory_what_is_given_up_is_told_and_not_lost() {
    let world = World::default();
    let bus = bus(&world, melange::subscribers![steady, moody]);
    world.mood(Outcome::reject("never"));
    assert_eq!(take(&bus, None, &order("a", 1)).await, rejected("never", "moody"));
    world.mood(Outcome::retry("not now"));
    assert_eq!(take(&bus, None, &attempt(3, order("b", 2))).await, rejected("not now", "moody"));
    let unreadable = Delivery::new("c", Err(Undecodable::new("it is broken")), Receipt::new(()));
    let settle = take(&bus, None, &unreadable).await;
    assert_eq!(settle, Settle::Rejected { reason: "it is broken".to_owned(), subscriber: None });
    let metrics = bus.metrics();
    assert_eq!((metrics.received, metrics.rejected, metrics.dead_letters), (3, 3, 0));
}

#[tokio::test]
async fn a_wire_gets_the_dead_letter() {
    let (world, wire) = (World::default(), Wire::default());
    let bus = bus_on(&wire, &world, melange::subscribers![steady, moody, audited]);
    world.mood(Outcome::reject("never"));
    assert_eq!(take(&bus, None, &order("a", 1)).await, Settle::Done(Fate::DeadLettered));
    let poison = delivery("b", r#"{"event_type_name": "Order", "number": "many"}"#);
    assert_eq!(take(&bus, Some("audit"), &poison).await, Settle::Done(Fate::DeadLettered));
    // Two queues cannot read it: that is one letter.
    assert_eq!(take(&bus, None, &delivery("c", "}")).await, Settle::Done(Fate::DeadLettered));
    let letters = wire.letters.lock().unwrap();
    let subscribers: Vec<_> =
        letters.iter().map(|(queue, letter)| (queue.as_str(), letter.subscriber.as_deref())).collect();
    assert_eq!(subscribers, [("billing", Some("moody")), ("audit", None), ("audit", None)]);
    assert!(letters[1].1.reason.len() > 10 && !letters[1].1.reason.contains("many"), "{}", letters[1].1.reason);
}

#[tokio::test]
async fn without_a_dead_letter_queue_the_caller_is_told_and_with_one_that_is_away_it_comes_again() {
    let world = World::default();
    for (kind, comes_again) in [
        (TransportErrorKind::NotFound, false),
        (TransportErrorKind::Configuration, false),
        (TransportErrorKind::Unavailable, true),
        (TransportErrorKind::Denied, true),
    ] {
        let wire = Wire { refuses: Some(kind), ..Wire::default() };
        let bus = bus_on(&wire, &world, melange::subscribers![moody]);
        world.mood(Outcome::reject("never"));
        let settle = take(&bus, None, &order("a", 1)).await;
        assert_eq!(matches!(settle, Settle::Retry { .. }), comes_again, "{kind:?}: {settle:?}");
        assert_eq!(matches!(settle, Settle::Rejected { .. }), !comes_again, "{kind:?}: {settle:?}");
    }
}

#[subscriber(listens_to = Order, queue = "audit")]
async fn never_again(order: &Order, State(world): State<World>) -> Outcome {
    world.note(format!("never again {}", order.number));
    Outcome::reject("never again")
}

#[tokio::test]
async fn a_retry_comes_before_what_is_given_up() {
    let world = World::default();
    let bus = bus(&world, melange::subscribers![moody, never_again]);
    world.mood(Outcome::retry_after("not now", Duration::from_secs(2)));
    assert_eq!(take(&bus, None, &order("a", 1)).await, Settle::Retry { after: Duration::from_secs(2) });
    assert_eq!(take(&bus, None, &order("a", 1)).await, rejected("never again", "never_again"));
    assert_eq!(take(&bus, None, &order("a", 1)).await, rejected("never again", "never_again"));
    assert_eq!(world.ran(), ["moody 1", "moody 1", "never again 1", "never again 1", "never again 1"]);
}

#[tokio::test]
async fn what_nobody_listens_to_is_ignored_or_given_up() {
    let world = World::default();
    let other = delivery("a", r#"{"event_type_name": "Elsewhere"}"#);
    assert_eq!(take(&bus(&world, melange::subscribers![steady]), None, &other).await, Settle::Done(Fate::Ignored));
    let strict = EventBus::builder()
        .subscribers(melange::subscribers![steady, audited])
        .state(world)
        .unknown_events(UnknownEvents::DeadLetter)
        .build()
        .unwrap();
    assert!(matches!(take(&strict, None, &other).await, Settle::Rejected { .. }));
    let newer = delivery("b", r#"{"event_type_name": "Order", "event_version": 9, "number": 1}"#);
    assert!(matches!(take(&strict, None, &newer).await, Settle::Retry { .. }));
}
