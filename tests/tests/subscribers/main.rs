//! What subscribers are given, and what becomes of an event when they fail: over queues in memory, on a clock that stands
//! still unless a test waits.

mod blocks;
mod given;
mod limits;
#[path = "../orders/mod.rs"]
mod orders;
mod outcomes;
mod retries;
mod versions;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use melange::{Event, EventBus, Functions, MemoryTransport, MessagePublisher, State, subscriber};
use tokio::time::Instant;

use orders::{OrderPaid, OrderPlaced};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// What subscribers noted, and when, in milliseconds.
#[derive(Debug, Clone)]
struct Log {
    notes: Arc<Mutex<Vec<(String, u64)>>>,
    start: Instant,
}

impl Log {
    fn new() -> Self {
        Self { notes: Arc::default(), start: Instant::now() }
    }

    fn note(&self, what: impl Into<String>) {
        let millis = self.start.elapsed().as_millis() as u64;
        self.notes.lock().unwrap().push((what.into(), millis));
    }

    fn words(&self) -> Vec<String> {
        self.notes.lock().unwrap().iter().map(|(what, _)| what.clone()).collect()
    }

    fn times(&self, of: &str) -> Vec<u64> {
        self.notes.lock().unwrap().iter().filter(|(what, _)| what == of).map(|(_, at)| *at).collect()
    }
}

async fn publish<E: Event>(account: &MemoryTransport, event: E) {
    MessagePublisher::new(account.clone()).publish(event).await.unwrap();
}

/// A bus that runs these over the queue `billing` of the account.
async fn running(account: &MemoryTransport, functions: Functions, log: &Log) -> EventBus {
    let builder = EventBus::builder().transport(account.queue("billing")).subscribers(functions);
    let bus = builder.state(log.clone()).build().unwrap();
    bus.start().await.unwrap();
    bus
}

// --- Trying again, and giving up. ---

#[subscriber(listens_to = OrderPlaced, retry(attempts = 4, backoff = "2s..2s"))]
async fn steady(_: &OrderPlaced, State(log): State<Log>) -> Result<(), String> {
    log.note("steady");
    Err("the bank is closed".to_owned())
}

#[subscriber(listens_to = OrderPlaced, retry(attempts = 8, backoff = "1s..20s"))]
async fn backing_off(_: &OrderPlaced, State(log): State<Log>) -> Result<(), String> {
    log.note("backing off");
    Err("the bank is closed".to_owned())
}
