//! Versions of an event: lifted step by step, refused with a reason, newer than known, no longer to be published; and the
//! fingerprint of what a process knows.

use std::sync::Once;
use std::time::Duration;

use melange::testing::TestBus;
use melange::transport::memory::Outgoing;
use melange::{
    AsynchronousEventBus, AttributeValue, DeserializeErrorKind, Event, EventBus, EventSerializer, MemoryTransport,
    MessagePublisher, Registry, SynchronousEventBus, UnknownVersions, subscriber, subscribers,
};
use melange_tests::lines::Lines;
use melange_tests::until;
use serde::{Deserialize, Serialize};

// --- Three versions, the first of which cannot always be lifted. ---

#[derive(Debug, Serialize, Deserialize, Event)]
#[event(topic = "prices", name = "PriceSet")]
struct PriceSetV1 {
    price: String,
}

#[derive(Debug, Serialize, Deserialize, Event)]
#[event(topic = "prices", name = "PriceSet", version = 2, upcast_from = [PriceSetV1])]
struct PriceSetV2 {
    cents: u64,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
#[event(topic = "prices", version = 3, alias = ["PriceChanged"], upcast_from = [PriceSetV2])]
struct PriceSet {
    cents: u64,
    currency: String,
}

#[derive(Debug, PartialEq)]
struct NotCents(std::num::ParseIntError);

impl std::fmt::Display for NotCents {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the price is no whole number of cents: {}", self.0)
    }
}

impl std::error::Error for NotCents {}

impl TryFrom<PriceSetV1> for PriceSetV2 {
    type Error = NotCents;

    fn try_from(old: PriceSetV1) -> Result<Self, NotCents> {
        old.price.parse().map(|cents| Self { cents }).map_err(NotCents)
    }
}

impl From<PriceSetV2> for PriceSet {
    fn from(old: PriceSetV2) -> Self {
        Self { cents: old.cents, currency: "EUR".to_owned() }
    }
}

#[subscriber(listens_to = PriceSet)]
async fn show(_: &PriceSet) {}

fn serializer() -> EventSerializer {
    EventSerializer::of(&Registry::of(subscribers![show])).unwrap()
}

#[test]
fn every_older_version_and_name_is_lifted_to_the_newest() {
    for json in [
        r#"{"event_type_name": "PriceSet", "event_version": 3, "cents": 7, "currency": "EUR"}"#,
        r#"{"event_type_name": "PriceSet", "event_version": 2, "cents": 7}"#,
        r#"{"event_type_name": "PriceSet", "event_version": 1, "price": "7"}"#,
        r#"{"event_type_name": "PriceChanged", "event_version": 1, "price": "7"}"#,
        r#"{"event_type_name": "PriceSet", "price": "7"}"#,
    ] {
        let read = serializer().deserialize(json).unwrap_or_else(|error| panic!("{json}: {error}"));
        assert_eq!(read.downcast::<PriceSet>().unwrap(), PriceSet { cents: 7, currency: "EUR".to_owned() });
    }
}

