//! What the assert macros take, and what they say when it is not so.

use std::future::Future;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;
use melange::testing::{Fault, TestAccount, TestBus};
use melange::{
    Event, Outcome, assert_dead_lettered, assert_handled, assert_idle, assert_not_dead_lettered, assert_not_handled,
    assert_not_published, assert_published, assert_rejected, assert_retried, subscriber, subscribers,
};
use serde::{Deserialize, Serialize};

// Without `Debug`: failures show it all the same.
#[derive(Serialize, Deserialize, Event)]
#[event(topic = "orders")]
struct OrderPlaced {
    order_id: String,
    total_cents: u64,
}

#[derive(Serialize, Deserialize, Event)]
#[event(topic = "payments")]
enum Payment {
    Taken { order_id: String },
    Refused,
}

#[derive(Serialize, Deserialize, Event)]
#[event(topic = "clock")]
struct Ticked(u32);

mod elsewhere {
    use super::*;

    #[derive(Serialize, Deserialize, Event)]
    #[event(topic = "clock")]
    pub(super) struct Stopped;
}

#[subscriber(listens_to = OrderPlaced, retry(attempts = 2, backoff = "1s..1s"))]
async fn send_receipt(order: &OrderPlaced) -> Outcome {
    match order.total_cents {
        0 => Outcome::reject("an order of nothing"),
        1 => Outcome::retry("the mail server is down"),
        _ => Outcome::Done,
    }
}

#[derive(Default)]
struct Ledger;

#[subscriber]
impl Ledger {
    #[listens_to]
    async fn placed(&self, _: &OrderPlaced) {}

    #[listens_to(name = "paid")]
    async fn payment(&self, payment: &Payment) -> Outcome {
        match payment {
            Payment::Taken { .. } => Outcome::Done,
            Payment::Refused => Outcome::reject("refused"),
        }
    }
}

fn order(order_id: &str, total_cents: u64) -> OrderPlaced {
    OrderPlaced { order_id: order_id.into(), total_cents }
}

async fn shop() -> TestBus {
    let bus = TestBus::builder().subscribers(subscribers![send_receipt]).subscriber(Ledger).start().await;
    for (id, cents) in [("o-1", 4200), ("o-2", 0), ("o-3", 1)] {
        bus.publish(order(id, cents)).await.unwrap();
    }
    bus.publish(Payment::Taken { order_id: "o-1".into() }).await.unwrap();
    bus.publish(Payment::Refused).await.unwrap();
    bus.publish(Ticked(3)).await.unwrap();
    bus.publish(elsewhere::Stopped).await.unwrap();
    bus.run_until_idle().await;
    bus
}

#[tokio::test(start_paused = true)]
async fn every_form_is_taken() {
    let bus = shop().await;
    // A type, a pattern, a pattern with a guard, a closure.
    assert_published!(bus, OrderPlaced);
    assert_published!(bus, OrderPlaced { total_cents: 4200, .. });
    assert_published!(bus, OrderPlaced { total_cents: 0 | 1, .. }, times = 2);
    assert_published!(bus, OrderPlaced { order_id, .. } if order_id.starts_with("o-"), at_least = 3);
    assert_published!(bus, |order: &OrderPlaced| order.total_cents > 1000, times = 1);
    let wanted = 4200;
    assert_published!(bus, |order: &OrderPlaced| { order.total_cents == wanted });
    // Enums, tuples, units, paths.
    assert_published!(bus, Payment);
    assert_published!(bus, Payment::Taken { order_id } if order_id == "o-1", times = 1);
    assert_published!(bus, Payment::Refused, times = 1);
    assert_published!(bus, Payment::Taken { .. } | Payment::Refused, times = 2);
    assert_published!(bus, Ticked(3));
    assert_published!(bus, Ticked(2..), times = 1);
    assert_published!(bus, elsewhere::Stopped {});
    assert_published!(bus, elsewhere::Stopped);
    // What is asserted is returned.
    let found = assert_published!(bus, OrderPlaced { total_cents: 4200, .. });
    assert_eq!(found[0].order_id, "o-1");
    // By reference, and on the account.
    assert_published!(&bus, OrderPlaced);
    assert_published!(bus.account(), OrderPlaced, times = 3);

    assert_not_published!(bus, OrderPlaced { total_cents: 5, .. });
    assert_not_published!(bus, Ticked(4));
    assert_not_published!(bus, |order: &OrderPlaced| order.order_id.is_empty());

    assert_handled!(bus, OrderPlaced { order_id, .. } if order_id == "o-1", by = "send_receipt", times = 1);
    assert_handled!(bus, OrderPlaced, by = "Ledger", queue = "melange", times = 3);
    assert_handled!(bus, Payment::Taken { .. }, by = "paid");
    assert_not_handled!(bus, OrderPlaced { total_cents: 0 | 1, .. }, by = "send_receipt");
    assert_not_handled!(bus, Ticked);
    assert_retried!(bus, OrderPlaced { total_cents: 1, .. }, by = "send_receipt", reason = "mail", times = 1);
    assert_rejected!(bus, OrderPlaced { total_cents: 0, .. }, reason = "nothing");
    assert_rejected!(bus, Payment::Refused);
    assert_dead_lettered!(bus, OrderPlaced, by = "send_receipt", times = 2);
    assert_dead_lettered!(bus, OrderPlaced { order_id, .. } if order_id == "o-3", reason = "mail server is down");
    assert_not_dead_lettered!(bus, OrderPlaced { total_cents: 4200, .. });
    assert_idle!(bus);
}

