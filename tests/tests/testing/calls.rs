//! One subscriber alone.

use std::time::Duration;

use melange::testing::TestCall;
use melange::{
    CancellationToken, Context, Event, EventId, Metadata, Outcome, State, Subscriber, SubscriberErrorKind, Timestamp,
    subscriber, subscribers,
};
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(topic = "orders", version = 3)]
struct OrderPlaced {
    total_cents: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(topic = "orders")]
struct OrderPaid;

#[subscriber(listens_to = OrderPlaced, timeout = "5s")]
async fn charge(order: &OrderPlaced, meta: &Metadata, State(limit): State<u64>, stop: CancellationToken) -> Outcome {
    if order.total_cents == 1 {
        sleep(Duration::from_secs(6)).await;
    }
    match meta.attempt {
        _ if order.total_cents == 2 => std::panic::resume_unwind(Box::new("as it was told")),
        _ if stop.is_cancelled() => Outcome::retry("told to stop"),
        _ if order.total_cents <= limit => Outcome::Done,
        1 => Outcome::retry_after("the bank does not answer", Duration::from_secs(60)),
        2 => Outcome::retry("the bank does not answer"),
        _ => Outcome::reject("too much"),
    }
}

#[subscriber(listens_to = OrderPlaced, blocking)]
fn print(_: &OrderPlaced) -> Result<(), std::io::Error> {
    Err(std::io::Error::other("no paper"))
}

struct Ledger;

#[subscriber]
impl Ledger {
    #[listens_to]
    async fn placed(&self, _: &OrderPlaced) {}

    #[listens_to]
    async fn paid(&self, _: &OrderPaid) -> Outcome {
        Outcome::Reject
    }
}

struct ByHand;

impl Subscriber<OrderPlaced> for ByHand {
    async fn process(&self, order: &OrderPlaced, cx: &Context<OrderPlaced>) -> Outcome {
        let limit = cx.state::<u64>().copied().unwrap_or_default();
        match (order.total_cents > limit, cx.metadata().attempt, cx.cancellation().is_cancelled()) {
            (_, _, true) => Outcome::retry("told to stop"),
            (true, 3.., _) => Outcome::reject("too much"),
            (true, ..) => Outcome::retry("too much, so far"),
            (false, ..) => Outcome::Done,
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_function_runs_as_on_a_bus() {
    let charge = TestCall::function(subscribers![charge]).state(100_u64);
    let dear = || OrderPlaced { total_cents: 4200 };
    assert!(charge.run(OrderPlaced { total_cents: 42 }).await.is_done());
    let first = charge.run(dear()).await;
    assert!(first.is_retried() && !first.is_rejected() && !first.is_done());
    assert_eq!(first.retry_after(), Some(Duration::from_secs(60)));
    let second = charge.attempt(2).run(dear()).await;
    assert_eq!((second.retry_after(), second.kind()), (None, Some(SubscriberErrorKind::Failed)));
    let charge = TestCall::function(subscribers![self::charge]).state(100_u64).attempt(3);
    let third = charge.run(dear()).await;
    assert!(third.is_rejected());
    assert_eq!(third.reason().as_deref(), Some("too much"));
    assert!(charge.state(5000_u64).run(dear()).await.is_done());
}

#[tokio::test(start_paused = true)]
async fn time_outs_panics_and_tokens_count() {
    let charge = || TestCall::function(subscribers![charge]).state(100_u64);
    let late = charge().run(OrderPlaced { total_cents: 1 }).await;
    assert_eq!(late.kind(), Some(SubscriberErrorKind::TimedOut));
    let died = charge().run(OrderPlaced { total_cents: 2 }).await;
    assert_eq!(died.kind(), Some(SubscriberErrorKind::Panicked));
    let token = CancellationToken::new();
    token.cancel();
    let stopped = charge().cancellation(token).run(OrderPlaced { total_cents: 3 }).await;
    assert_eq!(stopped.reason().as_deref(), Some("told to stop"));
    let blocked = TestCall::function(subscribers![print]).run(OrderPlaced { total_cents: 3 }).await;
    assert_eq!(blocked.reason().as_deref(), Some("no paper"));
    assert_eq!(blocked.error().map(|error| error.subscriber()), Some("print"));
}

#[tokio::test(start_paused = true)]
async fn values_closures_and_metadata() {
    assert!(TestCall::value(Ledger).run(OrderPlaced { total_cents: 3 }).await.is_done());
    assert!(TestCall::value(Ledger).run(OrderPaid).await.is_rejected());
    assert!(TestCall::value(ByHand).attempt(3).run(OrderPlaced { total_cents: 3 }).await.is_rejected());
    let closure = |order: &OrderPlaced| if order.total_cents == 0 { Outcome::Reject } else { Outcome::Done };
    assert!(TestCall::closure(closure).run(OrderPlaced { total_cents: 0 }).await.is_rejected());

    #[subscriber(listens_to = OrderPlaced)]
    async fn says(_: &OrderPlaced, meta: &Metadata) -> Outcome {
        Outcome::retry(format!(
            "{} v{} {} {} {}",
            meta.event_type_name, meta.version, meta.topic, meta.attempt, meta.event_id
        ))
    }
    let at: Timestamp = "2026-01-01T10:00:00Z".parse().unwrap();
    let order = OrderPlaced { total_cents: 3 };
    let meta = Metadata::of(&order).with_attempt(7).with_event_id(EventId::from_text("e-1")).with_occurred_on(at);
    assert_eq!(meta.occurred_on, at);
    let said = TestCall::function(subscribers![says]).metadata(meta).run(order).await;
    assert_eq!(said.reason().as_deref(), Some("OrderPlaced v3 orders 7 e-1"));
}

#[tokio::test(start_paused = true)]
async fn what_is_called_directly_has_a_context_by_hand() {
    let order = OrderPlaced { total_cents: 4200 };
    let meta = Metadata::of(&order);
    let cx = Context::new(order.clone(), meta.clone()).with_state(5000_u64);
    assert!(ByHand.process(&order, &cx).await.is_done());
    let other = cx.clone().with_state(1_u64);
    assert_eq!((cx.state::<u64>(), other.state::<u64>()), (Some(&5000), Some(&1)), "a clone has states of its own");
    assert!(!ByHand.process(&order, &other).await.is_done());
    let token = CancellationToken::new();
    let cx = Context::new(order.clone(), meta.with_attempt(3)).with_cancellation(token.clone());
    token.cancel();
    assert!(!ByHand.process(cx.event(), &cx).await.is_done());
    // And a function is a function.
    assert!(charge(&order, cx.metadata(), State(5000), CancellationToken::new()).await.is_done());
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "no subscriber here listens to OrderPaid; there are: `charge` on OrderPlaced")]
async fn nobody_listens() {
    TestCall::function(subscribers![charge]).run(OrderPaid).await;
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "say which by `.named(..)`: `charge`, `print`")]
async fn several_listen() {
    let both = || TestCall::function(subscribers![charge, print]).state(100_u64);
    assert!(both().named("charge").run(OrderPlaced { total_cents: 3 }).await.is_done());
    both().run(OrderPlaced { total_cents: 3 }).await;
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "subscriber `charge` takes `State<u64>`, which was not given")]
async fn a_state_is_missing() {
    TestCall::function(subscribers![charge]).run(OrderPlaced { total_cents: 3 }).await;
}
