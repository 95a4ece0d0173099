//! What is written by hand where there is no bus: tokio's queues, and handlers in boxes.

use std::future::Future;
use std::hint::black_box;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use melange::Event;
use tokio::sync::{broadcast, mpsc};
use tokio::task::JoinSet;

/// How many events a queue holds, on all sides.
pub(crate) const CAPACITY: usize = 1_024;

/// What is published everywhere.
#[derive(Event)]
#[event(local)]
pub(crate) struct Ticked {
    pub(crate) name: String,
    pub(crate) at: u64,
}

impl Ticked {
    pub(crate) fn new() -> Self {
        Self { name: "clock".to_owned(), at: 1 }
    }
}

/// What handlers have added up. Not shared by pointers: to count these would cost more than to handle an event, and not on all
/// sides the same.
static SUM: AtomicU64 = AtomicU64::new(0);

/// What every handler does.
pub(crate) fn add(tick: &Ticked) {
    SUM.fetch_add(black_box(tick).at, Ordering::Relaxed);
}

/// What they have added up since this was asked last.
pub(crate) fn sum() -> u64 {
    SUM.swap(0, Ordering::Relaxed)
}

pub(crate) type BoxFuture = Pin<Box<dyn Future<Output = ()> + Send>>;
pub(crate) type SyncHandlers = Arc<Vec<Box<dyn Fn(&Ticked) + Send + Sync>>>;
pub(crate) type AsyncHandlers = Arc<Vec<Box<dyn Fn(Arc<Ticked>) -> BoxFuture + Send + Sync>>>;

pub(crate) fn sync_handlers(handlers: usize) -> SyncHandlers {
    let handler = || -> Box<dyn Fn(&Ticked) + Send + Sync> { Box::new(add) };
    Arc::new((0..handlers).map(|_| handler()).collect())
}

pub(crate) fn async_handlers(handlers: usize) -> AsyncHandlers {
    let handler = || -> Box<dyn Fn(Arc<Ticked>) -> BoxFuture + Send + Sync> {
        Box::new(|tick| Box::pin(async move { add(&tick) }))
    };
    Arc::new((0..handlers).map(|_| handler()).collect())
}

/// Events by value, one at a time, to handlers that borrow them. Each publisher goes round the workers' queues.
pub(crate) async fn mpsc_sync(publishers: usize, workers: usize, each: u64, handlers: SyncHandlers) {
    let mut tasks = JoinSet::new();
    let mut queues = Vec::new();
    for _ in 0..workers {
        let (queue, mut events) = mpsc::channel::<Ticked>(CAPACITY);
        let handlers = Arc::clone(&handlers);
        queues.push(queue);
        tasks.spawn(async move {
            while let Some(event) = events.recv().await {
                handlers.iter().for_each(|handler| handler(&event));
            }
        });
    }
    for _ in 0..publishers {
        let queues = queues.clone();
        tasks.spawn(async move {
            for (_, queue) in (0..each).zip(queues.iter().cycle()) {
                let _ = queue.send(Ticked::new()).await;
            }
        });
    }
    drop(queues);
    tasks.join_all().await;
}

/// Shared events, one at a time, to handlers that are futures.
pub(crate) async fn mpsc_async(publishers: usize, workers: usize, each: u64, handlers: AsyncHandlers) {
    let mut tasks = JoinSet::new();
    let mut queues = Vec::new();
    for _ in 0..workers {
        let (queue, mut events) = mpsc::channel::<Arc<Ticked>>(CAPACITY);
        let handlers = Arc::clone(&handlers);
        queues.push(queue);
        tasks.spawn(async move {
            while let Some(event) = events.recv().await {
                for handler in handlers.iter() {
                    handler(Arc::clone(&event)).await;
                }
            }
        });
    }
    for _ in 0..publishers {
        let queues = queues.clone();
        tasks.spawn(async move {
            for (_, queue) in (0..each).zip(queues.iter().cycle()) {
                let _ = queue.send(Arc::new(Ticked::new())).await;
            }
        });
    }
    drop(queues);
    tasks.join_all().await;
}

/// A task for each handler, which hears every event. The publisher waits for the slowest, for nothing may be lost.
pub(crate) async fn broadcast(each: u64, handlers: usize) {
    let mut tasks = JoinSet::new();
    let (sender, _) = broadcast::channel::<Arc<Ticked>>(CAPACITY);
    for _ in 0..handlers {
        let mut events = sender.subscribe();
        tasks.spawn(async move {
            while let Ok(event) = events.recv().await {
                add(&event);
            }
        });
    }
    tasks.spawn(async move {
        for at in 0..each {
            // Asked seldom, for it takes the lock.
            while at % 64 == 0 && sender.len() > CAPACITY - 64 {
                tokio::task::yield_now().await;
            }
            let _ = sender.send(Arc::new(Ticked::new()));
        }
    });
    tasks.join_all().await;
}
