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
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use melange::transport::{
    Capabilities, DeadLetter, Delivery, Message, Receipt, Topology, Transport, TransportError, TransportErrorKind,
};
use melange::{Event, EventBus, MemoryTransport, MessagePublisher, Problem};
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

// --- What stands between a bus and its account. ---

/// The account, as one service sees it that counts its calls and is let down now and then.
#[derive(Clone)]
struct Counted {
    inner: MemoryTransport,
    polls: Arc<AtomicUsize>,
    sent: Arc<AtomicUsize>,
    is_away: Arc<AtomicBool>,
    refuses_to_prepare: Arc<AtomicBool>,
    hangs_as_it_prepares: Arc<AtomicBool>,
    refuses_each_third: Arc<AtomicBool>,
    keeps_what_is_put_back: Arc<AtomicBool>,
}

impl Counted {
    fn over(account: &MemoryTransport) -> Self {
        Self {
            inner: account.queue("billing"),
            polls: Arc::default(),
            sent: Arc::default(),
            is_away: Arc::default(),
            refuses_to_prepare: Arc::default(),
            hangs_as_it_prepares: Arc::default(),
            refuses_each_third: Arc::default(),
            keeps_what_is_put_back: Arc::default(),
        }
    }
}

fn away() -> TransportError {
    TransportError::new(TransportErrorKind::Unavailable, "nobody answers")
}

impl Transport for Counted {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    fn own_queue(&self) -> &str {
        self.inner.own_queue()
    }

    fn check(&self, topology: &Topology) -> Result<(), Vec<Problem>> {
        self.inner.check(topology)
    }

    async fn prepare(&self, topology: &Topology) -> Result<(), TransportError> {
        if self.refuses_to_prepare.load(Ordering::SeqCst) {
            return Err(TransportError::new(TransportErrorKind::Denied, "not allowed"));
        }
        if self.hangs_as_it_prepares.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        self.inner.prepare(topology).await
    }

    async fn publish(&self, messages: Vec<Message>) -> Vec<Result<(), TransportError>> {
        let mut answers = Vec::new();
        for message in messages {
            let number = self.sent.fetch_add(1, Ordering::SeqCst) + 1;
            if self.refuses_each_third.load(Ordering::SeqCst) && number.is_multiple_of(3) {
                answers.push(Err(away()));
            } else {
                answers.extend(self.inner.publish(vec![message]).await);
            }
        }
        answers
    }

    async fn receive(&self, queue: &str, max: usize, wait: Duration) -> Result<Vec<Delivery>, TransportError> {
        self.polls.fetch_add(1, Ordering::SeqCst);
        if self.is_away.load(Ordering::SeqCst) {
            return Err(away());
        }
        self.inner.receive(queue, max, wait).await
    }

    async fn delete(&self, queue: &str, receipts: Vec<Receipt>) -> Vec<Result<(), TransportError>> {
        self.inner.delete(queue, receipts).await
    }

    async fn change_visibility(
        &self,
        queue: &str,
        receipts: Vec<(Receipt, Duration)>,
    ) -> Vec<Result<(), TransportError>> {
        if self.keeps_what_is_put_back.load(Ordering::SeqCst) {
            return receipts.iter().map(|_| Err(away())).collect();
        }
        self.inner.change_visibility(queue, receipts).await
    }

    async fn dead_letter(&self, queue: &str, delivery: &Delivery, letter: &DeadLetter) -> Result<(), TransportError> {
        self.inner.dead_letter(queue, delivery, letter).await
    }
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
