//! Messages in hand that must be handled one after the other.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::budget::Permits;
use super::engine::Engine;
use super::leases::Lease;
use super::process::{Handled, handle};
use super::settle::{Settler, Settling, Verdict};
use crate::transport::Delivery;

/// A message in hand.
pub(crate) struct Held {
    pub(crate) delivery: Delivery,
    pub(crate) lease: Lease,
}

/// Messages of one group in their order, or a single one without a group.
pub(crate) struct Lane {
    pub(crate) engine: Arc<Engine>,
    pub(crate) queue: usize,
    pub(crate) held: VecDeque<Held>,
    pub(crate) permits: Permits,
}

impl Lane {
    /// Handles one after the other. When the engine is aborted, what is left is handed back at once.
    pub(crate) async fn run(mut self, settler: Settler) {
        let engine = Arc::clone(&self.engine);
        let Some(queue) = engine.queues.get(self.queue) else { return };
        while !engine.abort.is_cancelled()
            && let Some(held) = self.held.front()
        {
            let running = held.lease.token().child_token();
            let begun = Instant::now();
            let handled = tokio::select! {
                biased;
                () = engine.abort.cancelled() => None,
                handled = handle(&engine, queue, &held.delivery, &running) => Some(handled),
            };
            let Some(Handled { verdict, failures, .. }) = handled else {
                // What runs on a thread of its own is told at least.
                running.cancel();
                break;
            };
            queue.pace.note(begun.elapsed());
            self.settle(&settler, verdict, failures.len()).await;
            // In a FIFO group nothing may run before what failed: the rest comes back when that does, not sooner. On other
            // queues the order is best effort.
            if queue.is_fifo()
                && let Verdict::Retry(after) = verdict
            {
                return self.release(&settler, after).await;
            }
            if queue.is_fifo() && verdict == Verdict::Lost {
                break;
            }
        }
        self.release(&settler, Duration::ZERO).await;
    }

    /// Hands back everything that is left, in order.
    pub(crate) async fn release(&mut self, settler: &Settler, after: Duration) {
        while !self.held.is_empty() {
            self.settle(settler, Verdict::Release(after), 0).await;
        }
    }

    /// Settles the first one; its permit is free from now on.
    async fn settle(&mut self, settler: &Settler, verdict: Verdict, failures: usize) {
        let Some(Held { delivery, lease }) = self.held.pop_front() else { return };
        lease.finish();
        settler.settle(Settling::new(&self.engine, self.queue, delivery, lease, verdict, failures)).await;
        drop(self.permits.split(1));
    }
}
