//! Buses with several queues, FIFO, filters, and other programs on the account.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use melange::testing::{Fault, TestAccount, TestBus};
use melange::transport::memory::{FilterPolicy, Outgoing, QueueSettings, Receive, Subscription};
use melange::{
    Event, MessagePublisher, Outcome, PublishError, State, assert_handled, assert_not_handled, assert_published,
    assert_retried, subscriber, subscribers,
};
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize, Event)]
#[event(topic = "orders")]
struct OrderPlaced {
    order_id: u32,
    #[event(attribute)]
    country: String,
}

#[derive(Debug, Serialize, Deserialize, Event)]
#[event(topic = "payments.fifo")]
struct PaymentMoved {
    #[event(key)]
    order_id: u32,
    step: u32,
}

#[subscriber(listens_to = OrderPlaced, queue = "billing")]
async fn bill(order: &OrderPlaced, State(publisher): State<MessagePublisher>) -> Result<(), PublishError> {
    for step in 1..=3 {
        publisher.publish(PaymentMoved { order_id: order.order_id, step }).await?;
    }
    Ok(())
}

#[subscriber(listens_to = OrderPlaced, queue = "shipping", retry(attempts = 2, backoff = "1h..1h"))]
async fn ship(_: &OrderPlaced, meta: &melange::Metadata) -> Outcome {
    if meta.attempt == 1 { Outcome::retry("no parcel") } else { Outcome::Done }
}

type Seen = Arc<Mutex<Vec<(u32, u32)>>>;

#[subscriber(listens_to = PaymentMoved, queue = "payments.fifo", retry(attempts = 3, backoff = "10s..10s"))]
async fn pay(payment: &PaymentMoved, meta: &melange::Metadata, State(seen): State<Seen>) -> Outcome {
    if payment.step == 1 && meta.attempt == 1 {
        return Outcome::retry("not yet");
    }
    seen.lock().unwrap().push((payment.order_id, payment.step));
    Outcome::Done
}

fn order(order_id: u32) -> OrderPlaced {
    OrderPlaced { order_id, country: if order_id.is_multiple_of(2) { "DE" } else { "FR" }.into() }
}

#[tokio::test(start_paused = true)]
async fn one_bus_with_several_queues_fifo_too() {
    let seen = Seen::default();
    let bus = TestBus::builder()
        .subscribers(subscribers![bill, ship, pay])
        .state(Arc::clone(&seen))
        .state_with(|publisher| publisher)
        .start()
        .await;
    for id in 1..=2 {
        bus.publish(order(id)).await.unwrap();
    }
    bus.run_until_idle().await;
    assert_handled!(bus, OrderPlaced, queue = "billing", times = 2);
    assert_handled!(bus, OrderPlaced, queue = "shipping", by = "ship", times = 2);
    assert_retried!(bus, OrderPlaced, queue = "shipping", reason = "no parcel", times = 2);
    assert_published!(bus, PaymentMoved, times = 6);
    for id in 1..=2 {
        let steps: Vec<u32> = seen.lock().unwrap().iter().filter(|(of, _)| *of == id).map(|(_, step)| *step).collect();
        assert_eq!(steps, [1, 2, 3]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_ack_holds_up_its_fifo_group_and_no_other() {
    let bus = TestBus::builder().subscribers(subscribers![pay]).state(Seen::default()).start().await;
    bus.inject(Fault::lose_ack().on_queue("payments.fifo"));
    for (order_id, step) in [(1, 2), (1, 3), (2, 2)] {
        bus.publish(PaymentMoved { order_id, step }).await.unwrap();
    }
    bus.run_until_idle().await;
    assert_handled!(bus, PaymentMoved { order_id: 1, step: 2 }, times = 2);
    assert_handled!(bus, PaymentMoved { order_id: 2, .. }, times = 1);
}

#[tokio::test(start_paused = true)]
async fn what_other_programs_send_and_filter() {
    let account = TestAccount::new();
    let memory = account.memory().account();
    let bus = TestBus::builder().account(&account).queue("billing").subscribe(|_: &OrderPlaced| ()).start().await;
    // A queue of another program, which wants German orders only, and holds up nobody.
    memory.create_queue("audit", QueueSettings::new()).unwrap();
    let german = FilterPolicy::attributes(r#"{"country": ["DE"]}"#).unwrap();
    memory.subscribe(Subscription::new("orders", "audit").filter(german).raw(true)).unwrap();
    bus.publish(order(1)).await.unwrap();
    bus.publish(order(2)).await.unwrap();
    // What no Melange wrote, and what nobody can read.
    memory
        .publish("orders", Outgoing::new(r#"{"event_type_name": "OrderPlaced", "order_id": 3, "country": "IT"}"#))
        .unwrap();
    memory.publish("orders", Outgoing::new(r#"{"event_type_name": "OrderPlaced", "order_id": "x"}"#)).unwrap();
    bus.run_until_idle().await;
    assert_eq!(memory.receive("audit", Receive::up_to(10)).await.unwrap().len(), 1);
    assert_handled!(bus, OrderPlaced { order_id: 1..=3, .. }, times = 3);
    assert_published!(bus, OrderPlaced, times = 2);
    assert!(bus.dead_letters::<OrderPlaced>().is_empty(), "it cannot be read");
    let letters = bus.letters();
    assert_eq!((letters.len(), letters[0].0.as_str(), letters[0].1.subscriber.as_deref()), (1, "billing", None));
    let (story, reason) = (bus.story(), &letters[0].1.reason);
    let told = format!("dead-lettered without a run: OrderPlaced on queue `billing` ({reason})");
    assert!(story.contains(&told), "{story}");
}

#[tokio::test(start_paused = true)]
async fn what_the_queue_itself_gives_up_is_a_dead_letter_of_nobody() {
    let bus = TestBus::builder().subscribe(|_: &OrderPlaced| ()).start().await;
    bus.inject(Fault::lose_received().times(100));
    bus.publish(order(1)).await.unwrap();
    bus.run_until_idle().await;
    let letters = bus.dead_letters::<OrderPlaced>();
    assert_eq!((letters.len(), letters[0].subscriber.as_deref(), letters[0].attempts), (1, None, 10));
    assert!(letters[0].reason.contains("moved by the queue"), "{letters:?}");
    assert_not_handled!(bus, OrderPlaced);
    // A move by the broker is followed to its end.
    let task = melange::transport::memory::MoveTask::of("melange-dlq").to("melange");
    for id in 2..=5 {
        bus.publish(order(id)).await.unwrap();
    }
    bus.run_until_idle().await;
    assert_eq!(bus.dead_letters::<OrderPlaced>().len(), 5);
    bus.memory().account().start_move(task.per_second(1)).unwrap();
    let left = bus.faults_left().len();
    assert_eq!(left, 1);
    let idle = bus.run_until_idle().await;
    assert!(idle.took >= Duration::from_secs(3), "{idle:?}");
}
