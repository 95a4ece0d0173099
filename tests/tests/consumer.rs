//! Promises of the consumer that need a test of their own.

mod orders;

use std::borrow::Cow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use melange::{
    CancellationToken, Context, Event, EventBus, MemoryTransport, MessageConsumer, MessagePublisher, Metadata, Outcome,
    Subscriber, SubscriberOptions, Timestamp,
};
use melange_tests::until;

use orders::{OrderPaid, OrderPlaced};

const SECOND: Duration = Duration::from_secs(1);

struct Audit(Arc<Mutex<Vec<String>>>);

impl Subscriber<OrderPaid> for Audit {
    async fn process(&self, order: &OrderPaid, _: &Context<OrderPaid>) -> Outcome {
        self.0.lock().unwrap().push(format!("audit {}", order.number));
        Outcome::Done
    }

    fn options(&self) -> SubscriberOptions {
        SubscriberOptions::new().with_queue("audit")
    }
}

/// A job that calls `consume_event` now and then must get to every queue, however much there is in one of them.
#[tokio::test(start_paused = true)]
async fn a_full_queue_does_not_keep_consume_event_from_the_others() {
    let (account, log) = (MemoryTransport::new(), Arc::<Mutex<Vec<String>>>::default());
    let notes = Arc::clone(&log);
    let consumer = MessageConsumer::builder()
        .transport(account.queue("billing"))
        .subscriber(Audit(Arc::clone(&log)))
        .subscribe(move |order: &OrderPlaced| notes.lock().unwrap().push(format!("billing {}", order.number)))
        .wait(5 * SECOND)
        .build()
        .unwrap();
    let publisher = MessagePublisher::new(account);
    for number in 0..10 {
        publisher.publish(OrderPaid { number }).await.unwrap();
        publisher.publish(OrderPlaced { number }).await.unwrap();
    }
    for _ in 0..6 {
        assert!(consumer.consume_event().await.unwrap().message().is_some());
    }
    let log = log.lock().unwrap();
    for queue in ["audit", "billing"] {
        let count = log.iter().filter(|line| line.starts_with(queue)).count();
        assert!(count >= 2, "{count} of six calls were for {queue}: {log:?}");
    }
}

/// The token says stop at the shutdown's deadline, so that a handler can put its work down in order.
#[tokio::test(start_paused = true)]
async fn a_handler_that_heeds_its_token_is_let_do_so_at_the_deadline() {
    let account = MemoryTransport::new();
    let (begun, heeded) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (begins, heeds) = (Arc::clone(&begun), Arc::clone(&heeded));
    let bus = EventBus::builder()
        .transport(account.queue("billing"))
        .subscribe(move |_: Arc<OrderPlaced>, stop: CancellationToken| {
            let heeds = Arc::clone(&heeds);
            begins.fetch_add(1, Ordering::SeqCst);
            async move {
                stop.cancelled().await;
                heeds.fetch_add(1, Ordering::SeqCst);
                Outcome::retry("stopped half-way")
            }
        })
        .build()
        .unwrap();
    bus.start().await.unwrap();
    bus.publish(OrderPlaced { number: 1 }).await.unwrap();
    until("it has begun", || begun.load(Ordering::SeqCst) == 1).await;
    let report = bus.shutdown(SECOND).await.unwrap();
    assert_eq!(heeded.load(Ordering::SeqCst), 1, "it never heard that it should stop: {report:?}");
    assert_eq!((report.lost, report.unreleased), (0, 0));
    assert_eq!(account.depth("billing").total(), 1, "it is not done");
}

/// Never leaves the process, and still goes through a queue.
#[derive(Debug, Event)]
#[event(local, topic = "ticks", version = 3)]
struct Ticked {
    #[event(occurred_on)]
    at: Timestamp,
    #[event(key)]
    clock: Cow<'static, str>,
}

/// An id is the same through redeliveries, and `occurred_on` is what the event says: for local events too.
#[tokio::test(start_paused = true)]
async fn a_local_event_keeps_its_metadata_on_its_way_through_a_queue() {
    let (account, seen) = (MemoryTransport::new(), Arc::<Mutex<Vec<Metadata>>>::default());
    let notes = Arc::clone(&seen);
    let bus = EventBus::builder()
        .transport(account.queue("hall"))
        .subscribe(move |ticked: Arc<Ticked>, meta: Metadata| {
            assert_eq!(ticked.clock, "hall");
            let attempt = meta.attempt;
            notes.lock().unwrap().push(meta);
            async move { if attempt < 3 { Outcome::retry("again") } else { Outcome::Done } }
        })
        .build()
        .unwrap();
    bus.start().await.unwrap();
    let at: Timestamp = "2017-09-03T10:11:38.123456Z".parse().unwrap();
    let id = bus.publish(Ticked { at, clock: "hall".into() }).await.unwrap();
    until("it is handled", || bus.metrics().handled == 1).await;
    let seen = std::mem::take(&mut *seen.lock().unwrap());
    assert_eq!(seen.iter().map(|meta| meta.attempt).collect::<Vec<_>>(), [1, 2, 3]);
    for meta in &seen {
        assert_eq!((meta.event_type_name.as_ref(), meta.topic.as_ref(), meta.version), ("Ticked", "ticks", 3));
        assert_eq!(meta.event_id, id, "attempt {}", meta.attempt);
        assert_eq!(meta.occurred_on, at, "attempt {}", meta.attempt);
    }
    bus.shutdown(SECOND).await.unwrap();
}
