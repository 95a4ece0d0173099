//! Two versions of one service share a queue while it is rolled over, under load: nothing is lost, and nothing is given
//! up that the other one can read.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use melange::{EventBus, MessagePublisher, State};
use melange_aws::{Aws, Provision};
use melange_aws_stub::Stub;
use tokio::time::{Instant, sleep};

/// Who handled which number.
#[derive(Clone, Default)]
struct Handled(Arc<Mutex<BTreeMap<u64, Vec<&'static str>>>>);

impl Handled {
    fn note(&self, number: u64, by: &'static str) {
        self.0.lock().unwrap().entry(number).or_default().push(by);
    }

    fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

/// The service as it was.
mod old {
    use super::*;

    #[derive(Clone, serde::Serialize, serde::Deserialize, melange::Event)]
    #[event(topic = "orders")]
    pub(crate) struct OrderPlaced {
        pub(crate) number: u64,
    }

    #[melange::subscriber(listens_to = OrderPlaced)]
    pub(crate) async fn book(order: &OrderPlaced, State(handled): State<Handled>) {
        sleep(Duration::from_millis(2)).await;
        handled.note(order.number, "old");
    }
}

/// The service as it will be: its event has one more field, and it listens to another event too.
mod new {
    use super::*;

    #[derive(Clone, serde::Serialize, serde::Deserialize, melange::Event)]
    #[event(topic = "orders", version = 2, upcast_from = [old::OrderPlaced])]
    pub(crate) struct OrderPlaced {
        pub(crate) number: u64,
        pub(crate) currency: String,
    }

    impl From<old::OrderPlaced> for OrderPlaced {
        fn from(order: old::OrderPlaced) -> Self {
            Self { number: order.number, currency: "EUR".to_owned() }
        }
    }

    #[derive(Clone, serde::Serialize, serde::Deserialize, melange::Event)]
    #[event(topic = "orders")]
    pub(crate) struct OrderPaid {
        pub(crate) number: u64,
    }

    #[melange::subscriber(listens_to = OrderPlaced)]
    pub(crate) async fn book(order: &OrderPlaced, State(handled): State<Handled>) {
        sleep(Duration::from_millis(2)).await;
        assert!(!order.currency.is_empty());
        handled.note(order.number, "new");
    }

    #[melange::subscriber(listens_to = OrderPaid)]
    pub(crate) async fn settle(order: &OrderPaid, State(handled): State<Handled>) {
        handled.note(order.number, "new");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_is_rolled_over_under_load_and_loses_nothing() {
    const EACH: u64 = 300;
    let stub = Stub::start().await;
    let aws = Aws::from_config(&stub.sdk_config());
    let handled = Handled::default();
    let bus = |functions| {
        EventBus::builder()
            .subscribers(functions)
            .state(handled.clone())
            .transport(aws.queue("books").provision(Provision::Create))
            .wait(Duration::from_secs(1))
            .build()
            .unwrap()
    };
    let before = bus(melange::subscribers![old::book]);
    before.start().await.unwrap();

    let publisher = MessagePublisher::new(aws.clone());
    let load = async {
        for number in 0..EACH {
            publisher.publish(old::OrderPlaced { number }).await.unwrap();
            sleep(Duration::from_millis(5)).await;
        }
    };
    let rolling = async {
        sleep(Duration::from_millis(300)).await;
        // The new one is there beside the old one; from now on there are events that only it can read.
        let after = bus(melange::subscribers![new::book, new::settle]);
        after.start().await.unwrap();
        for number in EACH..2 * EACH {
            let placed = new::OrderPlaced { number, currency: "CHF".to_owned() };
            publisher.publish(placed).await.unwrap();
            publisher.publish(new::OrderPaid { number: number + EACH }).await.unwrap();
        }
        before.shutdown(Duration::from_secs(10)).await.unwrap();
        after
    };
    let ((), after) = tokio::join!(load, rolling);

    let begun = Instant::now();
    let all = 3 * EACH as usize;
    while handled.count() < all && begun.elapsed() < Duration::from_secs(300) {
        sleep(Duration::from_millis(50)).await;
    }
    let left = stub.messages_in("books-dlq").len();
    let report = after.shutdown(Duration::from_secs(10)).await.unwrap();
    let by = handled.0.lock().unwrap();
    let lost: Vec<u64> = (0..3 * EACH).filter(|number| !by.contains_key(number)).collect();
    let duplicated = by.values().filter(|who| who.len() > 1).count();
    let unexpected = by.keys().filter(|number| **number >= 3 * EACH).count();
    let (old, new) = (before.metrics(), after.metrics());
    println!(
        "published {all}, handled {}, by the old one {}, left to the newer by it {}, by the new one {}, duplicated \
         {duplicated}, dead letters {left}, lost {}, unexpected {unexpected}",
        by.len(),
        old.handled,
        old.retried,
        new.handled,
        lost.len()
    );
    assert!(lost.is_empty() && unexpected == 0 && left == 0 && report.lost == 0, "{lost:?}");
    assert!(old.handled > 0 && new.handled > 0, "both were at work");
    assert!(by.values().flatten().filter(|who| **who == "old").count() as u64 <= EACH, "the old one read only its own");
}
