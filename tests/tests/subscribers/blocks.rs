//! A value whose handlers stand in several impl blocks: it is one value all the same.

use std::sync::Arc;

use melange::{Event, EventBus, Metadata, ProblemKind, SynchronousEventBus, subscriber};
use melange_tests::until;
use serde::{Deserialize, Serialize};

use crate::{Log, MINUTE, OrderPaid, OrderPlaced};

#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(topic = "orders")]
struct OrderShipped {
    number: u32,
}

struct Ledger(Log);

#[subscriber]
impl Ledger {
    #[listens_to]
    fn placed(&self, order: &OrderPlaced) {
        self.0.note(format!("placed {}", order.number));
    }
}

mod paying {
    use super::*;

    #[subscriber(part = 2, queue = "payments", retry(attempts = 2, backoff = "1s..1s"))]
    impl Ledger {
        #[listens_to]
        fn paid(&self, order: &OrderPaid, meta: &Metadata) -> Result<(), String> {
            self.0.note(format!("paid {}, attempt {}", order.number, meta.attempt));
            if meta.attempt == 1 { Err("the bank is closed".to_owned()) } else { Ok(()) }
        }
    }
}

// A number may be left out.
#[subscriber(listens_to = OrderShipped, part = 4)]
impl Ledger {
    fn process(&self, order: &OrderShipped) {
        self.0.note(format!("shipped {}", order.number));
    }
}

fn is_ledger(subscriber: &melange::SubscriberDescriptor) -> bool {
    subscriber.instance_type() == Some("Ledger")
}

#[tokio::test(start_paused = true)]
async fn a_value_brings_the_handlers_of_all_its_blocks() {
    for linked in [false, true] {
        let log = Log::new();
        let builder = EventBus::builder().subscriber(Ledger(log.clone()));
        let builder = if linked { builder.linked_where(is_ledger) } else { builder };
        let bus = builder.build().unwrap();
        let mut names: Vec<_> = bus.subscribers().map(|(queue, subscriber)| (subscriber.name(), queue)).collect();
        names.sort_unstable();
        assert_eq!(names, [("Ledger", "melange"), ("Ledger::paid", "payments"), ("Ledger::placed", "melange")]);
        bus.start().await.unwrap();
        bus.publish(OrderPlaced { number: 1 }).await.unwrap();
        bus.publish(OrderPaid { number: 2 }).await.unwrap();
        bus.publish(OrderShipped { number: 3 }).await.unwrap();
        until("all are handled", || bus.metrics().handled == 3).await;
        bus.shutdown(MINUTE).await.unwrap();
        let mut words = log.words();
        words.sort_unstable();
        assert_eq!(words, ["paid 2, attempt 1", "paid 2, attempt 2", "placed 1", "shipped 3"]);
    }
}

#[test]
fn a_shared_value_does_in_process_too() {
    let log = Log::new();
    let bus = SynchronousEventBus::builder().subscriber(Arc::new(Ledger(log.clone()))).build().unwrap();
    bus.publish(&OrderPlaced { number: 1 }).unwrap();
    bus.publish(&OrderShipped { number: 3 }).unwrap();
    assert_eq!(log.words(), ["placed 1", "shipped 3"]);
}

#[test]
fn a_value_that_is_missing_or_given_twice_is_one_problem() {
    let problems = EventBus::builder().linked_where(is_ledger).build().unwrap_err();
    let kinds: Vec<_> = problems.iter().map(|problem| problem.kind()).collect();
    assert_eq!(kinds, [ProblemKind::MissingInstance], "{problems}");
    let builder = EventBus::builder().subscriber(Ledger(Log::new()));
    let problems = builder.subscriber(Ledger(Log::new())).build().unwrap_err();
    let kinds: Vec<_> = problems.iter().map(|problem| problem.kind()).collect();
    assert_eq!(kinds, [ProblemKind::GivenTwice], "{problems}");
}