/// What the test fails with.
async fn failure(test: impl Future<Output = ()>) -> String {
    let panic = AssertUnwindSafe(test).catch_unwind().await.expect_err("it was to fail");
    *panic.downcast::<String>().unwrap()
}

macro_rules! fails {
    ($($assert:tt)+) => { insta::assert_snapshot!(failure(async { $($assert)+; }).await) };
}

#[tokio::test(start_paused = true)]
async fn a_failure_says_what_was_wanted_and_what_there_was() {
    let bus = shop().await;
    fails!(assert_published!(bus, OrderPlaced { total_cents: 7, .. }));
    fails!(assert_published!(bus, OrderPlaced { order_id, .. } if order_id == "o-1", times = 2));
    fails!(assert_not_published!(bus, |order: &OrderPlaced| order.total_cents > 1000));
    fails!(assert_handled!(bus, OrderPlaced, by = "send_recipt"));
    fails!(assert_not_handled!(bus, OrderPlaced { total_cents: 4200, .. }, by = "send_receipt"));
    fails!(assert_retried!(bus, OrderPlaced { total_cents: 1, .. }, times = 2));
    fails!(assert_rejected!(bus, OrderPlaced, reason = "something else"));
    fails!(assert_dead_lettered!(bus, Ticked(3)));
    fails!(assert_not_dead_lettered!(bus, Payment, queue = "melange"));
}

#[tokio::test(start_paused = true)]
async fn what_is_left_to_do_is_listed() {
    let bus = TestBus::builder().subscribers(subscribers![send_receipt]).start().await;
    let text = failure(async {
        assert_published!(bus, OrderPlaced);
    })
    .await;
    assert!(text.ends_with("published of OrderPlaced: none\nnothing has happened yet"), "{text}");
    bus.inject(Fault::lose_ack());
    bus.publish(order("o-1", 1)).await.unwrap();
    fails!(assert_idle!(bus));
    bus.advance(std::time::Duration::from_millis(500)).await;
    fails!(assert_idle!(bus));
}

/// A failure stands where the macro does, and not in Melange.
#[tokio::test(start_paused = true)]
async fn a_failure_is_at_the_place_of_the_macro() {
    let account = TestAccount::new();
    let place = std::sync::Arc::<std::sync::Mutex<Option<(String, u32)>>>::default();
    let (notes, before) = (std::sync::Arc::clone(&place), std::panic::take_hook());
    let thread = std::thread::current().id();
    std::panic::set_hook(Box::new(move |panic| {
        if std::thread::current().id() == thread {
            *notes.lock().unwrap() = panic.location().map(|at| (at.file().to_owned(), at.line()));
        } else {
            before(panic);
        }
    }));
    let line = line!();
    let wrong = async {
        assert_published!(account, OrderPlaced);
    };
    let _ = failure(wrong).await;
    drop(std::panic::take_hook());
    let (file, at) = place.lock().unwrap().clone().unwrap();
    assert!(file.ends_with("asserts.rs"), "{file}");
    assert_eq!(at, line + 2);
}
