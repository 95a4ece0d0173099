//! Consuming from several queues, and what nobody listens to.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use melange::{
    Consumed, Context, EventBus, Fate, MemoryTransport, MessageConsumer, MessagePublisher, Outcome, Subscriber,
    SubscriberOptions, UnknownEvents,
};
use melange_tests::until;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep};

use crate::{Log, MINUTE, OrderPaid, OrderPlaced, SECOND, noted, notes, placed};

struct Audit(Log);

impl Subscriber<OrderPlaced> for Audit {
    async fn process(&self, order: &OrderPlaced, _: &Context<OrderPlaced>) -> Outcome {
        self.0.lock().unwrap().push(1_000 + order.number);
        Outcome::Done
    }

    fn options(&self) -> SubscriberOptions {
        SubscriberOptions::new().with_queue("audit")
    }
}

fn two_queues(account: &MemoryTransport, log: &Log) -> MessageConsumer {
    MessageConsumer::builder()
        .transport(account.queue("billing"))
        .subscriber(Audit(Arc::clone(log)))
        .subscribe(notes(log))
        .wait(5 * SECOND)
        .build()
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn consume_event_looks_into_every_queue() {
    let (account, log) = (MemoryTransport::new(), Log::default());
    let consumer = two_queues(&account, &log);
    MessagePublisher::new(account.clone()).publish(placed(1)).await.unwrap();
    for _ in 0..2 {
        let consumed = consumer.consume_event().await.unwrap();
        assert_eq!(consumed.message().unwrap().fate, Fate::Handled);
    }
    let mut seen = noted(&log);
    seen.sort_unstable();
    assert_eq!(seen, [1, 1_001]);
    let start = Instant::now();
    assert!(matches!(consumer.consume_event().await.unwrap(), Consumed::Nothing));
    assert!(start.elapsed() >= 5 * SECOND && start.elapsed() < 7 * SECOND, "{:?}", start.elapsed());

    // A message that comes while it waits ends the wait, whichever queue it comes to.
    let (later, publisher) = (Instant::now(), MessagePublisher::new(account.clone()));
    tokio::spawn(async move {
        sleep(2 * SECOND).await;
        publisher.publish(placed(2)).await.unwrap();
    });
    assert!(consumer.consume_event().await.unwrap().message().is_some());
    assert!(later.elapsed() >= 2 * SECOND && later.elapsed() < 4 * SECOND, "{:?}", later.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_bus_with_several_queues_polls_each_and_shares_its_permits() {
    let (account, log) = (MemoryTransport::new(), Log::default());
    let bus = EventBus::builder()
        .transport(account.queue("billing"))
        .subscriber(Audit(Arc::clone(&log)))
        .subscribe(notes(&log))
        .concurrency(1)
        .wait(2 * SECOND)
        .build()
        .unwrap();
    bus.start().await.unwrap();
    for number in 0..10 {
        bus.publish(placed(number)).await.unwrap();
    }
    until("all are handled, twice", || bus.metrics().handled == 20).await;
    let (own, audited): (Vec<u32>, Vec<u32>) = noted(&log).into_iter().partition(|number| *number < 1_000);
    assert_eq!((own.len(), audited.len()), (10, 10));
    bus.shutdown(MINUTE).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_was_asked_for_and_did_not_come_is_free_while_a_handler_waits() {
    let (account, begun, gate) = (MemoryTransport::new(), Arc::new(AtomicUsize::new(0)), Arc::new(Semaphore::new(0)));
    let (begins, opened) = (Arc::clone(&begun), Arc::clone(&gate));
    let bus = EventBus::builder()
        .transport(account.queue("billing"))
        .subscribe(move |order: Arc<OrderPlaced>| {
            let gate = Arc::clone(&opened);
            begins.fetch_add(1, Ordering::SeqCst);
            async move {
                if order.number > 0 {
                    gate.acquire().await.unwrap().forget();
                }
            }
        })
        .concurrency(10)
        .build()
        .unwrap();
    bus.start().await.unwrap();
    // Handlers have been brief, so that the next begins where it is received.
    bus.publish(placed(0)).await.unwrap();
    until("it is handled", || bus.metrics().handled == 1).await;
    bus.publish(placed(1)).await.unwrap();
    until("one waits", || begun.load(Ordering::SeqCst) == 2).await;
    for number in 2..=10 {
        bus.publish(placed(number)).await.unwrap();
    }
    until("ten wait side by side", || begun.load(Ordering::SeqCst) == 11).await;
    gate.add_permits(10);
    until("all are handled", || bus.metrics().handled == 11).await;
    bus.shutdown(MINUTE).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn names_that_nobody_listens_to_are_deleted_or_kept_as_one_likes() {
    for policy in [UnknownEvents::Acknowledge, UnknownEvents::DeadLetter] {
        let account = MemoryTransport::new();
        // A consumer that was there before made the subscription: its filter still lets the name pass.
        drop(MessageConsumer::builder().transport(account.queue("billing")).subscribe(|_: &OrderPaid| ()).build());
        let bus = EventBus::builder()
            .transport(account.queue("billing"))
            .subscribe(|_: &OrderPlaced| ())
            .unknown_events(policy)
            .build()
            .unwrap();
        bus.start().await.unwrap();
        bus.publish(OrderPaid { number: 1 }).await.unwrap();
        bus.publish(placed(2)).await.unwrap();
        until("both are settled", || account.depth("billing").total() == 0 && bus.metrics().handled == 1).await;
        let (metrics, letters) = (bus.metrics(), account.dead_letters("billing"));
        if policy == UnknownEvents::Acknowledge {
            assert_eq!((metrics.ignored, metrics.dead_lettered, letters.len()), (1, 0, 0));
        } else {
            assert_eq!((metrics.ignored, metrics.dead_lettered, letters.len()), (0, 1, 1));
            assert_eq!((letters[0].event_type.as_str(), letters[0].subscriber.as_deref()), ("OrderPaid", None));
            assert!(letters[0].reason.contains("OrderPaid"), "{}", letters[0].reason);
        }
        bus.shutdown(MINUTE).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_newer_version_on_the_queue_listens_to_is_left_to_it() {
    let account = MemoryTransport::new();
    let old = EventBus::builder().transport(account.queue("billing")).subscribe(|_: &OrderPlaced| ()).build().unwrap();
    old.start().await.unwrap();
    sleep(SECOND).await;
    // The newer version widens what comes through, and is not there yet when something comes.
    let log = Arc::<Mutex<Vec<u32>>>::default();
    let notes = Arc::clone(&log);
    let new = EventBus::builder()
        .transport(account.queue("billing"))
        .subscribe(|_: &OrderPlaced| ())
        .subscribe(move |paid: &OrderPaid| notes.lock().unwrap().push(paid.number))
        .build()
        .unwrap();
    for number in 0..10 {
        new.publish(OrderPaid { number }).await.unwrap();
    }
    until("the old one has seen them", || old.metrics().retried >= 10).await;
    assert_eq!((old.metrics().ignored, account.depth("billing").total()), (0, 10));
    new.start().await.unwrap();
    old.shutdown(MINUTE).await.unwrap();
    until("the new one has them", || new.metrics().handled == 10).await;
    let mut handled = log.lock().unwrap().clone();
    handled.sort_unstable();
    assert_eq!(handled, (0..10).collect::<Vec<_>>());
    new.shutdown(MINUTE).await.unwrap();
}
