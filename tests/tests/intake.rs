//! Messages that somebody else received and somebody else settles: who runs, what is answered, and what is remembered.

use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use melange::transport::{
    Body, Capabilities, DeadLetter, Delivery, Inbound, Message, Receipt, Topology, Transport, TransportError,
    TransportErrorKind, Undecodable,
};
use melange::{
    AttributeValue, CancellationToken, Event, EventBus, Fate, Outcome, Settle, State, SubscriberErrorKind,
    UnknownEvents, attributes, subscriber,
};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(topic = "orders")]
struct Order {
    number: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(topic = "orders")]
struct Followed {
    number: u32,
}

/// Who ran, in order; and what the subscriber `moody` is to say next.
#[derive(Clone, Default)]
struct World {
    ran: Arc<Mutex<Vec<String>>>,
    mood: Arc<Mutex<Option<Outcome>>>,
}

impl World {
    fn note(&self, what: impl Into<String>) {
        self.ran.lock().unwrap().push(what.into());
    }

    fn ran(&self) -> Vec<String> {
        let mut ran = std::mem::take(&mut *self.ran.lock().unwrap());
        ran.sort();
        ran
    }

    fn mood(&self, outcome: Outcome) {
        *self.mood.lock().unwrap() = Some(outcome);
    }
}

#[subscriber(listens_to = Order)]
async fn steady(order: &Order, State(world): State<World>) {
    world.note(format!("steady {}", order.number));
}

#[subscriber(listens_to = Order, retry(attempts = 3, backoff = "7s..7s"))]
async fn moody(order: &Order, State(world): State<World>) -> Outcome {
    world.note(format!("moody {}", order.number));
    world.mood.lock().unwrap().take().unwrap_or(Outcome::Done)
}

#[subscriber(listens_to = Order, queue = "audit")]
async fn audited(order: &Order, State(world): State<World>) {
    world.note(format!("audited {}", order.number));
}

/// A wire that takes dead letters, or not.
#[derive(Clone, Default)]
struct Wire {
    letters: Arc<Mutex<Vec<(String, DeadLetter)>>>,
    refuses: Option<TransportErrorKind>,
}

impl Transport for Wire {
    fn capabilities(&self) -> Capabilities {
        Capabilities::wire("a wire")
    }

    fn own_queue(&self) -> &str {
        "billing"
    }

    async fn prepare(&self, _: &Topology) -> Result<(), TransportError> {
        Ok(())
    }

    async fn publish(&self, messages: Vec<Message>) -> Vec<Result<(), TransportError>> {
        messages.iter().map(|_| Ok(())).collect()
    }

    async fn receive(&self, _: &str, _: usize, _: Duration) -> Result<Vec<Delivery>, TransportError> {
        panic!("nobody receives here")
    }

    async fn delete(&self, _: &str, _: Vec<Receipt>) -> Vec<Result<(), TransportError>> {
        panic!("nobody settles here")
    }

    async fn change_visibility(&self, _: &str, _: Vec<(Receipt, Duration)>) -> Vec<Result<(), TransportError>> {
        panic!("nobody settles here")
    }

    async fn dead_letter(&self, queue: &str, _: &Delivery, letter: &DeadLetter) -> Result<(), TransportError> {
        match self.refuses {
            Some(kind) => Err(TransportError::new(kind, "refused")),
            None => {
                self.letters.lock().unwrap().push((queue.to_owned(), letter.clone()));
                Ok(())
            }
        }
    }
}

fn delivery(id: &str, json: &str) -> Delivery {
    Delivery::new(id, Ok(Inbound::new(Body::Json(json.into()))), Receipt::new(()))
}

