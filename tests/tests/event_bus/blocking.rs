//! Handlers that block the thread they run on, after others that were brief: whoever can run elsewhere does.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use melange::{EventBus, MemoryTransport};
use melange_tests::until;

use crate::{MINUTE, OrderPlaced, placed};

/// What blocks.
const STUCK: u32 = u32::MAX;

/// A running bus of one queue, whose handlers are brief, and wait for a word if they get what blocks.
struct Blocked {
    account: MemoryTransport,
    bus: EventBus,
    ran: Arc<AtomicUsize>,
    release: Sender<()>,
}

impl Blocked {
    async fn start() -> Self {
        let (account, ran) = (MemoryTransport::new(), Arc::new(AtomicUsize::new(0)));
        let (release, released) = channel();
        let (counts, released): (_, Mutex<Receiver<()>>) = (Arc::clone(&ran), Mutex::new(released));
        let bus = EventBus::builder()
            .transport(account.queue("billing"))
            .subscribe(move |order: &OrderPlaced| {
                if order.number == STUCK {
                    let _ = released.lock().unwrap().recv();
                }
                counts.fetch_add(1, Ordering::SeqCst);
            })
            .build()
            .unwrap();
        bus.start().await.unwrap();
        let blocked = Self { account, bus, ran, release };
        blocked.brief(500).await;
        blocked
    }

    /// So many that are brief, until nothing is left.
    async fn brief(&self, count: usize) {
        self.publish(count, None).await;
        self.left(0).await;
    }

    /// So many, one of which may block.
    async fn publish(&self, count: usize, stuck: Option<usize>) {
        let numbers = (0..count).map(|at| if Some(at) == stuck { STUCK } else { 0 });
        let published = self.bus.publish_all(numbers.map(placed)).await;
        assert!(published.iter().all(Result::is_ok), "{published:?}");
    }

    /// Waits until all but so many are handled and deleted.
    async fn left(&self, messages: usize) {
        until("the others are deleted", || self.account.depth("billing").total() == messages).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_came_with_a_message_whose_handler_blocks_is_handled_and_deleted_meanwhile() {
    let blocked = Blocked::start().await;
    for stands in 0..10 {
        let before = blocked.ran.load(Ordering::SeqCst);
        blocked.publish(10, Some(stands)).await;
        until("the others ran", || blocked.ran.load(Ordering::SeqCst) == before + 9).await;
        blocked.left(1).await;
        blocked.release.send(()).unwrap();
        blocked.brief(100).await;
    }
    blocked.bus.shutdown(MINUTE).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_comes_after_a_message_whose_handler_blocks_is_handled_meanwhile() {
    let blocked = Blocked::start().await;
    for stands in 0..10 {
        blocked.publish(stands + 1, Some(stands)).await;
        blocked.left(1).await;
        blocked.publish(25, None).await;
        blocked.left(1).await;
        blocked.release.send(()).unwrap();
        blocked.brief(100).await;
    }
    blocked.bus.shutdown(MINUTE).await.unwrap();
}
