//! Starting, publishing, consuming from several queues, and stopping; in memory, on a clock that stands still unless a test
//! waits.

mod blocking;
mod ending;
#[path = "../orders/mod.rs"]
mod orders;
mod publishing;
mod queues;
mod starting;
mod stopping;

use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use melange::{Event, EventBus, MemoryTransport, MessagePublisher};
use melange_tests::faulty::Faulty;
use tokio::sync::Semaphore;

use orders::{OrderPaid, OrderPlaced};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

fn placed(number: u32) -> OrderPlaced {
    OrderPlaced { number }
}

type Log = Arc<Mutex<Vec<u32>>>;

fn noted(log: &Log) -> Vec<u32> {
    log.lock().unwrap().clone()
}

fn notes(log: &Log) -> impl Fn(&OrderPlaced) + Send + Sync + 'static {
    let log = Arc::clone(log);
    move |order: &OrderPlaced| log.lock().unwrap().push(order.number)
}

/// A running bus whose subscriber waits for `gate`, counts that it began, and then notes the event.
async fn gated(account: &MemoryTransport) -> (EventBus, Arc<Semaphore>, Arc<AtomicUsize>, Log) {
    let (gate, begun, log) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicUsize::new(0)), Log::default());
    let (opened, begins, notes) = (Arc::clone(&gate), Arc::clone(&begun), Arc::clone(&log));
    let bus = EventBus::builder()
        .transport(account.queue("billing"))
        .subscribe(move |order: Arc<OrderPlaced>| {
            let (gate, log) = (Arc::clone(&opened), Arc::clone(&notes));
            begins.fetch_add(1, Ordering::SeqCst);
            async move {
                gate.acquire().await.unwrap().forget();
                log.lock().unwrap().push(order.number);
            }
        })
        .build()
        .unwrap();
    bus.start().await.unwrap();
    (bus, gate, begun, log)
}

/// The service `billing` of this account, whose calls are counted and let down as a test says.
fn faulty(account: &MemoryTransport) -> Faulty {
    Faulty::over(account.queue("billing"))
}

/// A bus over it, whose subscriber notes the events.
fn noting(faulty: &Faulty, log: &Log) -> EventBus {
    EventBus::builder().transport(faulty.clone()).subscribe(notes(log)).build().unwrap()
}

trait PublishAs {
    /// As some other service does.
    fn publish_as<E: Event>(&self, event: E) -> impl Future<Output = ()>;
}

impl PublishAs for MemoryTransport {
    async fn publish_as<E: Event>(&self, event: E) {
        MessagePublisher::new(self.clone()).publish(event).await.unwrap();
    }
}
