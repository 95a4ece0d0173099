//! What they are given: arguments, states, values.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use melange::{
    CancellationToken, Context, EventBus, Fate, MemoryTransport, MessageConsumer, Metadata, Outcome, ProblemKind,
    State, Subscriber, subscriber,
};

use crate::{Log, OrderPaid, OrderPlaced, publish};

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
    for part in ["takes_everything", "either", "Log", "Vec<u8>", ".state(..)", "subscribers/given.rs:"] {
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
