//! What `#[subscriber]` makes, seen through the public API: every form of a subscriber does at run time what it says, also
//! in a crate that has Melange under another name.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use fixture_renamed::{Depot, Door, ParcelCame, ParcelLeft, Seen};
use melange::{
    CancellationToken, Context, Event, EventBus, MemoryTransport, Metadata, Outcome, Registry, RetryPolicy, State,
    SubscriberDescriptor, SubscriberOptions, SynchronousEventBus, subscriber, subscribers,
};
use serde::{Deserialize, Serialize};

/// A state: what was seen.
#[derive(Debug, Clone, Default)]
struct Notes(Arc<Mutex<Vec<String>>>);

impl Notes {
    fn note(&self, what: impl Into<String>) {
        self.0.lock().unwrap().push(what.into());
    }

    fn sorted(&self) -> Vec<String> {
        let mut notes = self.0.lock().unwrap().clone();
        notes.sort_unstable();
        notes
    }
}

#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(topic = "shelves")]
struct Stocked {
    item: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(topic = "shelves")]
struct Emptied {
    item: String,
}

fn stocked(item: &str) -> Stocked {
    Stocked { item: item.to_owned() }
}

fn emptied(item: &str) -> Emptied {
    Emptied { item: item.to_owned() }
}

// --- Functions. ---

#[subscriber(
    listens_to = Stocked,
    name = "shelf watch",
    queue = "watch",
    retry(attempts = 3, backoff = "100ms..1m"),
    timeout = "1m30s",
    concurrency = 8,
)]
#[allow(clippy::too_many_arguments)]
async fn watch(
    stocked: &Stocked,
    shared: Arc<Stocked>,
    meta: &Metadata,
    owned: Metadata,
    cx: &Context<Stocked>,
    State(notes): State<Notes>,
    stop: CancellationToken,
    none: Option<State<u128>>,
    some: Option<State<Notes>>,
) -> Result<(), std::io::Error> {
    assert!(std::ptr::eq(stocked, Arc::as_ptr(&shared)) && std::ptr::eq(stocked, cx.event()));
    assert!(meta.event_id == owned.event_id && meta.event_id == cx.metadata().event_id);
    assert!(!stop.is_cancelled() && none.is_none() && some.is_some());
    notes.note(format!("watch {}", stocked.item));
    Ok(())
}

#[subscriber(listens_to = Stocked, retry(attempts = 2))]
fn inline(Stocked { item }: &Stocked, State(notes): State<Notes>, cx: Option<&Context<Stocked>>) -> Outcome {
    notes.note(format!("inline {item} {}", if cx.is_some() { "shared" } else { "borrowed" }));
    Outcome::Done
}

#[subscriber(listens_to = Stocked, blocking, retry(backoff = "2s"))]
fn blocking(_: &Stocked, State(notes): State<Notes>) {
    notes.note(format!("blocking in a runtime: {}", std::thread::current().name() == Some("main")));
}

#[subscriber(listens_to = [Stocked, Emptied])]
async fn r#match(
    stocked: Option<&Stocked>,
    emptied: Option<Arc<Emptied>>,
    cx: Option<&Context<Emptied>>,
    meta: Option<&Metadata>,
    State(notes): State<Notes>,
) {
    assert_eq!(cx.is_some(), emptied.is_some());
    let name = meta.map(|meta| meta.event_type_name.as_ref());
    notes.note(format!("match {:?} {} {}", name, stocked.is_some(), emptied.is_some()));
}

#[subscriber(listens_to = Emptied, retry(attempts = 1))]
async fn failing(_: &Emptied) -> Result<Outcome, String> {
    Err("no more".to_owned())
}

fn linked(name: &str, event: &str) -> &'static SubscriberDescriptor {
    let registry = Registry::linked().unwrap();
    let found: Vec<_> = registry.subscribers().filter(|s| s.name() == name && s.event().name() == event).collect();
    assert_eq!(found.len(), 1, "{name} {event}: {found:?}");
    found[0]
}

