//! Where a test is said to have failed: at its own line, and not somewhere in Melange. One test, since the hook is of the
//! whole process.

use std::future::Future;
use std::panic::{AssertUnwindSafe, Location, set_hook, take_hook};
use std::sync::{Arc, Mutex};

use futures_util::FutureExt as _;
use melange::testing::{Crash, Fault, TestBus};
use melange::{Event, assert_handled, assert_idle, subscriber, subscribers};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(topic = "orders")]
struct OrderPlaced;

/// What it writes cannot be read.
#[derive(Serialize, Deserialize, Event)]
#[event(topic = "orders")]
struct Torn {
    #[serde(serialize_with = "as_text")]
    cents: u64,
}

fn as_text<S: serde::Serializer>(cents: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&cents.to_string())
}

#[subscriber(listens_to = OrderPlaced)]
async fn send_receipt(_: &OrderPlaced) {}

type Place = Arc<Mutex<String>>;

/// What is told of a failure: its text, and where it is said to be.
async fn told(place: &Place, test: impl Future<Output = ()>) -> String {
    let panic = AssertUnwindSafe(test).catch_unwind().await.expect_err("it was to fail");
    format!("{}: {}", place.lock().unwrap(), panic.downcast::<String>().unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_at_the_line_of_the_test() {
    let place = Place::default();
    let heard = Arc::clone(&place);
    let before = take_hook();
    set_hook(Box::new(move |panic| {
        *heard.lock().unwrap() = panic.location().map(Location::to_string).unwrap_or_default()
    }));

    let bus = TestBus::builder().subscribers(subscribers![send_receipt]).start().await;
    bus.publish(Torn { cents: 7 }).await.unwrap();
    macro_rules! fails {
        ($($what:expr),+ $(,)?) => {
            [$(told(&place, async { $what; }).await),+]
        };
    }
    let all = fails![
        assert_handled!(bus, OrderPlaced),
        bus.inject(Fault::crash(Crash::AfterHandler).in_subscriber("send_receit")),
        bus.inject(Fault::lose_ack().on_queue("meltdown")),
        drop(bus.published::<Torn>()),
        drop(bus.handled_by::<OrderPlaced>("send_receit")),
        drop(bus.run_until_crash().await),
        {
            bus.publish(OrderPlaced).await.unwrap();
            assert_idle!(bus)
        },
    ];
    set_hook(before);
    for text in all {
        assert!(text.contains("testing_places.rs:"), "{text}");
    }
}
