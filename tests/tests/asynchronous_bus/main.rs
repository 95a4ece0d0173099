//! The bus that runs subscribers on worker tasks. Time stands still unless a test moves it.

mod capacity;
mod concurrency;
mod order;
mod shutdown;
mod subscribers;

use std::borrow::Cow;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use melange::{AsynchronousEventBus, Event, EventDescriptor, Location, PublishError, Route};
use tokio::sync::Semaphore;
use tokio::task::yield_now;

/// An event with a key, unless that is empty, and a number.
#[derive(Debug, PartialEq)]
struct Placed(&'static str, u32);

impl Event for Placed {
    const DESCRIPTOR: &'static EventDescriptor =
        &EventDescriptor::new::<Self>("Placed", "Placed", Location::new("asynchronous_bus", file!(), line!()))
            .with_key();

    fn route(&self) -> Route<'_> {
        let mut route = Route::default();
        route.key = (!self.0.is_empty()).then_some(Cow::Borrowed(self.0));
        route
    }
}

/// Another event with the same keys.
struct Paid(&'static str, u32);

impl Event for Paid {
    const DESCRIPTOR: &'static EventDescriptor =
        &EventDescriptor::new::<Self>("Paid", "Paid", Location::new("asynchronous_bus", file!(), line!())).with_key();

    fn route(&self) -> Route<'_> {
        let mut route = Route::default();
        route.key = Some(Cow::Borrowed(self.0));
        route
    }
}

type Log = Arc<Mutex<Vec<(&'static str, u32)>>>;
const LONG: Duration = Duration::from_secs(60);

fn noted(log: &Log) -> Vec<(&'static str, u32)> {
    log.lock().unwrap().clone()
}

fn notes(log: &Log) -> impl Fn(&Placed) + Send + Sync + 'static {
    let log = Arc::clone(log);
    move |placed: &Placed| log.lock().unwrap().push((placed.0, placed.1))
}

async fn settle() {
    for _ in 0..100 {
        yield_now().await;
    }
}

/// A bus whose subscriber waits for `gate` and then notes the event.
fn gated(workers: usize, capacity: usize) -> (AsynchronousEventBus, Arc<Semaphore>, Log) {
    let (gate, log) = (Arc::new(Semaphore::new(0)), Log::default());
    let (opened, notes) = (Arc::clone(&gate), Arc::clone(&log));
    let bus = AsynchronousEventBus::builder()
        .workers(workers)
        .capacity(capacity)
        .subscribe(move |placed: Arc<Placed>| {
            let (gate, log) = (Arc::clone(&opened), Arc::clone(&notes));
            async move {
                gate.acquire().await.unwrap().forget();
                log.lock().unwrap().push((placed.0, placed.1));
            }
        })
        .build()
        .unwrap();
    (bus, gate, log)
}

/// A bus whose subscriber publishes what `next` says, on the bus itself.
fn echoing(
    workers: usize,
    capacity: usize,
    next: impl Fn(&Placed) -> Vec<Placed> + Send + Sync + 'static,
) -> (AsynchronousEventBus, Arc<Mutex<Vec<Result<(), PublishError>>>>) {
    let (cell, results) = (Arc::new(OnceLock::<AsynchronousEventBus>::new()), Arc::<Mutex<Vec<_>>>::default());
    let (inner, answers, next) = (Arc::clone(&cell), Arc::clone(&results), Arc::new(next));
    let bus = AsynchronousEventBus::builder()
        .workers(workers)
        .capacity(capacity)
        .subscribe(move |placed: Arc<Placed>| {
            let (inner, answers, next) = (Arc::clone(&inner), Arc::clone(&answers), Arc::clone(&next));
            async move {
                for event in next(&placed) {
                    let answer = inner.get().unwrap().publish(event).await;
                    answers.lock().unwrap().push(answer);
                }
            }
        })
        .build()
        .unwrap();
    cell.set(bus.clone()).unwrap();
    (bus, results)
}