#[test]
fn the_options_of_a_function_reach_its_descriptor() {
    let watch = linked("shelf watch", "Stocked");
    let options = SubscriberOptions::new()
        .with_queue("watch")
        .with_retry(RetryPolicy::new(3, Duration::from_millis(100), Duration::from_secs(60)))
        .with_timeout(Duration::from_secs(90))
        .with_concurrency(8);
    assert_eq!((watch.queue(), *watch.options()), (Some("watch"), options));
    assert!(watch.is_async() && !watch.is_blocking() && watch.instance_type().is_none());
    assert!(watch.location().file().ends_with("macros_subscribers.rs"));

    let default = RetryPolicy::DEFAULT;
    let inline = linked("inline", "Stocked");
    assert_eq!(inline.options().retry, RetryPolicy::new(2, default.min, default.max));
    assert!(!inline.is_async() && !inline.is_blocking());
    let blocking = linked("blocking", "Stocked");
    let two_seconds = Duration::from_secs(2);
    assert_eq!(blocking.options().retry, RetryPolicy::new(default.attempts, two_seconds, two_seconds));
    assert!(blocking.is_blocking());
    for event in ["Stocked", "Emptied"] {
        assert_eq!(*linked("match", event).options(), SubscriberOptions::new());
    }
}

#[tokio::test(start_paused = true)]
async fn functions_are_given_what_they_ask_for() {
    let notes = Notes::default();
    let account = MemoryTransport::new().queue("functions");
    let bus = EventBus::builder()
        .subscribers(subscribers![watch, inline, blocking, r#match, failing])
        .state(notes.clone())
        .transport(account.clone())
        .build()
        .unwrap();
    bus.start().await.unwrap();
    bus.publish(stocked("tea")).await.unwrap();
    bus.publish(emptied("tea")).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    bus.shutdown(Duration::from_secs(5)).await.unwrap();
    assert_eq!(
        notes.sorted(),
        [
            "blocking in a runtime: false",
            "inline tea shared",
            "match Some(\"Emptied\") false true",
            "match Some(\"Stocked\") true false",
            "watch tea",
        ]
    );
    let dead = account.dead_letters("functions");
    assert_eq!(dead.len(), 1, "{dead:?}");
    assert_eq!((dead[0].subscriber.as_deref(), dead[0].reason.as_str()), (Some("failing"), "no more"));
}

macro_rules! on_one_line {
    ($($name:ident),*) => {$(
        #[subscriber(listens_to = Emptied)]
        fn $name(State(notes): State<Notes>) {
            notes.note(stringify!($name));
        }
    )*};
}

on_one_line!(first, second);

#[test]
fn functions_on_one_line_are_told_apart() {
    let notes = Notes::default();
    let bus = SynchronousEventBus::builder()
        .linked_where(|subscriber| ["first", "second"].contains(&subscriber.name()))
        .subscribers(subscribers![first])
        .state(notes.clone())
        .build()
        .unwrap();
    bus.publish(&emptied("tea")).unwrap();
    assert_eq!(notes.sorted(), ["first", "second"]);
}

#[test]
fn a_function_stays_a_function() {
    let notes = Notes::default();
    assert!(inline(&stocked("tea"), State(notes.clone()), None).is_done());
    let bus = SynchronousEventBus::builder().subscribers(subscribers![inline]).state(notes.clone()).build().unwrap();
    bus.publish(&stocked("milk")).unwrap();
    assert_eq!(notes.sorted(), ["inline milk borrowed", "inline tea borrowed"]);
}

// --- Values. ---

#[derive(Debug)]
struct Ledger(Notes);

#[subscriber(queue = "books", retry(attempts = 4, backoff = "1s..2s"), timeout = "5s", concurrency = 3, name = "books")]
impl Ledger {
    #[listens_to]
    async fn stocked(&self, stocked: &Stocked) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        self.write("stocked", &stocked.item);
        Ok(())
    }

    #[listens_to(name = "gone", queue = "gone", retry(attempts = 7), timeout = "1s", concurrency = 1, blocking)]
    fn emptied(&self, emptied: Arc<Emptied>, meta: &Metadata) {
        self.write(&meta.event_type_name, &emptied.item);
    }

    fn write(&self, what: &str, item: &str) {
        self.0.note(format!("ledger {what} {item}"));
    }
}

#[derive(Debug)]
struct Audit(Notes);

#[subscriber]
impl Audit {
    #[listens_to(Stocked, Emptied, queue = "audit")]
    async fn both(&self, meta: &Metadata) {
        self.0.note(format!("audit {}", meta.event_type_name));
    }
}

#[derive(Debug)]
struct Counter(Notes);

#[subscriber(listens_to = [Stocked, Emptied], blocking, queue = "count")]
impl Counter {
    fn process(&self, stocked: Option<&Stocked>) {
        self.0.note(format!("counter {}", stocked.is_some()));
    }
}

#[test]
fn the_options_of_an_impl_reach_its_handlers_and_a_handler_has_its_own() {
    let books = linked("books::stocked", "Stocked");
    let (one, two) = (Duration::from_secs(1), Duration::from_secs(2));
    let options = SubscriberOptions::new()
        .with_queue("books")
        .with_retry(RetryPolicy::new(4, one, two))
        .with_timeout(Duration::from_secs(5))
        .with_concurrency(3);
    assert_eq!((*books.options(), books.instance_type()), (options, Some("Ledger")));
    assert!(books.is_async());

    let gone = linked("gone", "Emptied");
    let options = SubscriberOptions::new()
        .with_queue("gone")
        .with_retry(RetryPolicy::new(7, one, two))
        .with_timeout(one)
        .with_concurrency(1);
    assert_eq!((*gone.options(), gone.instance_type(), gone.is_blocking()), (options, Some("Ledger"), true));
    assert!(gone.location().line() > books.location().line());

    for event in ["Stocked", "Emptied"] {
        assert_eq!(linked("Audit::both", event).queue(), Some("audit"));
        let counter = linked("Counter", event);
        assert_eq!((counter.queue(), counter.is_blocking()), (Some("count"), true));
    }
}

#[tokio::test(start_paused = true)]
async fn handlers_run_on_the_value_that_was_given() {
    let notes = Notes::default();
    let bus = EventBus::builder()
        .subscriber(Ledger(notes.clone()))
        .subscriber(Arc::new(Audit(notes.clone())))
        .subscriber(Counter(notes.clone()))
        .build()
        .unwrap();
    bus.start().await.unwrap();
    bus.publish(stocked("tea")).await.unwrap();
    bus.publish(emptied("tea")).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    bus.shutdown(Duration::from_secs(5)).await.unwrap();
    assert_eq!(
        notes.sorted(),
        ["audit Emptied", "audit Stocked", "counter false", "counter true", "ledger Emptied tea", "ledger stocked tea",]
    );
}

// --- The core under another name. ---

/// Through a re-export of another crate.
#[derive(Debug, Clone, Serialize, Deserialize, fixture_renamed::bus::Event)]
#[event(topic = "parcels", crate = fixture_renamed::bus)]
struct ParcelLost {
    #[event(key)]
    id: u64,
}

#[fixture_renamed::bus::subscriber(listens_to = [ParcelLost, ParcelLeft], crate = fixture_renamed::bus)]
fn lost(lost: Option<&ParcelLost>, State(notes): State<Notes>) {
    notes.note(format!("lost {}", lost.is_some_and(|lost| lost.id == 3)));
}

#[tokio::test(start_paused = true)]
async fn the_core_may_have_another_name() {
    let (notes, seen) = (Notes::default(), Seen::default());
    let of_parcels = |s: &SubscriberDescriptor| s.event().topic() == Some("parcels");
    let bus = EventBus::builder()
        .linked_where(of_parcels)
        .crates(melange::crates![fixture_renamed])
        .subscriber(Depot(seen.clone()))
        .subscriber(Door(seen.clone()))
        .state(seen.clone())
        .state(notes.clone())
        .build()
        .unwrap();
    bus.start().await.unwrap();
    bus.publish(ParcelLeft { id: 1, r#type: "bike".to_owned() }).await.unwrap();
    bus.publish(fixture_renamed::ParcelLeftV1(2)).await.unwrap();
    bus.publish(ParcelCame::Box { number: 7 }).await.unwrap();
    bus.publish(ParcelLost { id: 3 }).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    bus.shutdown(Duration::from_secs(5)).await.unwrap();
    assert_eq!(
        seen.sorted(),
        [
            "blocking 1",
            "blocking 2",
            "depot 1",
            "depot 2",
            "depot came true",
            "door true",
            "either false true",
            "either true false",
            "either true false",
            "left 1 bike 2",
            "left 2 unknown 1",
        ]
    );
    assert_eq!(notes.sorted(), ["lost false", "lost false", "lost true"]);
}
