//! Crashes, as by `kill -9`, at every point: nothing is lost.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use melange::testing::{Crash, Fault, TestAccount, TestBus, TestErrorKind};
use melange::{
    Event, MessagePublisher, Outcome, State, assert_handled, assert_not_handled, assert_published, subscriber,
    subscribers,
};
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

use crate::orders::OrderPlaced;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(topic = "parcels.fifo")]
struct ParcelSent {
    #[event(key)]
    number: u32,
    step: u32,
}

/// What stays when the process dies.
#[derive(Clone, Default)]
struct Database(Arc<Mutex<Vec<String>>>);

impl Database {
    fn note(&self, what: impl Into<String>) {
        self.0.lock().unwrap().push(what.into());
    }

    fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

#[subscriber(listens_to = OrderPlaced)]
async fn ship(
    order: &OrderPlaced,
    State(database): State<Database>,
    State(publisher): State<MessagePublisher>,
) -> Outcome {
    database.note(format!("begin {}", order.number));
    sleep(Duration::from_secs(1)).await;
    let sent = publisher.publish(ParcelSent { number: order.number, step: 1 }).await;
    database.note(format!("published {} {}", order.number, sent.is_ok()));
    if sent.is_ok() { Outcome::Done } else { Outcome::retry("could not publish") }
}

async fn shop(database: &Database) -> TestBus {
    TestBus::builder()
        .subscribers(subscribers![ship])
        .state(database.clone())
        .state_with(|publisher| publisher)
        .start()
        .await
}

#[tokio::test(start_paused = true)]
async fn after_the_handler_and_before_the_ack() {
    let database = Database::default();
    let bus = shop(&database).await;
    bus.inject(Fault::crash(Crash::AfterHandler));
    bus.publish(OrderPlaced { number: 1 }).await.unwrap();
    let place = bus.run_until_crash().await;
    assert_eq!(place, "after a handler of OrderPlaced on queue `melange` in `ship`");
    assert_eq!(bus.crashed().as_deref(), Some(place.as_str()));
    // The message is still there, in a dead hand.
    assert_eq!(bus.memory().depth("melange").in_hand, 1);
    let why = bus.try_run_until_idle().await.unwrap_err();
    assert!(why.is_crash() && why.to_string().contains("`restart()`"), "{why}");
    bus.restart().await;
    assert_eq!(bus.crashed(), None);
    bus.run_until_idle().await;
    assert_eq!(database.lines(), ["begin 1", "published 1 true", "begin 1", "published 1 true"]);
    assert_handled!(bus, OrderPlaced { number: 1 }, times = 2);
    assert_eq!(bus.memory().depth("melange").total(), 0);
}

#[tokio::test(start_paused = true)]
async fn before_the_handler_nothing_of_it_has_run() {
    let database = Database::default();
    let bus = shop(&database).await;
    bus.inject(Fault::crash(Crash::BeforeHandler).in_subscriber("ship").of::<OrderPlaced>());
    bus.publish(OrderPlaced { number: 1 }).await.unwrap();
    bus.run_until_crash().await;
    assert!(database.lines().is_empty());
    assert_not_handled!(bus, OrderPlaced);
    bus.restart().await;
    let idle = bus.run_until_idle().await;
    assert!(idle.took >= Duration::from_secs(29), "when its visibility ends: {idle:?}");
    assert_eq!(database.lines(), ["begin 1", "published 1 true"]);
}

/// The dead do not go on: what comes after the publish is not run.
#[tokio::test(start_paused = true)]
async fn during_a_publish_after_the_broker_took_it() {
    let database = Database::default();
    let bus = shop(&database).await;
    bus.inject(Fault::crash(Crash::AfterPublish).of::<ParcelSent>());
    bus.publish(OrderPlaced { number: 1 }).await.unwrap();
    bus.run_until_crash().await;
    bus.advance(Duration::from_secs(5)).await;
    assert_eq!(database.lines(), ["begin 1"]);
    assert_published!(bus, ParcelSent { number: 1, .. }, times = 1);
    bus.restart().await;
    bus.run_until_idle().await;
    assert_eq!(database.lines(), ["begin 1", "begin 1", "published 1 true"]);
    assert_published!(bus, ParcelSent { number: 1, .. }, times = 2);
}

#[tokio::test(start_paused = true)]
async fn a_test_that_publishes_lives_on() {
    let database = Database::default();
    let bus = shop(&database).await;
    bus.inject(Fault::crash(Crash::AfterPublish));
    let failed = bus.publish(OrderPlaced { number: 1 }).await.unwrap_err();
    assert!(failed.is_uncertain() && failed.to_string().contains("crashed after a publish of OrderPlaced"), "{failed}");
    let dead = bus.publish(OrderPlaced { number: 2 }).await.unwrap_err();
    assert!(dead.to_string().contains("until the test restarts it"), "{dead}");
    bus.restart().await;
    bus.run_until_idle().await;
    assert_handled!(bus, OrderPlaced { number: 1 }, times = 1);
    assert_not_handled!(bus, OrderPlaced { number: 2 });

    bus.inject(Fault::crash(Crash::BeforePublish));
    bus.publish(OrderPlaced { number: 3 }).await.unwrap_err();
    bus.restart().await;
    bus.run_until_idle().await;
    assert_not_handled!(bus, OrderPlaced { number: 3 });
}

/// A handler in the middle of its work is cut off.
#[tokio::test(start_paused = true)]
async fn here_and_now() {
    let database = Database::default();
    let bus = shop(&database).await;
    bus.publish(OrderPlaced { number: 1 }).await.unwrap();
    bus.advance(Duration::from_millis(500)).await;
    assert_eq!(database.lines(), ["begin 1"]);
    bus.crash();
    bus.advance(Duration::from_secs(10)).await;
    assert_eq!(database.lines(), ["begin 1"]);
    assert_eq!(bus.attempts::<OrderPlaced>()[0].ending, melange::testing::Ending::Interrupted);
    bus.restart().await;
    bus.run_until_idle().await;
    assert_eq!(database.lines(), ["begin 1", "begin 1", "published 1 true"]);
    // Without a crash before, too.
    bus.publish(OrderPlaced { number: 2 }).await.unwrap();
    bus.restart().await;
    bus.run_until_idle().await;
    assert_handled!(bus, OrderPlaced { number: 2 }, times = 1);
}

/// Several subscribers of one message: those that were done before the crash run again, as the memory of it is gone.
#[tokio::test(start_paused = true)]
async fn in_the_middle_of_a_handler() {
    let (database, other) = (Database::default(), Database::default());
    let notes = database.clone();
    let bus = TestBus::builder()
        .subscribe(move |order: std::sync::Arc<OrderPlaced>| {
            let notes = notes.clone();
            async move {
                let crashes = notes.lines().is_empty();
                notes.note(format!("one {}", order.number));
                if crashes {
                    melange::testing::crash_here().await;
                }
                notes.note("two");
            }
        })
        .subscribe({
            let other = other.clone();
            move |order: &OrderPlaced| other.note(format!("{}", order.number))
        })
        .start()
        .await;
    bus.publish(OrderPlaced { number: 7 }).await.unwrap();
    assert_eq!(bus.run_until_crash().await, "in a handler, which said so");
    bus.restart().await;
    bus.run_until_idle().await;
    assert_eq!(database.lines(), ["one 7", "one 7", "two"]);
    assert!(!other.lines().is_empty());
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "`crash_here` is for handlers on a test bus")]
async fn only_handlers_crash_here() {
    melange::testing::crash_here().await;
}

