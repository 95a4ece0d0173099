//! Functions under `#[subscriber]` that take nothing but the event, on the asynchronous bus: quicker, and no less contained.

use std::panic::panic_any;
use std::sync::{Arc, Mutex, OnceLock};
use std::thread::{self, ThreadId};
use std::time::Duration;

use melange::{AsynchronousEventBus, Event, State, SubscriberErrorKind, subscriber, subscribers};
use melange_tests::until;
use tokio::runtime::Handle;
use tokio::time::sleep;

const LONG: Duration = Duration::from_secs(60);

#[derive(Event)]
#[event(local)]
struct Rang {
    heard: Heard,
}

/// Who heard it, and in which thread.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<(&'static str, ThreadId)>>>);

impl Heard {
    fn note(&self, who: &'static str) {
        self.0.lock().unwrap().push((who, thread::current().id()));
    }

    fn names(&self) -> Vec<&'static str> {
        self.0.lock().unwrap().iter().map(|(who, _)| *who).collect()
    }
}

/// Panics again when it is dropped.
struct Falls;

impl Drop for Falls {
    fn drop(&mut self) {
        panic!("again");
    }
}

#[subscriber(listens_to = Rang)]
fn plain(rang: &Rang) {
    rang.heard.note("plain");
}

#[subscriber(listens_to = Rang)]
fn falls(rang: &Rang) {
    rang.heard.note("falls");
    panic_any(Falls);
}

fn falls_too(rang: &Rang) {
    rang.heard.note("falls too");
    panic_any(Falls);
}

#[subscriber(listens_to = Rang, blocking)]
fn blocks(rang: &Rang) {
    rang.heard.note("blocks");
}

#[subscriber(listens_to = Rang)]
fn fails(rang: &Rang) -> Result<(), &'static str> {
    rang.heard.note("fails");
    Err("no")
}

#[tokio::test]
async fn who_falls_is_taken_out_whatever_is_thrown_and_the_next_go_on() {
    let bus = AsynchronousEventBus::builder()
        .subscribers(subscribers![plain, falls])
        .subscribe(|rang: Arc<Rang>| async move { falls_too(&rang) })
        .subscribers(subscribers![fails])
        .build()
        .unwrap();
    let heard = Heard::default();
    for _ in 0..2 {
        bus.publish(Rang { heard: heard.clone() }).await.unwrap();
    }
    assert_eq!(bus.shutdown(LONG).await.dropped, 0);
    assert_eq!(heard.names(), ["plain", "falls", "falls too", "fails"].repeat(2));
}

#[tokio::test]
async fn the_same_beside_one_that_asks_for_more() {
    let bus = AsynchronousEventBus::builder().subscribers(subscribers![falls, blocks, fails]).build().unwrap();
    let heard = Heard::default();
    bus.publish(Rang { heard: heard.clone() }).await.unwrap();
    assert_eq!(bus.shutdown(LONG).await.dropped, 0);
    assert_eq!(heard.names(), ["falls", "blocks", "fails"]);
}

#[tokio::test]
async fn what_blocks_runs_on_a_thread_of_its_own() {
    let bus = AsynchronousEventBus::builder().subscribers(subscribers![blocks]).build().unwrap();
    let heard = Heard::default();
    bus.publish(Rang { heard: heard.clone() }).await.unwrap();
    assert_eq!(bus.shutdown(LONG).await.dropped, 0);
    let heard = heard.0.lock().unwrap();
    assert_eq!(heard.len(), 1);
    assert_ne!(heard[0].1, thread::current().id(), "it ran on the worker");
}

/// The bus that runs whoever asks for it.
type OwnBus = Arc<OnceLock<AsynchronousEventBus>>;

#[derive(Event)]
#[event(local)]
struct Dialled {
    heard: Heard,
    again: usize,
}

#[subscriber(listens_to = Dialled, blocking)]
fn redials(dialled: &Dialled, State(bus): State<OwnBus>) {
    for _ in 0..dialled.again {
        let next = Dialled { heard: dialled.heard.clone(), again: 0 };
        dialled.heard.note(match Handle::current().block_on(bus.get().unwrap().publish(next)) {
            Ok(()) => "published",
            Err(error) if error.is_full() => "full",
            Err(_) => "closed",
        });
    }
}

fn redialling() -> AsynchronousEventBus {
    let own = OwnBus::default();
    let bus = AsynchronousEventBus::builder().subscribers(subscribers![redials]).state(Arc::clone(&own));
    let bus = bus.workers(1).capacity(1).build().unwrap();
    own.set(bus.clone()).unwrap();
    bus
}

#[tokio::test]
async fn what_blocks_and_publishes_where_nobody_can_make_room_is_told_so() {
    let (bus, heard) = (redialling(), Heard::default());
    bus.publish(Dialled { heard: heard.clone(), again: 3 }).await.unwrap();
    until("it does not wait for room that only it could make", || bus.metrics().delivered == 2).await;
    assert_eq!(heard.names(), ["published", "full", "full"]);
}

#[tokio::test]
async fn what_blocks_publishes_during_the_drain_as_all_subscribers_do() {
    let (bus, heard) = (redialling(), Heard::default());
    bus.publish(Dialled { heard: heard.clone(), again: 1 }).await.unwrap();
    let drained = bus.shutdown(LONG).await;
    assert_eq!((heard.names(), drained.delivered, drained.dropped), (vec!["published"], 2, 0));
}

#[subscriber(listens_to = Rang, timeout = "1s")]
async fn falls_when_cut_off(_: &Rang) {
    let _falls = Falls;
    sleep(LONG).await;
}

#[tokio::test(start_paused = true)]
async fn who_falls_as_its_time_is_over_stops_nobody() {
    let failed = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&failed);
    let bus = AsynchronousEventBus::builder()
        .subscribers(subscribers![falls_when_cut_off, fails])
        .on_error(move |error| noted.lock().unwrap().push(error.kind()))
        .workers(1)
        .build()
        .unwrap();
    let heard = Heard::default();
    for _ in 0..2 {
        bus.publish(Rang { heard: heard.clone() }).await.unwrap();
    }
    let drained = bus.shutdown(LONG).await;
    assert_eq!((drained.delivered, drained.dropped), (2, 0));
    assert_eq!(heard.names(), ["fails"; 2]);
    let kinds = [SubscriberErrorKind::TimedOut, SubscriberErrorKind::Failed].repeat(2);
    assert_eq!(*failed.lock().unwrap(), kinds);
}

#[tokio::test]
async fn one_that_comes_and_goes_at_run_time_is_heard_behind_the_others() {
    let bus = AsynchronousEventBus::builder().subscribers(subscribers![plain]).build().unwrap();
    let heard = Heard::default();
    let publish = async || {
        bus.publish(Rang { heard: heard.clone() }).await.unwrap();
        while bus.metrics().queued + bus.metrics().running > 0 {
            tokio::task::yield_now().await;
        }
    };
    publish().await;
    let late = bus.subscribe(|rang: &Rang| rang.heard.note("late"));
    publish().await;
    late.unsubscribe();
    publish().await;
    assert_eq!(heard.names(), ["plain", "plain", "late", "plain"]);
}