fn order(id: &str, number: u32) -> Delivery {
    delivery(id, &format!(r#"{{"event_type_name": "Order", "number": {number}}}"#))
}

fn attempt(number: u32, mut delivery: Delivery) -> Delivery {
    delivery.attempt = number;
    delivery
}

fn bus(world: &World, subscribers: melange::Functions) -> EventBus {
    EventBus::builder().subscribers(subscribers).state(world.clone()).build().unwrap()
}

fn bus_on(wire: &Wire, world: &World, subscribers: melange::Functions) -> EventBus {
    EventBus::builder().subscribers(subscribers).state(world.clone()).transport(wire.clone()).build().unwrap()
}

async fn take(bus: &EventBus, queue: Option<&str>, delivery: &Delivery) -> Settle {
    bus.intake().handle(queue, delivery, &CancellationToken::new()).await.settle
}

const HANDLED: Settle = Settle::Done(Fate::Handled);

fn rejected(reason: &str, subscriber: &str) -> Settle {
    Settle::Rejected { reason: reason.to_owned(), subscriber: Some(subscriber.to_owned()) }
}

#[tokio::test]
async fn a_push_runs_everyone_and_a_queue_its_own() {
    let world = World::default();
    let bus = bus(&world, melange::subscribers![steady, moody, audited]);
    let run = async |queue| {
        assert_eq!(take(&bus, queue, &order("m", 1)).await, HANDLED);
        world.ran()
    };
    assert_eq!(run(None).await, ["audited 1", "moody 1", "steady 1"]);
    assert_eq!(run(Some("audit")).await, ["audited 1"]);
    assert_eq!(run(Some("somebody-elses")).await, ["moody 1", "steady 1"]);
    assert_eq!((bus.metrics().received, bus.metrics().handled), (4, 4));
}

#[tokio::test]
async fn it_outlives_whoever_made_it() {
    let world = World::default();
    let intake = bus(&world, melange::subscribers![steady]).intake();
    assert_eq!(intake.handle(None, &order("m", 1), &CancellationToken::new()).await.settle, HANDLED);
}

#[tokio::test]
async fn where_all_name_their_queues_another_name_stands_for_all() {
    let world = World::default();
    let bus = bus(&world, melange::subscribers![audited]);
    assert_eq!(take(&bus, Some("staging-audit"), &order("m", 1)).await, HANDLED);
    assert_eq!(world.ran(), ["audited 1"]);
}

#[tokio::test]
async fn without_any_subscriber_nothing_passes_for_handled() {
    let bus = EventBus::builder().build().unwrap();
    let settle = take(&bus, None, &order("m", 1)).await;
    assert!(matches!(&settle, Settle::Rejected { reason, .. } if reason.contains("no subscriber")), "{settle:?}");
}

#[tokio::test]
async fn only_the_failed_one_runs_again() {
    let world = World::default();
    let bus = bus(&world, melange::subscribers![steady, moody, audited]);
    world.mood(Outcome::retry("not now"));
    assert_eq!(take(&bus, None, &order("m", 1)).await, Settle::Retry { after: Duration::from_secs(7) });
    assert_eq!(world.ran(), ["audited 1", "moody 1", "steady 1"]);
    assert_eq!(take(&bus, None, &order("m", 1)).await, HANDLED);
    assert_eq!(world.ran(), ["moody 1"]);
    // It was done with, so this is another one.
    assert_eq!(take(&bus, None, &order("m", 1)).await, HANDLED);
    assert_eq!(world.ran().len(), 3);
}

#[tokio::test]
async fn what_is_done_and_comes_again_all_the_same_runs_for_nobody() {
    let world = World::default();
    let bus = bus(&world, melange::subscribers![steady, audited]);
    let order = order("m", 1);
    assert_eq!(take(&bus, None, &order).await, HANDLED);
    bus.intake().comes_again_though_done(None, &order);
    assert_eq!(world.ran().len(), 2);
    assert_eq!(take(&bus, None, &order).await, HANDLED);
    assert!(world.ran().is_empty());
}

#[tokio::test]
async fn messages_without_an_id_are_all_run() {
    let world = World::default();
    let bus = bus(&world, melange::subscribers![steady, moody]);
    world.mood(Outcome::retry("not now"));
    assert!(matches!(take(&bus, None, &order("", 1)).await, Settle::Retry { .. }));
    assert_eq!(take(&bus, None, &order("", 2)).await, HANDLED);
    assert_eq!(world.ran(), ["moody 1", "moody 2", "steady 1", "steady 2"]);
}

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

#[subscriber(listens_to = Order)]
async fn panics(_order: &Order) {
    panic!("on purpose");
}

#[subscriber(listens_to = Order, timeout = "2s")]
async fn hangs(_order: &Order) {
    std::future::pending::<()>().await;
}

#[tokio::test(start_paused = true)]
async fn a_panic_and_a_time_out_are_failures_of_their_own() {
    let world = World::default();
    let bus = bus(&world, melange::subscribers![steady, panics, hangs]);
    let taken = bus.intake().handle(None, &order("a", 1), &CancellationToken::new()).await;
    assert!(matches!(taken.settle, Settle::Retry { .. }), "{:?}", taken.settle);
    assert_eq!(taken.event_type_name.as_deref(), Some("Order"));
    let mut kinds: Vec<_> = taken.failures.iter().map(|error| (error.subscriber(), error.kind())).collect();
    kinds.sort_by_key(|(name, _)| *name);
    assert_eq!(kinds, [("hangs", SubscriberErrorKind::TimedOut), ("panics", SubscriberErrorKind::Panicked)]);
    assert_eq!(world.ran(), ["steady 1"]);
}

#[subscriber(listens_to = Order)]
async fn heeds(_order: &Order, token: CancellationToken, State(world): State<World>) {
    token.cancelled().await;
    world.note("told");
}

#[tokio::test(start_paused = true)]
async fn what_is_told_to_stop_is_handed_back() {
    let world = World::default();
    for subscribers in [melange::subscribers![heeds, steady], melange::subscribers![heeds, hangs, steady]] {
        let bus = bus(&world, subscribers);
        let (stop, begun) = (CancellationToken::new(), Instant::now());
        let (intake, delivery) = (bus.intake(), order("a", 1));
        let (taken, ()) = tokio::join!(intake.handle(None, &delivery, &stop), async {
            sleep(Duration::from_secs(1)).await;
            stop.cancel();
        });
        assert_eq!(taken.settle, Settle::Stopped);
        assert!(begun.elapsed() <= Duration::from_millis(1_500), "{:?}", begun.elapsed());
        assert_eq!(world.ran(), ["steady 1", "told"]);
        assert_eq!(bus.metrics().released, 1);
        // Whoever was done before does not run again.
        let stop = CancellationToken::new();
        stop.cancel();
        assert_eq!(bus.intake().handle(None, &delivery, &stop).await.settle, Settle::Stopped);
        assert_eq!(world.ran(), ["told"]);
    }
}

#[subscriber(listens_to = Order)]
async fn tells_when_dropped(_order: &Order, token: CancellationToken, State(world): State<World>) {
    tokio::spawn(async move {
        token.cancelled().await;
        world.note("told");
    });
    std::future::pending::<()>().await;
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_no_more_cancels_what_is_left() {
    let world = World::default();
    let bus = bus(&world, melange::subscribers![tells_when_dropped]);
    let (intake, order, stop) = (bus.intake(), order("a", 1), CancellationToken::new());
    assert!(tokio::time::timeout(Duration::from_secs(1), intake.handle(None, &order, &stop)).await.is_err());
    sleep(Duration::from_millis(1)).await;
    assert_eq!(world.ran(), ["told"]);
    assert!(!stop.is_cancelled());
    assert_eq!((bus.metrics().received, bus.metrics().released), (1, 1));
    bus.shutdown(Duration::from_secs(1)).await.unwrap();
}

/// The bus, which is there when the subscribers already are.
#[derive(Clone, Default)]
struct Later(Arc<OnceLock<EventBus>>);

#[subscriber(listens_to = Order)]
async fn follows(
    order: &Order,
    State(world): State<World>,
    State(Later(bus)): State<Later>,
) -> Result<(), melange::PublishError> {
    sleep(Duration::from_secs(1)).await;
    if let Some(bus) = bus.get() {
        bus.publish(Followed { number: order.number }).await?;
        world.note("published");
    }
    Ok(())
}

const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

#[tokio::test(start_paused = true)]
async fn a_shutdown_waits_for_it_and_then_refuses() {
    let (world, later) = (World::default(), Later::default());
    let bus = EventBus::builder()
        .subscribers(melange::subscribers![follows])
        .state(world.clone())
        .state(later.clone())
        .build()
        .unwrap();
    later.0.set(bus.clone()).unwrap();
    let pushed = order("a", 1);
    bus.start().await.unwrap();
    let intake = bus.intake();
    let stop = CancellationToken::new();
    let (taken, ()) = tokio::join!(intake.handle(None, &pushed, &stop), async {
        sleep(Duration::from_millis(1)).await;
        bus.shutdown(Duration::from_secs(5)).await.unwrap();
    });
    assert_eq!(taken.settle, HANDLED);
    assert_eq!(intake.handle(None, &pushed, &stop).await.settle, Settle::Stopped);
    assert_eq!(world.ran(), ["published"]);
}

#[tokio::test(start_paused = true)]
async fn what_subscribers_publish_carries_the_trace() {
    let (world, wire) = (World::default(), Published::default());
    let bus = EventBus::builder()
        .subscribers(melange::subscribers![forwards])
        .state(world.clone())
        .state(melange::MessagePublisher::new(wire.clone()))
        .build()
        .unwrap();
    let mut pushed = order("a", 1);
    let trace = AttributeValue::String(TRACEPARENT.to_owned());
    pushed.content.as_mut().unwrap().attributes.set(attributes::TRACEPARENT, trace);
    assert_eq!(take(&bus, None, &pushed).await, HANDLED);
    assert_eq!(*wire.0.lock().unwrap(), [Some(TRACEPARENT.to_owned())]);
}

#[subscriber(listens_to = Order)]
async fn forwards(
    order: &Order,
    State(publisher): State<melange::MessagePublisher>,
) -> Result<(), melange::PublishError> {
    publisher.publish(Followed { number: order.number }).await.map(drop)
}

/// Notes the traces of what is published.
#[derive(Clone, Default)]
struct Published(Arc<Mutex<Vec<Option<String>>>>);

impl Transport for Published {
    fn capabilities(&self) -> Capabilities {
        Capabilities::wire("published")
    }
    fn own_queue(&self) -> &str {
        "billing"
    }
    async fn prepare(&self, _: &Topology) -> Result<(), TransportError> {
        Ok(())
    }
    async fn publish(&self, messages: Vec<Message>) -> Vec<Result<(), TransportError>> {
        let trace = |message: Message| {
            self.0.lock().unwrap().push(message.attributes.text(attributes::TRACEPARENT).map(str::to_owned));
            Ok(())
        };
        messages.into_iter().map(trace).collect()
    }
    async fn receive(&self, _: &str, _: usize, _: Duration) -> Result<Vec<Delivery>, TransportError> {
        Ok(Vec::new())
    }
    async fn delete(&self, _: &str, _: Vec<Receipt>) -> Vec<Result<(), TransportError>> {
        Vec::new()
    }
    async fn change_visibility(&self, _: &str, _: Vec<(Receipt, Duration)>) -> Vec<Result<(), TransportError>> {
        Vec::new()
    }
    async fn dead_letter(&self, _: &str, _: &Delivery, _: &DeadLetter) -> Result<(), TransportError> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_that_is_over_hands_it_back() {
    let world = World::default();
    let bus = bus(&world, melange::subscribers![heeds]);
    let (intake, delivery, stop) = (bus.intake(), order("a", 1), CancellationToken::new());
    let (taken, ()) = tokio::join!(intake.handle(None, &delivery, &stop), async {
        sleep(Duration::from_millis(1)).await;
        bus.shutdown(Duration::from_secs(5)).await.unwrap();
    });
    assert_eq!(taken.settle, Settle::Stopped);
    assert_eq!(world.ran(), ["told"]);
}

#[subscriber(listens_to = Order, concurrency = 2)]
async fn two_at_once(_order: &Order, State(world): State<World>) {
    world.note("begun");
    sleep(Duration::from_secs(1)).await;
}

#[tokio::test(start_paused = true)]
async fn a_subscribers_own_limit_holds() {
    let world = World::default();
    let bus = bus(&world, melange::subscribers![two_at_once]);
    let begun = Instant::now();
    let orders: Vec<_> = (0..6).map(|i| order(&i.to_string(), i)).collect();
    let all = futures_util::future::join_all(orders.iter().map(|order| take(&bus, None, order))).await;
    assert!(all.iter().all(Settle::is_done));
    assert_eq!(begun.elapsed().as_secs(), 3);
}

#[tokio::test]
async fn what_went_back_unrun_has_used_up_no_attempt() {
    let world = World::default();
    let bus = bus(&world, melange::subscribers![moody]);
    for _ in 0..2 {
        bus.intake().goes_back_unrun(None, &order("a", 1));
    }
    world.mood(Outcome::retry("not now"));
    assert!(matches!(take(&bus, None, &attempt(3, order("a", 1))).await, Settle::Retry { .. }));
    world.mood(Outcome::retry("not now"));
    assert_eq!(take(&bus, None, &attempt(5, order("a", 1))).await, rejected("not now", "moody"));
}
