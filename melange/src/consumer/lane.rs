//! Messages in hand that must be handled one after the other.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::budget::Permits;
use super::engine::Engine;
use super::leases::Lease;
use super::process::{Handled, handle};
use super::queue::Queue;
use super::settle::{Settling, Verdict};
use crate::transport::Delivery;

/// How long handlers have to heed their token at a deadline.
pub(super) const HEED: Duration = Duration::from_millis(500);

/// A message in hand.
pub(crate) struct Held {
    pub(crate) delivery: Delivery,
    pub(crate) lease: Lease,
}

/// Messages of one group in their order, or a single one without a group.
pub(crate) struct Lane {
    pub(crate) engine: Arc<Engine>,
    pub(crate) queue: usize,
    pub(crate) first: Option<Held>,
    pub(crate) behind: VecDeque<Held>,
    pub(crate) permits: Permits,
}

impl Lane {
    /// Handles one after the other. When the engine is aborted, what is left is handed back at once.
    pub(crate) async fn run(&mut self) {
        let engine = Arc::clone(&self.engine);
        let Some(queue) = engine.queues.get(self.queue) else { return };
        while !engine.abort.is_cancelled()
            && let Some(held) = self.next()
        {
            let begun = Instant::now();
            let Some(Handled { verdict, notes, .. }) = handle_until_abort(&engine, queue, &held).await else {
                self.first = Some(held);
                break;
            };
            queue.pace.note(begun.elapsed());
            self.settle(held, verdict, notes.failures.len()).await;
            // In a FIFO group nothing may run before what failed: the rest comes back when that does, not sooner. On other
            // queues the order is best effort.
            if queue.is_fifo()
                && let Verdict::Retry(after) = verdict
            {
                return self.release(after).await;
            }
            if queue.is_fifo() && verdict == Verdict::Lost {
                break;
            }
        }
        self.release(Duration::ZERO).await;
    }

    fn next(&mut self) -> Option<Held> {
        self.first.take().or_else(|| self.behind.pop_front())
    }

    /// Hands back everything that is left, in order.
    pub(crate) async fn release(&mut self, after: Duration) {
        while let Some(held) = self.next() {
            self.settle(held, Verdict::Release(after), 0).await;
        }
    }

    /// Settles one; its permit is free from now on.
    async fn settle(&mut self, held: Held, verdict: Verdict, failures: usize) {
        let Held { delivery, lease } = held;
        let settling = Settling::new(&self.engine, self.queue, delivery, lease, verdict, failures);
        if let Some(settler) = self.engine.queues.get(self.queue).and_then(|queue| queue.settler.get()) {
            settler.settle(settling).await;
        }
        drop(self.permits.split(1));
    }
}

/// What the subscribers made of the message; `None` when they were told to stop before they were done.
async fn handle_until_abort(engine: &Engine, queue: &Queue, held: &Held) -> Option<Handled> {
    let handling = handle(engine, queue, &held.delivery, None, &held.lease);
    tokio::pin!(handling);
    tokio::select! {
        biased;
        handled = &mut handling => Some(handled),
        () = engine.abort.cancelled() => {
            // Time to put the work down in order; whatever it says then, the message goes back.
            held.lease.token().cancel();
            let _ = timeout(HEED, handling).await;
            None
        }
    }
}
