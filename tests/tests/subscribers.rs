//! What subscribers are given, and what becomes of an event when they fail: over queues in memory, on a clock that stands
//! still unless a test waits.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use melange::{
    CancellationToken, Context, Event, EventBus, Fate, Latest, MemoryTransport, MessageConsumer, MessagePublisher,
    Metadata, Outcome, ProblemKind, RetryPolicy, State, Subscriber, SubscriberErrorKind, SubscriberOptions, Timestamp,
    subscriber,
};
use serde::{Deserialize, Serialize};
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

/// What subscribers noted, and when, in milliseconds.
#[derive(Debug, Clone)]
struct Log {
    notes: Arc<Mutex<Vec<(String, u64)>>>,
    start: Instant,
}

impl Log {
    fn new() -> Self {
        Self { notes: Arc::default(), start: Instant::now() }
    }

    fn note(&self, what: impl Into<String>) {
        let millis = self.start.elapsed().as_millis() as u64;
        self.notes.lock().unwrap().push((what.into(), millis));
    }

    fn words(&self) -> Vec<String> {
        self.notes.lock().unwrap().iter().map(|(what, _)| what.clone()).collect()
    }

    fn times(&self, of: &str) -> Vec<u64> {
        self.notes.lock().unwrap().iter().filter(|(what, _)| what == of).map(|(_, at)| *at).collect()
    }
}

async fn until(what: &str, holds: impl Fn() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < 600 * MINUTE, "{what} did not come true within ten hours");
        // Coarser as it goes on: nothing else moves the clock, and each step costs time.
        sleep(Duration::from_millis(10).max(start.elapsed() / 50)).await;
    }
}

async fn publish<E: Event>(account: &MemoryTransport, event: E) {
    MessagePublisher::new(account.clone()).publish(event).await.unwrap();
}

// --- What they are given. ---

#[subscriber(listens_to = OrderPlaced)]
#[allow(clippy::too_many_arguments, reason = "these are all there are")]
async fn takes_everything(
    order: &OrderPlaced,
    shared: Arc<OrderPlaced>,
    meta: &Metadata,
    owned: Metadata,
    cx: &Context<OrderPlaced>,
    State(log): State<Log>,
    stop: CancellationToken,
    there: Option<State<Log>>,
    missing: Option<State<u64>>,
) {
    assert!(std::ptr::eq(order, &*shared) && std::ptr::eq(order, cx.event()));
    assert_eq!((&meta.event_id, &meta.event_id), (&owned.event_id, &cx.metadata().event_id));
    assert!(!stop.is_cancelled() && !cx.cancellation().is_cancelled());
    assert!(there.is_some() && missing.is_none() && cx.state::<Log>().is_some() && cx.state::<u64>().is_none());
    log.note(format!("everything {}", order.number));
}

#[subscriber(listens_to = [OrderPlaced, OrderPaid])]
fn either(
    placed: Option<&OrderPlaced>,
    paid: Option<&OrderPaid>,
    shared: Option<Arc<OrderPaid>>,
    meta: &Metadata,
    State(log): State<Log>,
) {
    assert_eq!(paid.is_some(), shared.is_some());
    let (placed, paid) = (placed.map(|order| order.number), paid.map(|order| order.number));
    log.note(format!("{} {placed:?} {paid:?}", meta.event_type_name));
}

#[tokio::test(start_paused = true)]
async fn every_argument_is_what_it_says() {
    let (account, log) = (MemoryTransport::new(), Log::new());
    let consumer = MessageConsumer::builder()
        .transport(account.queue("billing"))
        .subscribers(melange::subscribers![takes_everything, either])
        .state(log.clone())
        .build()
        .unwrap();
    publish(&account, OrderPlaced { number: 1 }).await;
    publish(&account, OrderPaid { number: 2 }).await;
    for _ in 0..2 {
        let consumed = consumer.consume_event().await.unwrap();
        let processed = consumed.message().unwrap();
        assert_eq!(processed.fate, Fate::Handled, "{:?}", processed.failures);
    }
    let mut words = log.words();
    words.sort();
    assert_eq!(words, ["OrderPaid None Some(2)", "OrderPlaced Some(1) None", "everything 1"]);
}

