//! What a test lets go wrong.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use melange::testing::{Fault, TestAccount, TestBus};
use melange::transport::TransportErrorKind;
use melange::{
    EventId, Latest, MessagePublisher, Metadata, Outcome, PublishError, State, assert_dead_lettered, assert_handled,
    assert_published, subscriber, subscribers,
};

use crate::orders::{OrderPaid, OrderPlaced};

#[derive(Clone, Default)]
struct Ledger {
    booked: Arc<Mutex<Vec<u32>>>,
    seen: Arc<Mutex<HashSet<EventId>>>,
}

#[subscriber(listens_to = OrderPlaced)]
async fn book(order: &OrderPlaced, State(ledger): State<Ledger>) {
    ledger.booked.lock().unwrap().push(order.number);
}

#[subscriber(listens_to = OrderPlaced)]
async fn book_once(order: &OrderPlaced, meta: &Metadata, State(ledger): State<Ledger>) {
    if ledger.seen.lock().unwrap().insert(meta.event_id.clone()) {
        ledger.booked.lock().unwrap().push(order.number);
    }
}

#[subscriber(listens_to = OrderPlaced)]
async fn book_newer(
    order: &OrderPlaced,
    meta: &Metadata,
    State(latest): State<Arc<Latest<u32>>>,
    State(ledger): State<Ledger>,
) {
    if latest.is_newer(order.number, meta.occurred_on) {
        ledger.booked.lock().unwrap().push(order.number);
    }
}

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn a_message_comes_twice_at_once() {
    let ledger = Ledger::default();
    let bus = TestBus::builder().subscribers(subscribers![book]).state(ledger.clone()).start().await;
    bus.inject(Fault::deliver_twice());
    for number in 1..=2 {
        bus.publish(OrderPlaced { number }).await.unwrap();
    }
    let idle = bus.run_until_idle().await;
    assert_eq!(*ledger.booked.lock().unwrap(), [1, 2, 1]);
    assert!(idle.took < SECOND, "{idle:?}");
    assert_handled!(bus, OrderPlaced { number: 1 }, times = 2);
    let first = bus.handled::<OrderPlaced>();
    let ids: HashSet<_> =
        first.iter().filter(|one| one.event.number == 1).map(|one| one.metadata.event_id.clone()).collect();
    assert_eq!(ids.len(), 1, "one event, twice");
    assert!(bus.faults_left().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_comes_twice_can_be_told_by_its_id_or_its_moment() {
    let ledger = Ledger::default();
    let bus = TestBus::builder().subscribers(subscribers![book_once]).state(ledger.clone()).start().await;
    bus.inject(Fault::deliver_twice().times(3));
    bus.publish(OrderPlaced { number: 1 }).await.unwrap();
    bus.run_until_idle().await;
    assert_eq!(*ledger.booked.lock().unwrap(), [1]);
    assert_handled!(bus, OrderPlaced, by = "book_once", times = 4);

    let ledger = Ledger::default();
    let latest = Arc::new(Latest::<u32>::new(10));
    let bus =
        TestBus::builder().subscribers(subscribers![book_newer]).state(ledger.clone()).state(latest).start().await;
    bus.inject(Fault::deliver_twice());
    bus.publish(OrderPlaced { number: 7 }).await.unwrap();
    bus.run_until_idle().await;
    assert_eq!(*ledger.booked.lock().unwrap(), [7]);
    assert_handled!(bus, OrderPlaced, times = 2);
}

#[tokio::test(start_paused = true)]
async fn an_ack_is_lost_and_the_message_comes_again_when_its_visibility_ends() {
    let ledger = Ledger::default();
    let bus = TestBus::builder().subscribers(subscribers![book]).state(ledger.clone()).start().await;
    bus.inject(Fault::lose_ack().of::<OrderPlaced>().on_queue("melange"));
    bus.publish(OrderPlaced { number: 1 }).await.unwrap();
    bus.advance(29 * SECOND).await;
    assert_eq!(ledger.booked.lock().unwrap().len(), 1);
    bus.advance(SECOND).await;
    assert_eq!(ledger.booked.lock().unwrap().len(), 2);
    bus.run_until_idle().await;
    assert_eq!(bus.event_bus().metrics().handled, 2);
    assert_eq!(bus.handled::<OrderPlaced>()[1].event.number, 1);
    assert_eq!(bus.handled::<OrderPlaced>()[1].metadata.attempt, 2);
}

#[tokio::test(start_paused = true)]
async fn an_ack_that_fails_is_tried_again_and_nobody_runs_twice() {
    let ledger = Ledger::default();
    let bus = TestBus::builder().subscribers(subscribers![book]).state(ledger.clone()).start().await;
    bus.inject(Fault::fail_ack().times(3));
    bus.publish(OrderPlaced { number: 1 }).await.unwrap();
    bus.run_until_idle().await;
    assert_eq!(*ledger.booked.lock().unwrap(), [1]);
    assert!(bus.faults_left().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_receive_fails_and_the_next_brings_the_message() {
    let ledger = Ledger::default();
    let bus = TestBus::builder().subscribers(subscribers![book]).state(ledger.clone()).start().await;
    bus.inject(Fault::fail_receive());
    bus.publish(OrderPlaced { number: 1 }).await.unwrap();
    bus.run_until_idle().await;
    assert_eq!((*ledger.booked.lock().unwrap()).clone(), [1]);
    assert_eq!(bus.event_bus().metrics().failed_polls, 1);
    let handled = &bus.handled::<OrderPlaced>()[0];
    assert!(handled.at > Duration::ZERO && handled.metadata.attempt == 1, "{handled:?}");
}

#[tokio::test(start_paused = true)]
async fn what_was_received_is_lost_and_comes_again() {
    let ledger = Ledger::default();
    let bus = TestBus::builder().subscribers(subscribers![book]).state(ledger.clone()).start().await;
    bus.inject(Fault::lose_received());
    bus.publish(OrderPlaced { number: 1 }).await.unwrap();
    let idle = bus.run_until_idle().await;
    assert!(idle.took >= 30 * SECOND);
    assert_eq!(bus.handled::<OrderPlaced>()[0].metadata.attempt, 2);
}

#[tokio::test(start_paused = true)]
async fn publishing_fails_before_or_after_the_broker_took_it() {
    let bus = TestBus::builder().subscribe(|_: &OrderPlaced| ()).start().await;
    bus.inject(Fault::fail_publish());
    let failed = bus.publish(OrderPlaced { number: 1 }).await.unwrap_err();
    assert!(failed.is_retryable() && !failed.is_uncertain(), "{failed}");
    assert!(failed.to_string().contains("the test says"), "{failed}");
    bus.inject(Fault::lose_publish_answer());
    let failed = bus.publish(OrderPlaced { number: 2 }).await.unwrap_err();
    assert!(failed.is_uncertain(), "{failed}");
    assert_eq!(failed.transport_error().unwrap().kind(), TransportErrorKind::Unavailable);
    bus.run_until_idle().await;
    assert_published!(bus, OrderPlaced, times = 1);
    assert_handled!(bus, OrderPlaced { number: 2 }, times = 1);

    bus.inject(Fault::fail_publish().of::<OrderPaid>());
    bus.publish(OrderPlaced { number: 3 }).await.unwrap();
    assert_eq!(bus.faults_left(), ["fail a publish of OrderPaid"]);
    bus.publish(OrderPaid { number: 3 }).await.unwrap_err();
    bus.inject(Fault::fail_publish().after(1));
    let answers = bus.event_bus().publish_all([4, 5, 6].map(|number| OrderPlaced { number })).await;
    assert_eq!(answers.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true]);
    bus.inject(Fault::fail_publish().on_queue("melange"));
    bus.publish(OrderPlaced { number: 7 }).await.unwrap();
    bus.send_to("melange", OrderPlaced { number: 8 }).await.unwrap_err();
}

/// A handler that cannot publish fails, and is run again.
#[tokio::test(start_paused = true)]
async fn a_handler_that_cannot_publish_is_retried() {
    #[subscriber(listens_to = OrderPlaced)]
    async fn pay(order: &OrderPlaced, State(publisher): State<MessagePublisher>) -> Result<(), PublishError> {
        publisher.publish(OrderPaid { number: order.number }).await.map(drop)
    }
    let bus = TestBus::builder().subscribers(subscribers![pay]).state_with(|publisher| publisher).start().await;
    bus.inject(Fault::fail_publish().of::<OrderPaid>().times(2));
    bus.publish(OrderPlaced { number: 1 }).await.unwrap();
    bus.run_until_idle().await;
    melange::assert_retried!(bus, OrderPlaced { number: 1 }, by = "pay", reason = "OrderPaid", times = 2);
    assert_published!(bus, OrderPaid { number: 1 }, times = 1);
}

#[tokio::test(start_paused = true)]
async fn a_dead_letter_queue_that_fails_loses_nothing() {
    let bus = TestBus::builder().subscribe(|_: &OrderPlaced| Outcome::reject("no")).start().await;
    bus.inject(Fault::fail_dead_letter());
    bus.publish(OrderPlaced { number: 1 }).await.unwrap();
    bus.run_until_idle().await;
    assert_eq!(bus.rejected::<OrderPlaced>().len(), 2);
    assert_dead_lettered!(bus, OrderPlaced { number: 1 }, times = 1);
}

/// A publisher that no bus has, and a consumer that the test drives.
#[tokio::test(start_paused = true)]
async fn the_transport_is_there_for_other_halves() {
    let account = TestAccount::new();
    let consumer = melange::MessageConsumer::builder()
        .transport(account.transport().queue("billing"))
        .subscribe(|_: &OrderPlaced| ())
        .build()
        .unwrap();
    account.inject(Fault::deliver_twice().on_queue("billing"));
    account.publisher().publish(OrderPlaced { number: 1 }).await.unwrap();
    for _ in 0..2 {
        assert!(consumer.consume_event().await.unwrap().message().is_some());
    }
    assert_eq!(account.memory().depth("billing").total(), 0);
    assert_published!(account, OrderPlaced);
}