#[test]
fn what_cannot_be_lifted_is_an_error_that_says_why() {
    let error = serializer()
        .deserialize(r#"{"event_type_name": "PriceSet", "event_version": 1, "price": "seven"}"#)
        .unwrap_err();
    assert_eq!(error.kind(), DeserializeErrorKind::Invalid);
    let text = error.to_string();
    assert!(text.contains("could not be made from PriceSet v1"), "{text}");
    assert!(text.contains("the price is no whole number of cents"), "{text}");
    assert!(!text.contains("seven"), "{text}");
}

const QUEUE: &str = "shop";

async fn started(unknown_versions: UnknownVersions) -> (MemoryTransport, EventBus) {
    let account = MemoryTransport::new();
    let bus = EventBus::builder()
        .transport(account.queue(QUEUE))
        .subscribers(subscribers![show])
        .unknown_versions(unknown_versions)
        .build()
        .unwrap();
    bus.start().await.unwrap();
    (account, bus)
}

fn published(account: &MemoryTransport, json: &str) {
    let message = Outgoing::new(json).attribute("event_type", AttributeValue::String("PriceSet".to_owned()));
    account.account().publish("prices", message).unwrap();
}

async fn settled(account: &MemoryTransport) {
    until("it is settled", || account.depth(QUEUE).total() == 0).await;
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_lifted_is_a_dead_letter_and_keeps_nobody_back() {
    let (account, bus) = started(UnknownVersions::default()).await;
    published(&account, r#"{"event_type_name": "PriceSet", "event_version": 1, "price": "seven"}"#);
    published(&account, r#"{"event_type_name": "PriceSet", "event_version": 1, "price": "8"}"#);
    settled(&account).await;
    let letters = account.dead_letters(QUEUE);
    assert_eq!((letters.len(), bus.metrics().handled), (1, 1));
    assert!(letters[0].reason.contains("the price is no whole number of cents"), "{}", letters[0].reason);
    bus.shutdown(Duration::from_secs(1)).await.unwrap();
}

/// The ways to a message: most are read in one walk, the name being first or beside the body; the others with care.
#[tokio::test(start_paused = true)]
async fn what_cannot_be_lifted_says_why_however_its_message_is_laid_out() {
    let named = ["event_type", "manifest"].map(|attribute| (attribute, "PriceSet"));
    for (json, attributes) in [
        (r#"{"event_type_name": "PriceSet", "event_version": 1, "price": "seven"}"#, &[] as &[_]),
        (r#"{"event_type_name": "PriceSet", "event_version": 1, "price": "seven"}"#, &named),
        (r#"{"event_type_name": "PriceSet", "event_id": "1", "topic": "prices", "price": "seven"}"#, &named),
        (r#"{"event_type_name": "PriceSet", "price": "seven"}"#, &[]),
        (r#"{"event_type_name": "PriceSet", "price": "seven", "event_version": 1}"#, &named[..1]),
        (r#"{"price": "seven", "event_version": 1, "event_type_name": "PriceSet"}"#, &named),
        (r#"{"price": "seven", "event_version": 1, "event_type_name": "PriceSet"}"#, &[]),
        (r#"{"price": "seven", "event_version": 1}"#, &named[..1]),
        (r#"{"price": "seven"}"#, &named[1..]),
        (r#"{"event_type_name": "\u0050riceSet", "event_version": 1, "price": "seven"}"#, &[]),
        (r#"{"specversion": "1.0", "type": "PriceSet", "id": "1", "source": "/", "data": {"price": "seven"}}"#, &[]),
    ] {
        let (account, bus) = started(UnknownVersions::default()).await;
        let mut message = Outgoing::new(json);
        for (name, value) in attributes {
            message = message.attribute(*name, AttributeValue::String((*value).to_owned()));
        }
        account.account().publish("prices", message).unwrap();
        settled(&account).await;
        let letters = account.dead_letters(QUEUE);
        assert_eq!((letters.len(), bus.metrics().handled), (1, 0), "{json} {attributes:?}");
        for words in ["could not be made from PriceSet v1", "the price is no whole number of cents"] {
            assert!(letters[0].reason.contains(words), "{json} {attributes:?}: {}", letters[0].reason);
        }
        bus.shutdown(Duration::from_secs(1)).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_version_newer_than_known_is_tried_again_kept_or_deleted_as_one_likes() {
    for policy in [UnknownVersions::Retry, UnknownVersions::DeadLetter, UnknownVersions::Acknowledge] {
        let (account, bus) = started(policy).await;
        published(&account, r#"{"event_type_name": "PriceSet", "event_version": 4, "everything": "else"}"#);
        published(&account, r#"{"event_type_name": "PriceSet", "event_version": 2, "cents": 1}"#);
        settled(&account).await;
        let (metrics, letters) = (bus.metrics(), account.dead_letters(QUEUE));
        assert_eq!(metrics.handled, 1, "{policy:?}");
        match policy {
            UnknownVersions::Retry => assert!(metrics.unknown_versions > 1 && metrics.retried > 0, "{metrics:?}"),
            _ => assert_eq!((metrics.unknown_versions, metrics.retried), (1, 0), "{policy:?}"),
        }
        let is_kept = policy != UnknownVersions::Acknowledge;
        assert_eq!(letters.len(), usize::from(is_kept), "{policy:?}");
        if is_kept {
            assert!(letters[0].reason.contains("version 4 of PriceSet"), "{}", letters[0].reason);
        }
        bus.shutdown(Duration::from_secs(1)).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_test_bus_does_as_it_is_told_with_a_newer_version() {
    for (policy, lost) in [(UnknownVersions::DeadLetter, 1), (UnknownVersions::Acknowledge, 0)] {
        let bus = TestBus::builder().subscribers(subscribers![show]).unknown_versions(policy).start().await;
        let json = r#"{"event_type_name": "PriceSet", "event_version": 4, "everything": "else"}"#;
        bus.account().memory().account().publish("prices", Outgoing::new(json)).unwrap();
        bus.run_until_idle().await;
        assert_eq!(bus.letters().len(), lost, "{policy:?}");
    }
}

// --- Fingerprints. ---

#[subscriber(listens_to = PriceSet, queue = "other")]
async fn also(_: &PriceSet) {}

#[tokio::test]
async fn a_fingerprint_is_the_same_for_the_same_and_stands_in_health() {
    let of = |functions| Registry::of(functions).fingerprint();
    assert_eq!(of(subscribers![show, also]), of(subscribers![also, show]));
    assert_ne!(of(subscribers![show]), of(subscribers![show, also]));
    assert_ne!(
        Registry::default().with::<PriceSet>().fingerprint(),
        Registry::default().with::<PriceSetV2>().fingerprint()
    );
    // The same on every machine: what a process logs today can be looked for tomorrow.
    assert_eq!(Registry::default().with::<PriceSet>().fingerprint().to_string(), "726da6565705f06a");

    let bus = EventBus::builder().linked().build().unwrap();
    let linked = Registry::linked().unwrap().fingerprint();
    assert_eq!(bus.health().fingerprint, linked);
    assert!(bus.health().to_string().contains(&linked.to_string()), "{}", bus.health());
    let part = EventBus::builder().subscribers(subscribers![show]).build().unwrap();
    assert_ne!(part.health().fingerprint, linked);
}

// --- What is deprecated. ---

macro_rules! deprecated {
    ($($event:ident $attrs:tt)*) => {$(
        #[derive(Debug, Clone, Serialize, Deserialize, Event)]
        #[event $attrs]
        struct $event {}
    )*};
}

deprecated! {
    OldOne (topic = "old", deprecated)
    OldTwo (topic = "old", deprecated = "use NewTwo, which has the address")
    OldAll (topic = "old", deprecated)
    OldSent (topic = "old", deprecated)
    OldSync (local, deprecated)
    OldHeard (local, deprecated)
    OldAdded (local, deprecated)
    OldAsync (local, deprecated)
    OldTried (local, deprecated)
    Current (topic = "old")
}

fn log() -> &'static Lines {
    static LOG: std::sync::LazyLock<Lines> = std::sync::LazyLock::new(Lines::default);
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        tracing_subscriber::fmt().with_ansi(false).with_writer(|| LOG.clone()).init();
    });
    &LOG
}

fn warnings(event: &str) -> Vec<String> {
    let text = log().text();
    let of_event =
        |line: &&str| line.contains("deprecated event is published") && line.contains(&format!("\"{event}\""));
    text.lines().filter(of_event).map(str::to_owned).collect()
}

#[tokio::test]
async fn a_deprecated_event_is_warned_of_once_wherever_it_is_published() {
    log();
    let account = MemoryTransport::new();
    let publisher = MessagePublisher::new(account.clone());
    for _ in 0..3 {
        publisher.publish(OldOne {}).await.unwrap();
        publisher.publish(OldTwo {}).await.unwrap();
        publisher.publish(Current {}).await.unwrap();
        for result in publisher.publish_all([OldAll {}, OldAll {}]).await {
            result.unwrap();
        }
        let _ = publisher.send_to("nowhere", OldSent {}).await;
    }
    let here = SynchronousEventBus::builder().subscribe(|_: &OldHeard| ()).build().unwrap();
    let _added = here.subscribe(|_: &OldAdded| ());
    let later = AsynchronousEventBus::builder().build().unwrap();
    for _ in 0..3 {
        here.publish(&OldSync {}).unwrap();
        here.publish(&OldHeard {}).unwrap();
        here.publish(&OldAdded {}).unwrap();
        later.publish(OldAsync {}).await.unwrap();
        later.try_publish(OldTried {}).unwrap();
    }
    for event in ["OldOne", "OldTwo", "OldAll", "OldSent", "OldSync", "OldHeard", "OldAdded", "OldAsync", "OldTried"] {
        assert_eq!(warnings(event).len(), 1, "{event}");
    }
    assert!(warnings("Current").is_empty());
    let [said] = <[String; 1]>::try_from(warnings("OldTwo")).unwrap();
    assert!(
        said.contains("WARN") && said.contains("use NewTwo, which has the address") && said.contains("versions.rs:"),
        "{said}"
    );
    assert!(OldOne::DESCRIPTOR.is_deprecated() && OldOne::DESCRIPTOR.deprecation_note().is_none());
    assert!(Registry::linked().unwrap().to_string().contains("deprecated"));
}
