//! Starting, publishing, consuming from several queues, and stopping; in memory, on a clock that stands still unless a test
//! waits.

use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use melange::transport::{
    Capabilities, DeadLetter, Delivery, Message, Receipt, Topology, Transport, TransportError, TransportErrorKind,
};
use melange::{
    CancellationToken, Consumed, Context, Event, EventBus, Fate, MemoryTransport, MessageConsumer, MessagePublisher,
    Metadata, Outcome, Subscriber, SubscriberOptions, UnknownEvents,
};
use serde::{Deserialize, Serialize, Serializer};
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(topic = "orders")]
struct OrderPlaced {
    number: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(topic = "orders")]
struct OrderPaid {
    number: u32,
}

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

fn placed(number: u32) -> OrderPlaced {
    OrderPlaced { number }
}

type Log = Arc<Mutex<Vec<u32>>>;

fn noted(log: &Log) -> Vec<u32> {
    log.lock().unwrap().clone()
}

fn notes(log: &Log) -> impl Fn(&OrderPlaced) + Send + Sync + 'static {
    let log = Arc::clone(log);
    move |order: &OrderPlaced| log.lock().unwrap().push(order.number)
}

/// Waits, at most an hour.
async fn until(what: &str, holds: impl Fn() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < 60 * MINUTE, "{what} did not come true within an hour");
        // Coarser as it goes on: nothing else moves the clock, and each step costs time.
        sleep(Duration::from_millis(10).max(start.elapsed() / 50)).await;
    }
}

/// A running bus whose subscriber waits for `gate`, counts that it began, and then notes the event.
async fn gated(account: &MemoryTransport) -> (EventBus, Arc<Semaphore>, Arc<AtomicUsize>, Log) {
    let (gate, begun, log) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicUsize::new(0)), Log::default());
    let (opened, begins, notes) = (Arc::clone(&gate), Arc::clone(&begun), Arc::clone(&log));
    let bus = EventBus::builder()
        .transport(account.queue("billing"))
        .subscribe(move |order: Arc<OrderPlaced>| {
            let (gate, log) = (Arc::clone(&opened), Arc::clone(&notes));
            begins.fetch_add(1, Ordering::SeqCst);
            async move {
                gate.acquire().await.unwrap().forget();
                log.lock().unwrap().push(order.number);
            }
        })
        .build()
        .unwrap();
    bus.start().await.unwrap();
    (bus, gate, begun, log)
}

// --- Starting. ---