/// One service dies, and the other goes on once it is back.
#[tokio::test(start_paused = true)]
async fn one_of_two_services_dies() {
    let account = TestAccount::new();
    let database = Database::default();
    let orders = melange::EventBus::builder().subscribers(subscribers![ship]).state(database.clone());
    let orders = account.start_as("orders", orders.state(account.publisher())).await;
    let parcels = melange::EventBus::builder().subscribe(|_: &ParcelSent| ());
    let _parcels = account.start_as("parcels.fifo", parcels).await;
    account.inject(Fault::crash(Crash::AfterAck).on_queue("orders"));
    for number in 1..=2 {
        account.publisher().publish(OrderPlaced { number }).await.unwrap();
    }
    assert!(account.try_run_until_idle().await.unwrap_err().is_crash());
    assert!(orders.crashed().is_some());
    orders.restart().await;
    account.run_until_idle().await;
    assert_handled!(account, ParcelSent { number: 1, .. }, queue = "parcels.fifo");
    assert_handled!(account, ParcelSent { number: 2, .. }, at_least = 1);
    assert_eq!(account.memory().depth("orders").total(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_crash_that_never_comes_is_said() {
    let bus = shop(&Database::default()).await;
    bus.inject(Fault::crash(Crash::BeforeDeadLetter));
    bus.publish(OrderPlaced { number: 1 }).await.unwrap();
    let died = tokio::spawn(async move { bus.run_until_crash().await }).await.unwrap_err();
    let text = *died.into_panic().downcast::<String>().unwrap();
    assert!(text.contains("no bus has crashed; the faults that did not happen: crash before a dead letter"), "{text}");
}

/// Another process of the same service takes over.
#[tokio::test(start_paused = true)]
async fn one_of_two_processes_dies() {
    let (account, database) = (TestAccount::new(), Database::default());
    let mut processes = Vec::new();
    for _ in 0..2 {
        let app = melange::EventBus::builder().subscribers(subscribers![ship]).state(database.clone());
        processes.push(account.start(app.state(account.publisher())).await);
    }
    account.inject(Fault::crash(Crash::BeforeAck));
    for number in 0..20 {
        account.publisher().publish(OrderPlaced { number }).await.unwrap();
    }
    account.run_until_idle().await;
    assert_eq!(processes.iter().filter(|bus| bus.crashed().is_some()).count(), 1);
    let handled: BTreeSet<u32> = account.handled::<OrderPlaced>().iter().map(|order| order.event.number).collect();
    assert_eq!(handled.len(), 20);
}

#[tokio::test(start_paused = true)]
async fn a_crash_between_the_dead_letter_and_the_delete_makes_two_letters_and_never_none() {
    let bus = TestBus::builder().subscribe(|_: &OrderPlaced| Outcome::reject("no")).start().await;
    bus.inject(Fault::crash(Crash::AfterDeadLetter));
    bus.publish(OrderPlaced { number: 1 }).await.unwrap();
    bus.run_until_crash().await;
    bus.restart().await;
    bus.run_until_idle().await;
    assert_eq!(bus.dead_letters::<OrderPlaced>().len(), 2);
}

// --- Every point, at every step. ---

#[subscriber(listens_to = OrderPlaced, retry(attempts = 3, backoff = "1s..10s"))]
async fn first(order: &OrderPlaced, State(world): State<World>) -> Outcome {
    for step in 1..=2 {
        if world.publisher.publish(ParcelSent { number: order.number, step }).await.is_err() {
            return Outcome::retry("could not publish");
        }
    }
    world.done("first", order.number)
}

#[subscriber(listens_to = OrderPlaced, retry(attempts = 3, backoff = "1s..10s"))]
async fn second(order: &OrderPlaced, meta: &melange::Metadata, State(world): State<World>) -> Outcome {
    match order.number % 3 {
        // Never.
        0 => Outcome::reject("no"),
        // Not at once.
        1 if meta.attempt == 1 => Outcome::retry("not yet"),
        _ => world.done("second", order.number),
    }
}

#[subscriber(listens_to = ParcelSent, queue = "parcels.fifo", retry(attempts = 5, backoff = "1s..10s"))]
async fn track(parcel: &ParcelSent, meta: &melange::Metadata, State(world): State<World>) -> Outcome {
    if parcel.step == 1 && meta.attempt == 1 {
        return Outcome::retry("not yet");
    }
    let mut steps = world.steps.lock().unwrap();
    let seen = steps.entry(parcel.number).or_insert(0);
    // What comes again comes again; what is new comes in its order.
    assert!(parcel.step <= *seen + 1, "step {} of {} after {seen}", parcel.step, parcel.number);
    *seen = parcel.step.max(*seen);
    Outcome::Done
}

#[derive(Clone)]
struct World {
    publisher: MessagePublisher,
    done: Arc<Mutex<BTreeSet<(&'static str, u32)>>>,
    steps: Arc<Mutex<BTreeMap<u32, u32>>>,
}

impl World {
    fn done(&self, who: &'static str, number: u32) -> Outcome {
        self.done.lock().unwrap().insert((who, number));
        Outcome::Done
    }
}

/// One run with crashes; says how many there were.
async fn run_with(crashes: &[(Crash, usize)], seed: u64) -> usize {
    let account = TestAccount::builder().seed(seed).shuffled().duplicates(0.1).build();
    let (done, steps) = (Arc::<Mutex<BTreeSet<_>>>::default(), Arc::<Mutex<BTreeMap<_, _>>>::default());
    let world = World { publisher: account.publisher(), done: Arc::clone(&done), steps: Arc::clone(&steps) };
    let app = melange::EventBus::builder().subscribers(subscribers![first, second, track]).state(world);
    let bus = account.start(app).await;
    for (at, after) in crashes {
        bus.inject(Fault::crash(*at).after(*after));
    }
    for number in 0..6 {
        // The test is another process than the bus.
        account.publisher().publish(OrderPlaced { number }).await.unwrap();
    }
    let mut count = 0;
    loop {
        match bus.try_run_until_idle().await {
            Ok(_) => break,
            Err(why) => {
                assert_eq!(why.kind(), TestErrorKind::Crashed, "seed {seed}, {crashes:?}: {why}");
                count += 1;
                bus.restart().await;
            }
        }
    }
    let context = || format!("seed {seed}, {crashes:?}: {}", bus.story());
    for number in 0..6 {
        assert!(done.lock().unwrap().contains(&("first", number)), "first of {number} is lost: {}", context());
        let letters = bus.dead_letters::<OrderPlaced>();
        if number % 3 == 0 {
            assert!(
                letters.iter().any(|letter| letter.event.number == number),
                "the letter of {number} is lost: {}",
                context()
            );
        } else {
            assert!(done.lock().unwrap().contains(&("second", number)), "second of {number} is lost: {}", context());
            assert!(letters.iter().all(|letter| letter.event.number != number), "{number} was given up: {}", context());
        }
        assert_eq!(steps.lock().unwrap().get(&number), Some(&2), "parcels of {number}: {}", context());
    }
    count
}

fn on_a_paused_clock<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(future)
}

#[test]
fn wherever_it_crashes_nothing_is_lost() {
    let mut count = 0;
    for at in Crash::ALL {
        for after in 0..8 {
            count += on_a_paused_clock(run_with(&[(at, after)], after as u64));
        }
    }
    // A few points do not come up so often.
    assert!(count > 60, "{count} crashes");
}

#[test]
fn however_often_it_crashes_nothing_is_lost() {
    let mut count = 0;
    for seed in 0..40 {
        let mut random = fastrand::Rng::with_seed(seed);
        let crashes: Vec<_> =
            (0..3).map(|_| (Crash::ALL[random.usize(..Crash::ALL.len())], random.usize(..6))).collect();
        count += on_a_paused_clock(run_with(&crashes, seed));
    }
    assert!(count > 60, "{count} crashes");
}
