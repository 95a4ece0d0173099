//! What the assert macros take, and what they say when it is not so.

use melange::testing::{Fault, TestAccount, TestBus};
use melange::{
    Event, Outcome, assert_dead_lettered, assert_handled, assert_idle, assert_not_dead_lettered, assert_not_handled,
    assert_not_published, assert_not_rejected, assert_not_retried, assert_published, assert_rejected, assert_retried,
    subscriber, subscribers,
};
use serde::{Deserialize, Serialize};

use crate::failure;

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

    #[derive(Serialize, Deserialize, Event)]
    #[event(topic = "clock")]
    pub(super) struct Started {
        pub(super) at: u32,
    }

    #[derive(Serialize, Deserialize, Event)]
    #[event(topic = "clock")]
    pub(super) enum Alarm {
        Rang(u32),
        Set { at: u32 },
    }
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
    bus.publish(elsewhere::Started { at: 7 }).await.unwrap();
    bus.publish(elsewhere::Alarm::Set { at: 7 }).await.unwrap();
    bus.publish(elsewhere::Alarm::Rang(7)).await.unwrap();
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

macro_rules! fails {
    ($($assert:tt)+) => { insta::assert_snapshot!(failure(async { $($assert)+; }).await) };
}

/// Asserts as a project's own macros make them.
macro_rules! once {
    (type $bus:expr, $type:ty) => {
        assert_published!($bus, $type, times = 1)
    };
    (path $bus:expr, $path:path) => {
        assert_published!($bus, $path, times = 1)
    };
    (pattern $bus:expr, $pattern:pat) => {
        assert_published!($bus, $pattern, times = 1)
    };
    (all $bus:expr, $($wanted:tt)+) => {
        assert_published!($bus, $($wanted)+, times = 1)
    };
    (of_the_crate $bus:expr) => {
        assert_published!($bus, $crate::asserts::elsewhere::Started, times = 1)
    };
}

#[tokio::test(start_paused = true)]
async fn a_path_is_a_type_or_a_variant() {
    use elsewhere::Alarm;

    let bus = shop().await;
    // Types, of every shape.
    assert_published!(bus, elsewhere::Stopped, times = 1);
    assert_published!(bus, self::elsewhere::Started, times = 1);
    assert_published!(bus, crate::asserts::elsewhere::Alarm, times = 2);
    assert_published!(bus, elsewhere::Started,);
    assert_not_handled!(bus, elsewhere::Started);
    assert_not_dead_lettered!(bus, elsewhere::Alarm, queue = "melange");
    // Variants, of every shape.
    assert_published!(bus, Alarm::Rang, times = 1);
    assert_published!(bus, elsewhere::Alarm::Set, times = 1);
    assert_published!(bus, self::Payment::Taken, times = 1);
    assert_handled!(bus, Payment::Taken, by = "paid", times = 1);
    assert_rejected!(bus, Payment::Refused, reason = "refused");
    assert_not_handled!(bus, Payment::Refused);
    // As before, with what they must hold.
    assert_published!(bus, elsewhere::Started { at: 7 }, times = 1);
    assert_published!(bus, elsewhere::Alarm::Rang(at) if *at > 6, times = 1);
    assert_not_published!(bus, elsewhere::Alarm::Set { at: 8 });
    // Through other macros.
    once!(type bus, Ticked);
    once!(type bus, elsewhere::Started);
    once!(path bus, elsewhere::Started);
    once!(path bus, Alarm::Rang);
    once!(pattern bus, Ticked(3));
    once!(pattern bus, Alarm::Rang(_));
    once!(pattern bus, Payment::Refused);
    once!(all bus, elsewhere::Started);
    once!(all bus, Payment::Taken { order_id } if order_id == "o-1");
    once!(of_the_crate bus);
    // A name of the user's is no name of the macro's.
    #[allow(non_camel_case_types, dead_code, reason = "what the macro could call its own variable")]
    struct event;
    assert_published!(bus, Ticked(3), times = 1);

    fails!(assert_published!(bus, elsewhere::Started, times = 2));
    fails!(assert_published!(bus, elsewhere::Alarm::Rang, times = 2));
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
async fn that_nobody_failed_is_asserted_too() {
    let bus = shop().await;
    assert_not_retried!(bus, OrderPlaced { total_cents: 4200, .. });
    assert_not_retried!(bus, OrderPlaced, by = "Ledger::placed");
    assert_not_rejected!(bus, OrderPlaced { total_cents: 4200, .. }, by = "send_receipt");
    fails!(assert_not_retried!(bus, OrderPlaced { total_cents: 1, .. }));
    fails!(assert_not_rejected!(bus, OrderPlaced, reason = "an order of nothing"));
}

/// Else a `never` would be so whatever happened.
#[tokio::test(start_paused = true)]
async fn what_cannot_be_known_is_not_asserted() {
    let bus = shop().await;
    fails!(assert_not_published!(bus, OrderPlaced, by = "send_receipt"));
    fails!(assert_published!(bus, OrderPlaced, reason = "why"));
    fails!(assert_not_handled!(bus, OrderPlaced, by = "send_receipt", reason = "an order of nothing"));
    // What would be so whatever happened, or says something else than is meant.
    fails!(assert_not_handled!(bus, OrderPlaced { total_cents: 4200, .. }, times = 2));
    fails!(assert_not_published!(bus, OrderPlaced, at_least = 4));
    fails!(assert_published!(bus, OrderPlaced, at_least = 0));
    fails!(assert_published!(bus, OrderPlaced, times = 3, at_least = 1));
    assert_published!(bus, OrderPlaced { total_cents: 7, .. }, times = 0);
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
    let (file, at) = place.lock().unwrap().clone().unwrap();
    assert!(file.ends_with("asserts.rs"), "{file}");
    assert_eq!(at, line + 2);
    let wrong = async {
        assert_published!(account, elsewhere::Stopped);
    };
    let _ = failure(wrong).await;
    drop(std::panic::take_hook());
    let (file, at) = place.lock().unwrap().clone().unwrap();
    assert!(file.ends_with("asserts.rs"), "{file}");
    assert_eq!(at, line + 9);
}