#[tokio::test(start_paused = true)]
async fn what_is_published_before_the_start_waits_for_it() {
    let (account, log) = (MemoryTransport::new(), Log::default());
    let bus = EventBus::builder().transport(account.queue("billing")).subscribe(notes(&log)).build().unwrap();
    for number in 0..3 {
        bus.publish(placed(number)).await.unwrap();
    }
    sleep(MINUTE).await;
    assert_eq!((account.depth("billing").visible, noted(&log).len(), bus.metrics().received), (3, 0, 0));
    bus.start().await.unwrap();
    until("all are handled", || bus.metrics().handled == 3).await;
    assert_eq!((noted(&log).len(), account.depth("billing").total()), (3, 0));
    bus.shutdown(MINUTE).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_second_start_does_nothing_and_neither_do_many_at_once() {
    let (account, log) = (MemoryTransport::new(), Log::default());
    let counted = Counted::over(&account);
    let builder = EventBus::builder().transport(counted.clone()).subscribe(notes(&log));
    let bus = builder.wait(10 * SECOND).build().unwrap();
    let (first, second, third) = tokio::join!(bus.start(), bus.start(), bus.start());
    [first, second, third, bus.start().await].into_iter().for_each(Result::unwrap);
    sleep(MINUTE).await;
    let polls = counted.polls.load(Ordering::SeqCst);
    assert!((5..=8).contains(&polls), "{polls} polls of ten seconds in a minute");
    for number in 0..20 {
        bus.publish(placed(number)).await.unwrap();
    }
    until("all are handled", || bus.metrics().handled == 20).await;
    assert_eq!((noted(&log).len(), bus.metrics().received), (20, 20));
    bus.shutdown(MINUTE).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_start_that_fails_may_be_tried_again() {
    let account = MemoryTransport::new();
    let (counted, log) = (Counted::over(&account), Log::default());
    counted.refuses_to_prepare.store(true, Ordering::SeqCst);
    let bus = EventBus::builder().transport(counted.clone()).subscribe(notes(&log)).build().unwrap();
    bus.publish(placed(1)).await.unwrap();
    assert_eq!(bus.start().await.unwrap_err().kind(), TransportErrorKind::Denied);
    sleep(MINUTE).await;
    assert_eq!((noted(&log).len(), counted.polls.load(Ordering::SeqCst)), (0, 0), "nothing is polled");
    counted.refuses_to_prepare.store(false, Ordering::SeqCst);
    bus.start().await.unwrap();
    until("it is handled", || bus.metrics().handled == 1).await;
    assert_eq!(noted(&log), [1]);
    bus.shutdown(MINUTE).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_idle_bus_waits_at_the_broker_and_does_not_spin() {
    let account = MemoryTransport::new();
    let counted = Counted::over(&account);
    let bus = EventBus::builder()
        .transport(counted.clone())
        .subscribe(notes(&Log::default()))
        .wait(20 * SECOND)
        .build()
        .unwrap();
    bus.start().await.unwrap();
    sleep(10 * MINUTE).await;
    let polls = counted.polls.load(Ordering::SeqCst);
    assert!((25..=80).contains(&polls), "{polls} polls in ten minutes");
    bus.shutdown(MINUTE).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_is_away_is_asked_again_ever_more_rarely() {
    let account = MemoryTransport::new();
    let (counted, log) = (Counted::over(&account), Log::default());
    counted.is_away.store(true, Ordering::SeqCst);
    let bus = EventBus::builder().transport(counted.clone()).subscribe(notes(&log)).build().unwrap();
    bus.start().await.unwrap();
    account.publish_as(placed(1)).await;
    sleep(10 * MINUTE).await;
    let polls = counted.polls.load(Ordering::SeqCst);
    assert!((15..200).contains(&polls), "{polls} polls in ten minutes");
    assert_eq!((bus.metrics().failed_polls, noted(&log).len()), (polls as u64, 0));
    counted.is_away.store(false, Ordering::SeqCst);
    let back = Instant::now();
    until("it is handled", || bus.metrics().handled == 1).await;
    assert!(back.elapsed() <= 31 * SECOND, "{:?}", back.elapsed());
    bus.shutdown(MINUTE).await.unwrap();
}

// --- Publishing. ---

/// Serde cannot write the thirteenth.
#[derive(Debug, Deserialize, Event)]
#[event(topic = "orders")]
struct Fragile(u32);

impl Serialize for Fragile {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if self.0 == 13 { Err(serde::ser::Error::custom("unlucky")) } else { to.serialize_u32(self.0) }
    }
}

#[tokio::test(start_paused = true)]
async fn publish_all_answers_for_each_in_order_whatever_becomes_of_the_others() {
    let account = MemoryTransport::new();
    let log = Log::default();
    let notes = Arc::clone(&log);
    let counted = Counted::over(&account);
    let bus = EventBus::builder()
        .transport(counted.clone())
        .subscribe(move |fragile: &Fragile| notes.lock().unwrap().push(fragile.0))
        .build()
        .unwrap();
    bus.start().await.unwrap();
    // Each third message that reaches the broker is refused by it.
    counted.refuses_each_third.store(true, Ordering::SeqCst);
    let answers = bus.publish_all([10, 11, 13, 12, 14].map(Fragile)).await;
    assert_eq!(answers.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, true, false, false, true]);
    let (unwritten, refused) = (answers[2].as_ref().unwrap_err(), answers[3].as_ref().unwrap_err());
    assert!(unwritten.is_invalid() && !unwritten.is_retryable() && !unwritten.is_uncertain(), "{unwritten:?}");
    assert!(!refused.is_invalid() && refused.is_retryable() && refused.is_uncertain(), "{refused:?}");
    assert!(unwritten.event_id().is_some() && refused.event_id().is_some());
    for error in [unwritten, refused] {
        assert_eq!(error.event_name(), "Fragile");
        assert!(error.to_string().contains("Fragile"), "{error}");
    }
    until("they are handled", || bus.metrics().handled == 3).await;
    let mut seen = noted(&log);
    seen.sort_unstable();
    assert_eq!(seen, [10, 11, 14]);
    assert!(bus.publish_all(Vec::<Fragile>::new()).await.is_empty());
    bus.shutdown(MINUTE).await.unwrap();
    let answers = bus.publish_all([1, 2].map(Fragile)).await;
    assert!(answers.len() == 2 && answers.iter().all(|answer| answer.as_ref().is_err_and(|error| error.is_closed())));
}

/// Where each goes is said by the event itself.
#[derive(Debug, Serialize, Deserialize, Event)]
#[event(topic = "tenants", name = "Moved")]
struct Moved {
    #[event(topic)]
    topic: String,
    to: u32,
}

/// The same, as those see it who listen to one tenant only.
#[derive(Debug, Serialize, Deserialize, Event)]
#[event(topic = "tenant-7", name = "Moved", version = 2, upcast_from = [Moved])]
struct MovedOfSeven {
    to: u32,
}

impl From<Moved> for MovedOfSeven {
    fn from(moved: Moved) -> Self {
        Self { to: moved.to }
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_may_say_its_own_topic() {
    let account = MemoryTransport::new();
    let topics = Arc::<Mutex<Vec<(u32, String)>>>::default();
    let (all, seven) = (Arc::clone(&topics), Arc::clone(&topics));
    let of_all = MessageConsumer::builder()
        .transport(account.queue("all"))
        .subscribe(move |moved: Arc<Moved>, meta: Metadata| {
            all.lock().unwrap().push((moved.to, format!("all by {}", meta.topic)));
            async {}
        })
        .wait(SECOND)
        .build()
        .unwrap();
    let of_seven = MessageConsumer::builder()
        .transport(account.queue("seven"))
        .subscribe(move |moved: Arc<MovedOfSeven>, meta: Metadata| {
            seven.lock().unwrap().push((moved.to, format!("seven by {}", meta.topic)));
            async {}
        })
        .wait(SECOND)
        .build()
        .unwrap();
    let publisher = MessagePublisher::new(account);
    for (topic, to) in [("", 1), ("tenant-7", 2), ("tenants", 3), ("tenant-8", 4)] {
        publisher.publish(Moved { topic: topic.to_owned(), to }).await.unwrap();
    }
    for consumer in [&of_all, &of_seven] {
        while consumer.consume_event().await.unwrap().message().is_some() {}
    }
    let topics = topics.lock().unwrap();
    let seen: Vec<(u32, &str)> = topics.iter().map(|(to, by)| (*to, by.as_str())).collect();
    assert_eq!(seen, [(1, "all by tenants"), (3, "all by tenants"), (2, "seven by tenant-7")]);
}

// --- Several queues. ---

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

// --- Stopping. ---

#[tokio::test(start_paused = true)]
async fn a_shutdown_lets_handlers_finish_and_says_how_many_did() {
    let account = MemoryTransport::new();
    let (bus, gate, begun, log) = gated(&account).await;
    for number in 0..3 {
        bus.publish(placed(number)).await.unwrap();
    }
    until("all have begun", || begun.load(Ordering::SeqCst) == 3).await;
    tokio::spawn(async move {
        sleep(5 * SECOND).await;
        gate.add_permits(3);
    });
    let start = Instant::now();
    let report = bus.shutdown(MINUTE).await.unwrap();
    assert_eq!((report.finished, report.released, report.unreleased, report.lost), (3, 0, 0, 0));
    assert!(start.elapsed() >= 5 * SECOND && start.elapsed() < 8 * SECOND, "{:?}", start.elapsed());
    assert_eq!((noted(&log).len(), account.depth("billing").total()), (3, 0));
    // Again: nothing is left to do.
    let report = bus.shutdown(MINUTE).await.unwrap();
    assert_eq!((report.finished, report.released, report.unreleased, report.lost), (0, 0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_ignores_its_token_is_cut_off_and_its_message_is_there_for_others_at_once() {
    let account = MemoryTransport::new();
    let (bus, _gate, begun, log) = gated(&account).await;
    for number in 0..3 {
        bus.publish(placed(number)).await.unwrap();
    }
    until("all have begun", || begun.load(Ordering::SeqCst) == 3).await;
    let start = Instant::now();
    let report = bus.shutdown(2 * SECOND).await.unwrap();
    assert_eq!((report.finished, report.unreleased, report.lost), (0, 0, 0));
    assert!(report.released >= 3, "{report:?}");
    assert!(start.elapsed() >= 2 * SECOND && start.elapsed() < 6 * SECOND, "{:?}", start.elapsed());
    assert_eq!((account.depth("billing").visible, noted(&log).len()), (3, 0));
    // Cut off is no failure: it goes on with the next process, and counts as one attempt.
    let other = MessageConsumer::builder()
        .transport(account.queue("billing"))
        .subscribe(|_: Arc<OrderPlaced>, meta: Metadata| async move { assert!(meta.attempt >= 2) })
        .build()
        .unwrap();
    for _ in 0..3 {
        assert_eq!(other.consume_event().await.unwrap().message().unwrap().fate, Fate::Handled);
    }
}

#[tokio::test]
async fn a_handler_that_blocks_its_thread_holds_up_no_shutdown() {
    // In real time: tokio's paused clock stands still as long as a thread blocks.
    static STUCK: AtomicBool = AtomicBool::new(true);
    static BEGUN: AtomicBool = AtomicBool::new(false);

    #[melange::subscriber(listens_to = OrderPlaced, blocking)]
    fn stuck(_: &OrderPlaced, stop: CancellationToken) {
        BEGUN.store(true, Ordering::SeqCst);
        let _ = stop; // and looks at it never
        while STUCK.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    let account = MemoryTransport::new();
    let bus = EventBus::builder()
        .transport(account.queue("billing"))
        .subscribers(melange::subscribers![stuck])
        .build()
        .unwrap();
    bus.start().await.unwrap();
    bus.publish(placed(1)).await.unwrap();
    while !BEGUN.load(Ordering::SeqCst) {
        sleep(Duration::from_millis(5)).await;
    }
    let start = Instant::now();
    let report = bus.shutdown(Duration::from_millis(100)).await.unwrap_or_else(|error| error.report);
    STUCK.store(false, Ordering::SeqCst);
    assert!(start.elapsed() < 10 * SECOND, "{:?}", start.elapsed());
    assert_eq!(report.finished, 0, "{report:?}");
    assert_eq!(account.depth("billing").total(), 1, "it comes again");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_handed_back_is_said() {
    let account = MemoryTransport::new();
    let counted = Counted::over(&account);
    let begun = Arc::new(AtomicUsize::new(0));
    let begins = Arc::clone(&begun);
    let bus = EventBus::builder()
        .transport(counted.clone())
        .subscribe(move |_: Arc<OrderPlaced>| {
            begins.fetch_add(1, Ordering::SeqCst);
            sleep(60 * MINUTE)
        })
        .build()
        .unwrap();
    bus.start().await.unwrap();
    bus.publish(placed(1)).await.unwrap();
    until("it has begun", || begun.load(Ordering::SeqCst) == 1).await;
    counted.keeps_what_is_put_back.store(true, Ordering::SeqCst);
    let error = bus.shutdown(SECOND).await.unwrap_err();
    let report = error.report;
    assert_eq!((report.finished, report.released, report.unreleased + report.lost), (0, 0, 1), "{report:?}");
    assert!(error.to_string().contains("1 message") && error.to_string().contains("visibility"), "{error}");
    // Nothing is gone: its visibility ends.
    sleep(MINUTE).await;
    assert_eq!(account.depth("billing").visible, 1);
}

#[tokio::test(start_paused = true)]
async fn handlers_publish_while_the_bus_drains_and_nobody_else_does() {
    let account = MemoryTransport::new();
    let (gate, cell) = (Arc::new(Semaphore::new(0)), Arc::new(std::sync::OnceLock::<EventBus>::new()));
    let (opened, inner) = (Arc::clone(&gate), Arc::clone(&cell));
    let bus = EventBus::builder()
        .transport(account.queue("billing"))
        .subscribe(move |order: Arc<OrderPlaced>| {
            let (gate, bus) = (Arc::clone(&opened), Arc::clone(&inner));
            async move {
                gate.acquire().await.unwrap().forget();
                bus.get().unwrap().publish(OrderPaid { number: order.number }).await.map(drop)
            }
        })
        .build()
        .unwrap();
    let paid =
        MessageConsumer::builder().transport(account.queue("paid")).subscribe(|_: &OrderPaid| ()).build().unwrap();
    cell.set(bus.clone()).unwrap();
    bus.start().await.unwrap();
    bus.publish(placed(1)).await.unwrap();
    until("it is in hand", || account.depth("billing").in_hand == 1).await;
    let ends = tokio::spawn({
        let bus = bus.clone();
        async move { bus.shutdown(MINUTE).await }
    });
    sleep(SECOND).await;
    gate.add_permits(1);
    assert_eq!(ends.await.unwrap().unwrap().finished, 1);
    assert_eq!(paid.consume_event().await.unwrap().message().unwrap().fate, Fate::Handled);
    assert!(bus.publish(placed(2)).await.unwrap_err().is_closed());
}

#[tokio::test(start_paused = true)]
async fn a_consumer_in_the_background_stops_when_its_handle_is_dropped() {
    let (account, log) = (MemoryTransport::new(), Log::default());
    let publisher = MessagePublisher::new(account.clone());
    let build = || {
        MessageConsumer::builder()
            .transport(account.queue("billing"))
            .subscribe(notes(&log))
            .wait(2 * SECOND)
            .build()
            .unwrap()
    };
    let handle = build().spawn();
    publisher.publish(placed(1)).await.unwrap();
    until("it is handled", || handle.metrics().handled == 1).await;
    drop(handle);
    sleep(MINUTE).await;
    publisher.publish(placed(2)).await.unwrap();
    sleep(MINUTE).await;
    assert_eq!((noted(&log), account.depth("billing").visible), (vec![1], 1));

    let handle = build().spawn();
    until("it is handled", || handle.metrics().handled == 1).await;
    let report = handle.shutdown(MINUTE).await.unwrap();
    assert_eq!((report.released, report.unreleased, report.lost), (0, 0, 0));
    assert_eq!((noted(&log), account.depth("billing").total()), (vec![1, 2], 0));
}

#[tokio::test(start_paused = true)]
async fn what_is_in_hand_when_the_handle_is_dropped_is_finished() {
    let (account, log) = (MemoryTransport::new(), Log::default());
    let (notes, begun) = (Arc::clone(&log), Arc::new(AtomicUsize::new(0)));
    let begins = Arc::clone(&begun);
    let handle = MessageConsumer::builder()
        .transport(account.queue("billing"))
        .subscribe(move |order: Arc<OrderPlaced>| {
            let notes = Arc::clone(&notes);
            begins.fetch_add(1, Ordering::SeqCst);
            async move {
                sleep(5 * SECOND).await;
                notes.lock().unwrap().push(order.number);
            }
        })
        .build()
        .unwrap()
        .spawn();
    MessagePublisher::new(account.clone()).publish(placed(1)).await.unwrap();
    until("it has begun", || begun.load(Ordering::SeqCst) == 1).await;
    drop(handle);
    until("it is deleted", || account.depth("billing").total() == 0).await;
    assert_eq!(noted(&log), [1]);
}

#[tokio::test(start_paused = true)]
async fn a_bus_stops_polling_when_its_last_clone_is_dropped() {
    let (account, log) = (MemoryTransport::new(), Log::default());
    let bus = EventBus::builder()
        .transport(account.queue("billing"))
        .subscribe(notes(&log))
        .wait(2 * SECOND)
        .build()
        .unwrap();
    bus.start().await.unwrap();
    let clone = bus.clone();
    drop(bus);
    clone.publish(placed(1)).await.unwrap();
    until("it is handled", || clone.metrics().handled == 1).await;
    drop(clone);
    sleep(MINUTE).await;
    account.publish_as(placed(2)).await;
    sleep(MINUTE).await;
    assert_eq!((noted(&log), account.depth("billing").visible), (vec![1], 1));
    assert_eq!(tokio::runtime::Handle::current().metrics().num_alive_tasks(), 0, "no task is left behind");
}

// --- What stands between a bus and its account. ---

/// The account, as one service sees it that counts its calls and is let down now and then.
#[derive(Clone)]
struct Counted {
    inner: MemoryTransport,
    polls: Arc<AtomicUsize>,
    sent: Arc<AtomicUsize>,
    is_away: Arc<AtomicBool>,
    refuses_to_prepare: Arc<AtomicBool>,
    refuses_each_third: Arc<AtomicBool>,
    keeps_what_is_put_back: Arc<AtomicBool>,
}

impl Counted {
    fn over(account: &MemoryTransport) -> Self {
        Self {
            inner: account.queue("billing"),
            polls: Arc::default(),
            sent: Arc::default(),
            is_away: Arc::default(),
            refuses_to_prepare: Arc::default(),
            refuses_each_third: Arc::default(),
            keeps_what_is_put_back: Arc::default(),
        }
    }
}

fn away() -> TransportError {
    TransportError::new(TransportErrorKind::Unavailable, "nobody answers")
}

impl Transport for Counted {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    fn own_queue(&self) -> &str {
        self.inner.own_queue()
    }

    fn check(&self, topology: &Topology) -> Result<(), Vec<String>> {
        self.inner.check(topology)
    }

    async fn prepare(&self, topology: &Topology) -> Result<(), TransportError> {
        if self.refuses_to_prepare.load(Ordering::SeqCst) {
            return Err(TransportError::new(TransportErrorKind::Denied, "not allowed"));
        }
        self.inner.prepare(topology).await
    }

    async fn publish(&self, messages: Vec<Message>) -> Vec<Result<(), TransportError>> {
        let mut answers = Vec::new();
        for message in messages {
            let number = self.sent.fetch_add(1, Ordering::SeqCst) + 1;
            if self.refuses_each_third.load(Ordering::SeqCst) && number.is_multiple_of(3) {
                answers.push(Err(away()));
            } else {
                answers.extend(self.inner.publish(vec![message]).await);
            }
        }
        answers
    }

    async fn receive(&self, queue: &str, max: usize, wait: Duration) -> Result<Vec<Delivery>, TransportError> {
        self.polls.fetch_add(1, Ordering::SeqCst);
        if self.is_away.load(Ordering::SeqCst) {
            return Err(away());
        }
        self.inner.receive(queue, max, wait).await
    }

    async fn delete(&self, queue: &str, receipts: Vec<Receipt>) -> Vec<Result<(), TransportError>> {
        self.inner.delete(queue, receipts).await
    }

    async fn change_visibility(
        &self,
        queue: &str,
        receipts: Vec<(Receipt, Duration)>,
    ) -> Vec<Result<(), TransportError>> {
        if self.keeps_what_is_put_back.load(Ordering::SeqCst) {
            return receipts.iter().map(|_| Err(away())).collect();
        }
        self.inner.change_visibility(queue, receipts).await
    }

    async fn dead_letter(&self, queue: &str, delivery: &Delivery, letter: &DeadLetter) -> Result<(), TransportError> {
        self.inner.dead_letter(queue, delivery, letter).await
    }
}

trait PublishAs {
    /// As some other service does.
    fn publish_as<E: Event>(&self, event: E) -> impl Future<Output = ()>;
}

impl PublishAs for MemoryTransport {
    async fn publish_as<E: Event>(&self, event: E) {
        MessagePublisher::new(self.clone()).publish(event).await.unwrap();
    }
}
