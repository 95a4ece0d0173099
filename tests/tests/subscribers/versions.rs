//! Versions, and what arrives late.

use std::sync::Arc;

use melange::{
    Event, EventBus, Fate, Latest, MemoryTransport, MessageConsumer, Metadata, RetryPolicy, State, Timestamp,
    subscriber,
};
use melange_tests::until;
use serde::{Deserialize, Serialize};

use crate::{Log, MINUTE, SECOND, publish};

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
