//! Running until nothing is left to do.

mod cut_off;
mod endless;
mod left_over;

use std::sync::Arc;
use std::time::Duration;

use melange::testing::{Ending, TestAccount, TestBus, TestBusBuilder};
use melange::{
    Event, EventBus, EventBusBuilder, MemoryTransport, MessagePublisher, Metadata, Outcome, PublishError, State,
    SubscriberErrorKind, assert_dead_lettered, assert_handled, assert_idle, assert_published, assert_retried,
    subscriber, subscribers,
};
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(topic = "orders")]
struct OrderPlaced {
    order_id: String,
    total_cents: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(topic = "payments")]
struct PaymentDue {
    order_id: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(topic = "payments")]
struct Reminded {
    order_id: String,
    times: u32,
}

fn order(order_id: &str) -> OrderPlaced {
    OrderPlaced { order_id: order_id.into(), total_cents: 4200 }
}

#[subscriber(listens_to = OrderPlaced, retry(attempts = 4, backoff = "10m..2h"))]
async fn send_receipt(_: &OrderPlaced, meta: &Metadata) -> Result<(), &'static str> {
    if meta.attempt < 4 { Err("the mail server is down") } else { Ok(()) }
}

#[subscriber(listens_to = OrderPlaced)]
async fn bill(order: &OrderPlaced, State(publisher): State<MessagePublisher>) -> Result<(), PublishError> {
    publisher.publish(PaymentDue { order_id: order.order_id.clone() }).await.map(drop)
}

#[subscriber(listens_to = PaymentDue)]
async fn remind(due: &PaymentDue, State(publisher): State<MessagePublisher>) -> Result<(), PublishError> {
    let first = Reminded { order_id: due.order_id.clone(), times: 1 };
    publisher.send_to("melange", first).delay(Duration::from_secs(600)).await.map(drop)
}

#[subscriber(listens_to = Reminded)]
async fn remind_again(reminded: &Reminded, State(publisher): State<MessagePublisher>) -> Result<(), PublishError> {
    if reminded.times == 3 {
        return Ok(());
    }
    let next = Reminded { times: reminded.times + 1, ..reminded.clone() };
    publisher.publish(next).await.map(drop)
}

#[tokio::test(start_paused = true)]
async fn backoffs_of_hours_take_no_time() {
    let began = std::time::Instant::now();
    let bus = TestBus::builder().subscribers(subscribers![send_receipt]).start().await;
    bus.publish(order("o-1")).await.unwrap();
    let idle = bus.run_until_idle().await;
    assert!(idle.took >= Duration::from_secs(30 * 60), "{idle:?}");
    assert_eq!(idle.attempts, 4);
    assert!(began.elapsed() < Duration::from_secs(30), "{:?} went by", began.elapsed());
    assert_retried!(bus, OrderPlaced { .. }, by = "send_receipt", reason = "mail server", times = 3);
    assert_handled!(bus, OrderPlaced { order_id, .. } if order_id == "o-1", times = 1);
    let attempts = bus.attempts::<OrderPlaced>();
    assert_eq!(attempts.iter().map(|attempt| attempt.attempt).collect::<Vec<_>>(), [1, 2, 3, 4]);
    for pair in attempts.windows(2) {
        let Ending::Retried { after: Some(after), kind, .. } = &pair[0].ending else { panic!("{:?}", pair[0]) };
        assert_eq!(*kind, SubscriberErrorKind::Failed);
        let rested = pair[1].at - pair[0].at;
        assert!(*after >= Duration::from_secs(600) && rested >= *after, "{after:?}, {rested:?}");
        assert!(rested - *after <= Duration::from_millis(2), "{after:?}, {rested:?}");
    }
    assert_idle!(bus);
}

#[tokio::test(start_paused = true)]
async fn what_handlers_publish_and_delay_is_followed() {
    let bus = TestBus::builder()
        .subscribers(subscribers![bill, remind, remind_again])
        .state_with(|publisher| publisher)
        .start()
        .await;
    for id in ["o-1", "o-2"] {
        bus.publish(order(id)).await.unwrap();
    }
    let idle = bus.run_until_idle().await;
    assert!(idle.took >= Duration::from_secs(600));
    assert_eq!(idle.attempts, 2 + 2 + 6);
    assert_published!(bus, PaymentDue, times = 2);
    assert_published!(bus, Reminded { times: 1, .. }, queue = "melange", times = 2);
    let reminded = bus.published::<Reminded>();
    assert_eq!(reminded.iter().filter(|one| one.event.order_id == "o-2").map(|one| one.event.times).max(), Some(3));
    assert_eq!(bus.handled_by::<Reminded>("remind_again").len(), 6);
}