#[tokio::test(start_paused = true)]
async fn closures_take_more_than_the_event() {
    let (account, log) = (MemoryTransport::new(), Log::new());
    let kept = log.clone();
    let consumer = MessageConsumer::builder()
        .transport(account.queue("billing"))
        .state(log.clone())
        .state(7_u8)
        .subscribe(move |order: &OrderPlaced| kept.note(format!("none {}", order.number)))
        .subscribe(|order: Arc<OrderPlaced>, State(log): State<Log>| async move {
            log.note(format!("one {}", order.number))
        })
        .subscribe(|_: Arc<OrderPlaced>, meta: Metadata, State(log): State<Log>| async move {
            log.note(format!("two {}", meta.topic));
            Ok::<(), std::io::Error>(())
        })
        .subscribe(
            |_: Arc<OrderPlaced>, stop: CancellationToken, State(log): State<Log>, more: Option<State<u8>>| async move {
                log.note(format!("three {} {:?}", stop.is_cancelled(), more.map(|State(more)| more)));
                Outcome::Done
            },
        )
        .build()
        .unwrap();
    publish(&account, OrderPlaced { number: 1 }).await;
    assert_eq!(consumer.consume_event().await.unwrap().message().unwrap().fate, Fate::Handled);
    let mut words = log.words();
    words.sort();
    assert_eq!(words, ["none 1", "one 1", "three false Some(7)", "two orders"]);
}

#[tokio::test]
async fn a_state_that_is_not_there_is_found_before_the_first_event() {
    let error = EventBus::builder()
        .subscribers(melange::subscribers![takes_everything, either])
        .subscribe(|_: Arc<OrderPlaced>, _: State<Vec<u8>>| async {})
        .build()
        .unwrap_err();
    let problems: Vec<_> = error.iter().filter(|problem| problem.kind() == ProblemKind::MissingState).collect();
    // Of a subscriber of two events, one for each of them would be the same twice.
    let text = error.to_string();
    for part in ["takes_everything", "either", "Log", "Vec<u8>", ".state(..)", "subscribers.rs:"] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    assert!(problems.len() >= 3, "{text}");
    let twice = EventBus::builder().state(1_u8).state(2_u8).build().unwrap_err();
    assert!(twice.has(ProblemKind::GivenTwice), "{twice}");
}

#[tokio::test]
async fn a_subscriber_can_be_called_by_hand() {
    struct Ledger(AtomicUsize);
    impl Subscriber<OrderPlaced> for Ledger {
        async fn process(&self, order: &OrderPlaced, cx: &Context<OrderPlaced>) -> Outcome {
            assert_eq!(order, cx.event());
            if cx.cancellation().is_cancelled() || cx.state::<u8>().is_some() {
                return Outcome::reject("not now");
            }
            self.0.fetch_add(order.number as usize, Ordering::SeqCst);
            if cx.metadata().attempt > 1 { Outcome::Reject } else { Outcome::Done }
        }
    }
    let ledger = Ledger(AtomicUsize::new(0));
    let cx = Context::new(OrderPlaced { number: 5 }, Metadata::now("OrderPlaced"));
    assert!(ledger.process(cx.event(), &cx).await.is_done());
    let mut second = Metadata::now("OrderPlaced");
    second.attempt = 2;
    let cx = Context::new(Arc::new(OrderPlaced { number: 5 }), second);
    assert!(!ledger.process(cx.event(), &cx.clone()).await.is_done());
    cx.cancellation().cancel();
    assert!(!ledger.process(cx.event(), &cx).await.is_done());
    assert_eq!(ledger.0.load(Ordering::SeqCst), 10);
    assert!(!format!("{cx:?}").contains('5') || !format!("{cx:?}").contains("number"), "{cx:?}");
    // And a function under the macro is the function it was.
    let log = Log::new();
    let paid = OrderPaid { number: 3 };
    either(None, Some(&paid), Some(Arc::new(paid.clone())), &Metadata::now("OrderPaid"), State(log.clone()));
    assert_eq!(log.words(), ["OrderPaid None Some(3)"]);
}

