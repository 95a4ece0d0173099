//! Running until nothing is left to do.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use melange::testing::{Ending, TestAccount, TestBus, TestBusBuilder, TestErrorKind};
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

#[tokio::test(start_paused = true)]
async fn a_subscriber_that_publishes_for_ever_is_told_in_words() {
    let bus = TestBus::builder()
        .subscribe({
            #[derive(Clone)]
            struct Echo(Arc<AtomicUsize>);
            let echo = Echo(Arc::default());
            move |_: Arc<PaymentDue>| {
                echo.0.fetch_add(1, Ordering::SeqCst);
                async {}
            }
        })
        .subscribers(subscribers![echo])
        .state_with(|publisher| publisher)
        .max_attempts(50)
        .start()
        .await;
    bus.publish(PaymentDue { order_id: "o-1".into() }).await.unwrap();
    let why = bus.try_run_until_idle().await.unwrap_err();
    assert_eq!(why.kind(), TestErrorKind::TooManyAttempts);
    let text = why.to_string();
    for part in
        ["did not become idle within 50 attempts", "`echo` on PaymentDue", "queue `melange`:", ".max_attempts(..)"]
    {
        assert!(text.contains(part), "{part} is not in: {text}");
    }
    assert!(text.contains(r#"PaymentDue {"order_id":"o-1"}"#), "{text}");
}

#[subscriber(listens_to = PaymentDue)]
async fn echo(due: &PaymentDue, State(publisher): State<MessagePublisher>) -> Result<(), PublishError> {
    publisher.publish(due.clone()).await.map(drop)
}

#[tokio::test(start_paused = true)]
async fn by_default_there_is_an_end_too() {
    let began = std::time::Instant::now();
    let bus = TestBus::builder().subscribers(subscribers![echo]).state_with(|publisher| publisher).start().await;
    bus.publish(PaymentDue { order_id: "o-1".into() }).await.unwrap();
    assert_eq!(bus.try_run_until_idle().await.unwrap_err().kind(), TestErrorKind::TooManyAttempts);
    println!("10,000 attempts took {:?}", began.elapsed());
    assert!(began.elapsed() < Duration::from_secs(120), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_message_that_is_retried_for_ever_is_told_in_words() {
    #[subscriber(listens_to = PaymentDue, retry(attempts = 1000, backoff = "1h..1h"))]
    async fn never(_: &PaymentDue) -> Outcome {
        Outcome::retry("not yet")
    }
    let day = Duration::from_secs(24 * 60 * 60 + 60);
    let bus = TestBus::builder().subscribers(subscribers![never]).max_time(day).start().await;
    bus.publish(PaymentDue { order_id: "o-1".into() }).await.unwrap();
    let why = bus.try_run_until_idle().await.unwrap_err();
    assert_eq!(why.kind(), TestErrorKind::TooLong);
    let text = why.to_string();
    for part in ["within 86460s of its clock", "`never` on PaymentDue, 25 times", "1 resting until later", "not yet"] {
        assert!(text.contains(part), "{part} is not in: {text}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_subscriber_that_waits_for_ever_is_told_in_words() {
    let builder =
        || TestBus::builder().subscribe(|_: Arc<OrderPlaced>| async { sleep(Duration::from_secs(4 * 3600)).await });
    let bus = builder().start().await;
    bus.publish(order("o-1")).await.unwrap();
    let why = bus.try_run_until_idle().await.unwrap_err();
    assert_eq!(why.kind(), TestErrorKind::TooLong);
    assert!(why.to_string().contains("has been running on OrderPlaced for 7200s"), "{why}");
    let bus = builder().max_run(Duration::from_secs(5 * 3600)).start().await;
    bus.publish(order("o-1")).await.unwrap();
    bus.run_until_idle().await;
    assert_handled!(bus, OrderPlaced, times = 1);
}

#[tokio::test(start_paused = true)]
async fn a_paused_queue_is_named() {
    let bus =
        TestBus::builder().subscribers(subscribers![send_receipt]).max_time(Duration::from_secs(60)).start().await;
    bus.advance(Duration::from_secs(21)).await;
    bus.event_bus().queue("melange").unwrap().pause();
    bus.advance(Duration::from_secs(21)).await;
    bus.publish(order("o-1")).await.unwrap();
    let text = bus.try_run_until_idle().await.unwrap_err().to_string();
    assert!(
        text.contains("queue `melange`: 1 to be received, 0 in hand, 0 resting until later; it is paused"),
        "{text}"
    );
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

#[tokio::test(start_paused = true)]
async fn a_bus_that_was_shut_down_leaves_what_it_did_not_do() {
    let bus = TestBus::builder().subscribers(subscribers![send_receipt]).start().await;
    bus.publish(order("o-1")).await.unwrap();
    bus.advance(Duration::ZERO).await;
    bus.event_bus().shutdown(Duration::from_secs(1)).await.unwrap();
    let why = bus.try_run_until_idle().await.unwrap_err();
    assert_eq!(why.kind(), TestErrorKind::Stopped);
    assert!(why.to_string().contains("its bus was shut down"), "{why}");
    bus.restart().await;
    bus.run_until_idle().await;
    assert_handled!(bus, OrderPlaced);
}

#[tokio::test(start_paused = true)]
async fn a_bus_that_was_dropped_leaves_what_it_did_not_do() {
    let account = TestAccount::new();
    let start = || account.start(EventBus::builder().subscribers(subscribers![send_receipt]));
    // As `let _ = ..` does.
    drop(start().await);
    account.run_until_idle().await;
    account.publisher().publish(order("o-1")).await.unwrap();
    let why = account.try_run_until_idle().await.unwrap_err();
    assert_eq!(why.kind(), TestErrorKind::Stopped);
    assert!(
        why.to_string().contains("queue `melange`: 1 to be received") && why.to_string().contains("dropped"),
        "{why}"
    );
    let bus = start().await;
    account.run_until_idle().await;
    assert_handled!(account, OrderPlaced);
    // What a bus has done is still known without it.
    drop(bus);
    account.run_until_idle().await;
    assert_handled!(account, OrderPlaced);
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

/// Panics when it is dropped.
struct Falls;

impl Drop for Falls {
    fn drop(&mut self) {
        panic!("as it is dropped");
    }
}

#[subscriber(listens_to = OrderPlaced, timeout = "10s", retry(attempts = 3, backoff = "1m..1m"))]
async fn falls_when_cut_off(_: &OrderPlaced) {
    let _falls = Falls;
    sleep(Duration::from_secs(60)).await;
}

#[subscriber(listens_to = OrderPlaced)]
async fn stands(_: &OrderPlaced) {}

#[tokio::test(start_paused = true)]
async fn who_panics_as_its_time_is_over_is_retried_as_others_are() {
    let bus = TestBus::builder().subscribers(subscribers![falls_when_cut_off, stands]).start().await;
    bus.publish(order("o-1")).await.unwrap();
    let idle = bus.run_until_idle().await;
    assert_handled!(bus, OrderPlaced { .. }, by = "stands", times = 1);
    assert_retried!(bus, OrderPlaced { .. }, by = "falls_when_cut_off", reason = "time-out", times = 2);
    assert_dead_lettered!(bus, OrderPlaced { .. }, by = "falls_when_cut_off", reason = "time-out", times = 1);
    assert_eq!((idle.attempts, idle.took.as_secs()), (4, 150));
}

#[tokio::test(start_paused = true)]
async fn who_panics_as_its_message_is_lost_holds_up_nobody() {
    let falls = |order: Arc<OrderPlaced>| async move {
        if order.order_id == "lost" {
            let _falls = Falls;
            sleep(Duration::from_secs(3600)).await;
        }
    };
    let bus = TestBus::builder().subscribe(falls).start().await;
    bus.publish(order("lost")).await.unwrap();
    bus.advance(Duration::from_secs(1)).await;
    bus.memory().purge("melange");
    bus.advance(Duration::from_secs(60)).await;
    bus.publish(order("next")).await.unwrap();
    bus.run_until_idle().await;
    assert_handled!(bus, OrderPlaced { order_id, .. } if order_id == "next", times = 1);
    let lost = bus.attempts::<OrderPlaced>();
    assert_eq!(lost[0].ending, Ending::Interrupted);
}
