//! Functions under `#[subscriber]` that take nothing but the event, on the asynchronous bus: quicker, and no less contained.

use std::panic::panic_any;
use std::sync::{Arc, Mutex};
use std::thread::{self, ThreadId};
use std::time::Duration;

use melange::{AsynchronousEventBus, Event, subscriber, subscribers};

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