// --- Versions and order. ---

#[derive(Debug, Serialize, Deserialize, Event)]
#[event(topic = "people", name = "UserMade", alias = ["UserAdded"])]
struct UserMadeV1 {
    name: String,
}

#[derive(Debug, Serialize, Deserialize, Event)]
#[event(topic = "people", name = "UserAdded", version = 2, upcast_from = [UserMadeV1])]
struct UserAddedV2 {
    full: String,
}

#[derive(Debug, Serialize, Deserialize, Event)]
#[event(topic = "people", version = 3, upcast_from = [UserAddedV2])]
struct UserAdded {
    full: String,
    letters: usize,
}

impl From<UserMadeV1> for UserAddedV2 {
    fn from(old: UserMadeV1) -> Self {
        Self { full: old.name }
    }
}

impl From<UserAddedV2> for UserAdded {
    fn from(old: UserAddedV2) -> Self {
        Self { letters: old.full.len(), full: old.full }
    }
}

#[tokio::test(start_paused = true)]
async fn one_event_may_be_listened_to_in_two_versions() {
    let (account, log) = (MemoryTransport::new(), Log::new());
    let consumer = MessageConsumer::builder()
        .transport(account.queue("people"))
        .state(log.clone())
        .subscribe(|user: Arc<UserAddedV2>, meta: Metadata, State(log): State<Log>| async move {
            log.note(format!("2 gets {} v{} {}", meta.event_type_name, meta.version, user.full));
        })
        .subscribe(|user: Arc<UserAdded>, meta: Metadata, State(log): State<Log>| async move {
            log.note(format!("3 gets {} v{} {} {}", meta.event_type_name, meta.version, user.full, user.letters));
        })
        .wait(SECOND)
        .build()
        .unwrap();
    publish(&account, UserMadeV1 { name: "Ada".to_owned() }).await;
    publish(&account, UserAddedV2 { full: "Bob".to_owned() }).await;
    publish(&account, UserAdded { full: "Eve".to_owned(), letters: 3 }).await;
    for _ in 0..3 {
        assert_eq!(consumer.consume_event().await.unwrap().message().unwrap().fate, Fate::Handled);
    }
    let mut words = log.words();
    words.sort();
    assert_eq!(
        words,
        [
            "2 gets UserAdded v2 Bob",
            "2 gets UserMade v1 Ada",
            "3 gets UserAdded v2 Bob 3",
            "3 gets UserAdded v3 Eve 3",
            "3 gets UserMade v1 Ada 3",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_name_of_two_versions_ago_passes_the_filter() {
    let account = MemoryTransport::new();
    let consumer = MessageConsumer::builder()
        .transport(account.queue("people"))
        .subscribe(|user: &UserAdded| assert_eq!((user.full.as_str(), user.letters), ("Ada", 3)))
        .wait(SECOND)
        .build()
        .unwrap();
    publish(&account, UserMadeV1 { name: "Ada".to_owned() }).await;
    assert_eq!(consumer.consume_event().await.unwrap().message().unwrap().fate, Fate::Handled);
}

#[tokio::test(start_paused = true)]
async fn a_version_that_is_too_new_is_retried_and_kept_at_last() {
    let account = MemoryTransport::new();
    let bus = EventBus::builder()
        .transport(account.queue("people"))
        .subscribe(|_: &UserAddedV2| -> () { panic!("it is not for us") })
        .build()
        .unwrap();
    bus.start().await.unwrap();
    publish(&account, UserAdded { full: "Eve".to_owned(), letters: 3 }).await;
    until("it is given up", || bus.metrics().dead_lettered == 1).await;
    // In the meantime somebody could have deployed who reads it: it was left to them as often as the queue hands it out.
    assert_eq!((bus.metrics().retried, bus.metrics().ignored), (u64::from(RetryPolicy::DEFAULT.attempts) + 3, 0));
    let letters = account.dead_letters("people");
    assert_eq!((letters.len(), letters[0].subscriber.as_deref()), (1, None));
    for part in ["version 3", "UserAdded", "upcast_from"] {
        assert!(letters[0].reason.contains(part), "{}", letters[0].reason);
    }
    bus.shutdown(MINUTE).await.unwrap();
}

#[derive(Debug, Serialize, Deserialize, Event)]
#[event(topic = "prices")]
struct PriceSet {
    item: String,
    cents: u64,
    #[event(occurred_on)]
    occurred_on: Timestamp,
}

#[subscriber(listens_to = PriceSet)]
async fn newest_price(
    price: &PriceSet,
    meta: &Metadata,
    State(latest): State<Arc<Latest<String>>>,
    State(log): State<Log>,
) {
    if latest.is_newer(price.item.clone(), meta.occurred_on) {
        log.note(format!("{} {}", price.item, price.cents));
    }
}

#[tokio::test(start_paused = true)]
async fn what_arrives_late_can_be_told_and_left_out() {
    let (account, log) = (MemoryTransport::new(), Log::new());
    let consumer = MessageConsumer::builder()
        .transport(account.queue("shop"))
        .subscribers(melange::subscribers![newest_price])
        .state(Arc::new(Latest::<String>::new(100)))
        .state(log.clone())
        .build()
        .unwrap();
    let moments = ["2026-01-01T10:00:00.000002Z", "2026-01-01T10:00:00.000001Z", "2026-01-01T10:00:00.000003Z"];
    for (cents, moment) in (1..).zip(moments) {
        for item in ["tea", "rice"] {
            publish(&account, PriceSet { item: item.to_owned(), cents, occurred_on: moment.parse().unwrap() }).await;
        }
    }
    for _ in 0..6 {
        assert_eq!(consumer.consume_event().await.unwrap().message().unwrap().fate, Fate::Handled);
    }
    // A microsecond apart is apart.
    let mut words = log.words();
    words.sort();
    assert_eq!(words, ["rice 1", "rice 3", "tea 1", "tea 3"]);
}

// --- How many at once, and for how long. ---

#[subscriber(listens_to = OrderPlaced, concurrency = 2)]
async fn narrow(order: &OrderPlaced, State(log): State<Log>) {
    log.note("begin");
    sleep(SECOND).await;
    log.note(format!("end {}", order.number));
}

#[tokio::test(start_paused = true)]
async fn a_subscriber_limits_its_own_runs_and_nobody_elses() {
    let account = MemoryTransport::new();
    for number in 0..6 {
        // Before anyone listens, so that all are there at once.
        drop(MessageConsumer::builder().transport(account.queue("billing")).subscribe(|_: &OrderPlaced| ()).build());
        publish(&account, OrderPlaced { number }).await;
    }
    let log = Log::new();
    let bus = EventBus::builder()
        .transport(account.queue("billing"))
        .subscribers(melange::subscribers![narrow])
        .subscribe(|_: Arc<OrderPlaced>, State(log): State<Log>| async move { log.note("wide") })
        .state(log.clone())
        .build()
        .unwrap();
    bus.start().await.unwrap();
    until("all are handled", || bus.metrics().handled == 6).await;
    let (begun, wide) = (log.times("begin"), log.times("wide"));
    assert!(wide.iter().all(|at| *at < 1_000), "the other subscriber did not wait: {wide:?}");
    let rounds: Vec<u64> = begun.iter().map(|at| at / 1_000).collect();
    assert_eq!(rounds, [0, 0, 1, 1, 2, 2], "{begun:?}");
    bus.shutdown(MINUTE).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_slow_handler_keeps_its_message_and_one_that_lost_it_is_cancelled() {
    let (account, log) = (MemoryTransport::new(), Log::new());
    let bus = EventBus::builder()
        .transport(account.queue("billing"))
        .subscribe(|order: Arc<OrderPlaced>, meta: Metadata, State(log): State<Log>| async move {
            struct Gone(Log);
            impl Drop for Gone {
                fn drop(&mut self) {
                    self.0.note("cancelled");
                }
            }
            log.note(format!("begin {} {}", order.number, meta.attempt));
            let gone = Gone(log.clone());
            sleep(10 * MINUTE).await;
            std::mem::forget(gone);
            log.note("end");
        })
        .state(log.clone())
        .build()
        .unwrap();
    bus.start().await.unwrap();
    // Ten minutes are twenty times the visibility.
    publish(&account, OrderPlaced { number: 1 }).await;
    until("it is handled", || bus.metrics().handled == 1).await;
    assert_eq!(log.words(), ["begin 1 1", "end"]);
    publish(&account, OrderPlaced { number: 2 }).await;
    until("it is in hand", || account.depth("billing").in_hand == 1).await;
    assert_eq!(account.purge("billing"), 1);
    let lost = Instant::now();
    until("the lease is found lost", || bus.metrics().leases_lost == 1).await;
    assert!(lost.elapsed() <= 31 * SECOND, "{:?}", lost.elapsed());
    assert_eq!(log.words(), ["begin 1 1", "end", "begin 2 1", "cancelled"]);
    bus.shutdown(MINUTE).await.unwrap();
}

// --- Trying again, and giving up. ---

#[subscriber(listens_to = OrderPlaced, retry(attempts = 4, backoff = "2s..2s"))]
async fn steady(_: &OrderPlaced, State(log): State<Log>) -> Result<(), String> {
    log.note("steady");
    Err("the bank is closed".to_owned())
}

#[subscriber(listens_to = OrderPlaced, retry(attempts = 8, backoff = "1s..20s"))]
async fn backing_off(_: &OrderPlaced, State(log): State<Log>) -> Result<(), String> {
    log.note("backing off");
    Err("the bank is closed".to_owned())
}

#[tokio::test(start_paused = true)]
async fn retries_come_when_the_backoff_says() {
    let (account, log) = (MemoryTransport::new(), Log::new());
    let bus = EventBus::builder()
        .transport(account.queue("billing"))
        .subscribers(melange::subscribers![steady])
        .state(log.clone())
        .build()
        .unwrap();
    bus.start().await.unwrap();
    publish(&account, OrderPlaced { number: 1 }).await;
    until("it is given up", || bus.metrics().dead_lettered == 1).await;
    assert_eq!((bus.metrics().retried, bus.metrics().failed_runs, bus.metrics().dead_letters), (3, 4, 1));
    let times = log.times("steady");
    let gaps: Vec<u64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(gaps.len() == 3 && gaps.iter().all(|gap| (2_000..2_100).contains(gap)), "{gaps:?}");
    let letters = account.dead_letters("billing");
    assert_eq!((letters[0].reason.as_str(), letters[0].attempts), ("the bank is closed", 4));
    assert_eq!(letters[0].subscriber.as_deref(), Some("steady"));
    bus.shutdown(MINUTE).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn retries_are_spread_between_the_shortest_wait_and_twice_as_much_each_time() {
    let mut spread = Vec::new();
    for _ in 0..10 {
        let (account, log) = (MemoryTransport::new(), Log::new());
        let bus = EventBus::builder()
            .transport(account.queue("billing"))
            .subscribers(melange::subscribers![backing_off])
            .state(log.clone())
            .build()
            .unwrap();
        bus.start().await.unwrap();
        publish(&account, OrderPlaced { number: 1 }).await;
        until("it is given up", || bus.metrics().dead_lettered == 1).await;
        let times = log.times("backing off");
        assert_eq!(times.len(), 8);
        for (n, pair) in (1_u32..).zip(times.windows(2)) {
            let (gap, most) = (pair[1] - pair[0], 1_000 * 2_u64.pow(n).min(20));
            assert!((1_000..most + 100).contains(&gap), "{gap} ms before retry {n}");
        }
        spread.push(times[7]);
        bus.shutdown(MINUTE).await.unwrap();
    }
    spread.dedup();
    assert!(spread.len() > 5, "those that failed together come back together: {spread:?}");
}

#[tokio::test(start_paused = true)]
async fn outcomes_are_obeyed() {
    let account = MemoryTransport::new();
    let bus = EventBus::builder().transport(account.queue("billing")).state(Log::new()).subscribe(
        |order: Arc<OrderPlaced>, meta: Metadata, State(log): State<Log>| async move {
            log.note(format!("{} {}", order.number, meta.attempt));
            match (order.number, meta.attempt) {
                (1, 1) => Outcome::Retry { after: Some(90 * SECOND) },
                (2, 1) => Outcome::retry_after("not before noon", 600 * SECOND),
                (3, _) => Outcome::reject("it has no customer"),
                (4, _) => Outcome::Reject,
                (5, 1) => panic!("a bug"),
                _ => Outcome::Done,
            }
        },
    );
    let log = Log::new();
    let bus = bus.subscribe({
        let log = log.clone();
        move |order: &OrderPlaced| log.note(format!("{}", order.number))
    });
    let bus = bus.build().unwrap();
    bus.start().await.unwrap();
    for number in 1..=5 {
        publish(&account, OrderPlaced { number }).await;
    }
    until("all are settled", || account.depth("billing").total() == 0).await;
    let metrics = bus.metrics();
    assert_eq!((metrics.handled, metrics.retried, metrics.dead_lettered, metrics.failed_runs), (3, 3, 2, 5));
    let mut letters: Vec<String> = account.dead_letters("billing").into_iter().map(|letter| letter.reason).collect();
    letters.sort();
    assert_eq!(letters, ["it has no customer", "the subscriber rejected the event"]);
    // The other subscriber ran once for each, whatever became of it.
    let mut others = log.words();
    others.sort();
    assert_eq!(others, ["1", "2", "3", "4", "5"]);
    bus.shutdown(MINUTE).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_retry_rests_exactly_as_long_as_the_subscriber_asks() {
    let (account, log) = (MemoryTransport::new(), Log::new());
    let bus = EventBus::builder()
        .transport(account.queue("billing"))
        .state(log.clone())
        .subscribe(|_: Arc<OrderPlaced>, meta: Metadata, State(log): State<Log>| async move {
            log.note("run");
            match meta.attempt {
                1 => Outcome::retry_after("later", 90 * SECOND),
                2 => Outcome::Retry { after: Some(Duration::ZERO) },
                3 => Outcome::Retry { after: Some(120 * MINUTE) },
                _ => Outcome::Done,
            }
        })
        .build()
        .unwrap();
    bus.start().await.unwrap();
    publish(&account, OrderPlaced { number: 1 }).await;
    until("it is handled", || bus.metrics().handled == 1).await;
    let gaps: Vec<u64> = log.times("run").windows(2).map(|pair| pair[1] - pair[0]).collect();
    let about = |gap: u64, wanted: u64| (wanted..wanted + 100).contains(&gap);
    assert!(about(gaps[0], 90_000) && about(gaps[1], 0) && about(gaps[2], 7_200_000), "{gaps:?}");
    bus.shutdown(MINUTE).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_consume_event_returns_names_who_failed_and_how() {
    struct Slow;
    impl Subscriber<OrderPlaced> for Slow {
        async fn process(&self, _: &OrderPlaced, _: &Context<OrderPlaced>) -> Outcome {
            sleep(MINUTE).await;
            Outcome::Done
        }
        fn options(&self) -> SubscriberOptions {
            SubscriberOptions::new().with_timeout(5 * SECOND)
        }
    }
    let account = MemoryTransport::new();
    let consumer = MessageConsumer::builder()
        .transport(account.queue("billing"))
        .subscribers(melange::subscribers![steady])
        .state(Log::new())
        .subscriber(Slow)
        .subscribe(|_: &OrderPlaced| -> () { panic!("s3cret") })
        .subscribe(|_: &OrderPlaced| Outcome::reject("never"))
        .subscribe(|_: &OrderPlaced| ())
        .build()
        .unwrap();
    publish(&account, OrderPlaced { number: 1 }).await;
    let start = Instant::now();
    let consumed = consumer.consume_event().await.unwrap();
    assert!(start.elapsed() >= 5 * SECOND && start.elapsed() < 6 * SECOND, "{:?}", start.elapsed());
    let processed = consumed.message().unwrap();
    assert!(matches!(processed.fate, Fate::Retried { after } if after >= SECOND), "{:?}", processed.fate);
    assert_eq!(processed.event_type_name.as_deref(), Some("OrderPlaced"));
    let mut kinds: Vec<String> = processed.failures.iter().map(|failure| format!("{:?}", failure.kind())).collect();
    kinds.sort();
    assert_eq!(kinds, ["Failed", "Panicked", "Rejected", "TimedOut"]);
    for failure in &processed.failures {
        assert_eq!(failure.event_name(), "OrderPlaced");
        let text = format!("{failure} {} {failure:?}", failure.reason());
        assert!(!text.contains("s3cret"), "{text}");
        match failure.kind() {
            SubscriberErrorKind::Failed => {
                assert!(text.contains("`steady`") && text.contains("the bank is closed"), "{text}")
            }
            SubscriberErrorKind::TimedOut => assert!(text.contains("Slow") && text.contains("5s"), "{text}"),
            _ => {}
        }
    }
    // Who rejected it has a dead letter already; the others go on.
    assert_eq!(account.dead_letters("billing").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_dead_letter_that_is_put_back_runs_only_who_gave_it_up() {
    #[subscriber(listens_to = OrderPlaced, retry(attempts = 2, backoff = "1s..1s"))]
    async fn ship(
        order: &OrderPlaced,
        State(log): State<Log>,
        State(broken): State<Arc<AtomicUsize>>,
    ) -> Result<(), String> {
        log.note(format!("ship {}", order.number));
        if broken.load(Ordering::SeqCst) > 0 { Err("no vans".to_owned()) } else { Ok(()) }
    }
    #[subscriber(listens_to = OrderPlaced)]
    async fn bill(order: &OrderPlaced, State(log): State<Log>) {
        log.note(format!("bill {}", order.number));
    }
    let (account, log, broken) = (MemoryTransport::new(), Log::new(), Arc::new(AtomicUsize::new(1)));
    let build = || {
        EventBus::builder()
            .transport(account.queue("orders"))
            .subscribers(melange::subscribers![ship, bill])
            .state(log.clone())
            .state(Arc::clone(&broken))
            .build()
            .unwrap()
    };
    let bus = build();
    bus.start().await.unwrap();
    let id = bus.publish(OrderPlaced { number: 1 }).await.unwrap();
    until("it is given up", || bus.metrics().dead_lettered == 1).await;
    assert_eq!(log.words().len(), 3, "{:?}", log.words());
    bus.shutdown(MINUTE).await.unwrap();
    let letters = account.dead_letters("orders");
    assert_eq!((letters[0].subscriber.as_deref(), letters[0].reason.as_str()), (Some("ship"), "no vans"));
    assert_eq!(letters[0].event_id.as_ref(), Some(&id));

    // Another process, which remembers nothing, and a repaired van.
    let bus = build();
    bus.start().await.unwrap();
    broken.store(0, Ordering::SeqCst);
    assert_eq!((account.redrive("orders"), account.dead_letters("orders").len()), (1, 0));
    until("it is handled", || bus.metrics().handled == 1).await;
    let words = log.words();
    assert_eq!(words.iter().filter(|word| *word == "bill 1").count(), 1, "{words:?}");
    assert_eq!(words.iter().filter(|word| *word == "ship 1").count(), 3, "{words:?}");
    assert_eq!(account.depth("orders").total(), 0);
    bus.shutdown(MINUTE).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn each_subscriber_that_gives_up_has_a_letter_of_its_own() {
    let (account, log) = (MemoryTransport::new(), Log::new());
    let bus = EventBus::builder()
        .transport(account.queue("billing"))
        .subscribers(melange::subscribers![steady, backing_off])
        .state(log.clone())
        .build()
        .unwrap();
    bus.start().await.unwrap();
    publish(&account, OrderPlaced { number: 1 }).await;
    until("both have given up", || bus.metrics().dead_lettered == 1).await;
    // By its own attempts, each.
    assert_eq!((log.times("steady").len(), log.times("backing off").len()), (4, 8));
    let mut letters: Vec<_> =
        account.dead_letters("billing").into_iter().filter_map(|letter| letter.subscriber).collect();
    letters.sort();
    assert_eq!(letters, ["backing_off", "steady"]);
    bus.shutdown(MINUTE).await.unwrap();
}
