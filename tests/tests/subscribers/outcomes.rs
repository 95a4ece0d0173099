//! What they say, what becomes of it, and dead letters.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use melange::{
    Context, EventBus, Fate, MemoryTransport, MessageConsumer, Metadata, Outcome, State, Subscriber,
    SubscriberErrorKind, SubscriberOptions, subscriber,
};
use melange_tests::until;
use tokio::time::{Instant, sleep};

use crate::{Log, MINUTE, OrderPlaced, SECOND, backing_off, publish, running, steady};

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
    let bus = running(&account, melange::subscribers![steady, backing_off], &log).await;
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