/// The idle moment is not a poll later.
#[tokio::test(start_paused = true)]
async fn idle_is_known_at_once() {
    let bus =
        TestBus::builder().subscribe(|_: Arc<OrderPlaced>| async { sleep(Duration::from_secs(7)).await }).start().await;
    assert_eq!(bus.run_until_idle().await.took, Duration::ZERO);
    bus.publish(order("o-1")).await.unwrap();
    let took = bus.run_until_idle().await.took;
    assert!(took >= Duration::from_secs(7) && took <= Duration::from_millis(7200), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_dead_letter_is_typed_with_its_subscriber_and_reason() {
    let bus = TestBus::builder()
        .subscribe(|order: &OrderPlaced| -> Outcome {
            if order.total_cents == 0 { Outcome::reject("an order of nothing") } else { Outcome::Done }
        })
        .subscribers(subscribers![send_receipt])
        .start()
        .await;
    let free = OrderPlaced { total_cents: 0, ..order("o-0") };
    let event_id = bus.publish(free.clone()).await.unwrap();
    bus.publish(order("o-1")).await.unwrap();
    bus.run_until_idle().await;
    let letters = bus.dead_letters::<OrderPlaced>();
    let [letter] = letters.as_slice() else { panic!("{letters:?}") };
    assert_eq!((&*letter.event, letter.event_id.as_ref()), (&free, Some(&event_id)));
    assert_eq!((letter.reason.as_str(), letter.queue.as_str(), letter.attempts), ("an order of nothing", "melange", 1));
    assert_eq!(bus.rejected::<OrderPlaced>().len(), 1);
    let rejected = &bus.rejected::<OrderPlaced>()[0];
    assert_eq!(letter.subscriber.as_deref(), Some(rejected.subscriber));
    assert!(rejected.ending.is_dead_lettered());
    assert_dead_lettered!(bus, OrderPlaced { total_cents: 0, .. }, reason = "nothing", times = 1);
    assert_eq!(bus.letters().len(), 1);
    assert_eq!(bus.redrive(), 1);
    bus.run_until_idle().await;
    assert_eq!(bus.rejected::<OrderPlaced>().len(), 2, "only who gave it up runs again");
    assert_eq!(bus.attempts::<OrderPlaced>().len(), 2 + 8 + 1);
}

#[tokio::test(start_paused = true)]
async fn attempts_that_are_used_up_panics_and_time_outs_are_told_apart() {
    #[subscriber(listens_to = OrderPlaced, retry(attempts = 2, backoff = "1s..1s"))]
    async fn panics(_: &OrderPlaced) {
        std::panic::resume_unwind(Box::new("as it was told"));
    }
    #[subscriber(listens_to = OrderPlaced, timeout = "5s", retry(attempts = 2, backoff = "1s..1s"))]
    async fn sleeps(_: &OrderPlaced) {
        sleep(Duration::from_secs(60)).await;
    }
    #[subscriber(listens_to = OrderPlaced, blocking)]
    fn blocks(_: &OrderPlaced) {
        std::thread::sleep(Duration::from_millis(20));
    }
    let bus = TestBus::builder().subscribers(subscribers![panics, sleeps, blocks]).start().await;
    bus.publish(order("o-1")).await.unwrap();
    bus.run_until_idle().await;
    let endings = |name: &str| -> Vec<(Option<SubscriberErrorKind>, bool)> {
        let all = bus.attempts::<OrderPlaced>();
        let of = all.iter().filter(|attempt| attempt.subscriber == name);
        of.map(|attempt| (attempt.ending.kind(), attempt.ending.is_dead_lettered())).collect()
    };
    let (panicked, timed_out) = (Some(SubscriberErrorKind::Panicked), Some(SubscriberErrorKind::TimedOut));
    assert_eq!(endings("panics"), [(panicked, false), (panicked, true)]);
    assert_eq!(endings("sleeps"), [(timed_out, false), (timed_out, true)]);
    assert_eq!(endings("blocks"), [(None, false)]);
    let took = bus.attempts::<OrderPlaced>().iter().find(|attempt| attempt.subscriber == "sleeps").unwrap().took;
    assert_eq!(took, Some(Duration::from_secs(5)));
    assert_dead_lettered!(bus, OrderPlaced, times = 2);
    assert_eq!(bus.event_bus().metrics().dead_letters, 2);
}

/// What `main` calls, and then gives a transport.
fn app(publisher: MessagePublisher) -> EventBusBuilder {
    EventBus::builder().subscribers(subscribers![bill]).state(publisher)
}

#[tokio::test(start_paused = true)]
async fn the_builder_of_production_is_taken_as_it_is() {
    let account = TestAccount::new();
    let bus = account.start(app(account.publisher()).transport(MemoryTransport::new().queue("billing"))).await;
    bus.publish(order("o-1")).await.unwrap();
    account.run_until_idle().await;
    assert_eq!(account.attempts::<OrderPlaced>()[0].queue, "billing", "its own queue keeps its name");
    assert_published!(account, PaymentDue { order_id } if order_id == "o-1", times = 1);
    assert_eq!(bus.event_bus().metrics().handled, 1);
    let _ = TestBusBuilder::from(app(account.publisher())).account(&account).queue("shipping").start().await;
}

#[tokio::test(start_paused = true)]
async fn an_account_in_memory_that_a_builder_has_is_kept() {
    let memory = MemoryTransport::new();
    let builder = EventBus::builder().subscribers(subscribers![send_receipt]).transport(memory.queue("billing"));
    let bus = TestBusBuilder::from(builder).start().await;
    // Past the test's eyes.
    MessagePublisher::new(memory.clone()).publish(order("o-1")).await.unwrap();
    bus.run_until_idle().await;
    assert_handled!(bus, OrderPlaced, queue = "billing");
    assert!(bus.published::<OrderPlaced>().is_empty());
    assert_eq!(memory.depth("billing").total(), 0);
}

#[derive(Debug, Event)]
#[event(local)]
struct Ticked(u32);

#[tokio::test(start_paused = true)]
async fn local_events_are_seen_too() {
    let bus = TestBus::builder()
        .subscribe(|tick: &Ticked| if tick.0 == 2 { Outcome::reject("two") } else { Outcome::Done })
        .start()
        .await;
    for tick in 1..=2 {
        bus.send_to("melange", Ticked(tick)).await.unwrap();
    }
    bus.run_until_idle().await;
    assert_published!(bus, Ticked(1), times = 1);
    assert_handled!(bus, Ticked(1));
    assert_dead_lettered!(bus, Ticked(2), reason = "two");
}
