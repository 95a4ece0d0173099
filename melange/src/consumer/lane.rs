//! Messages in hand that must be handled one after the other.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::poll_immediate;
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
pub(crate) struct Lane<'a> {
    pub(crate) engine: &'a Arc<Engine>,
    pub(crate) queue: &'a Queue,
    pub(crate) index: usize,
    pub(crate) first: Option<Held>,
    pub(crate) behind: VecDeque<Held>,
    pub(crate) permits: Permits,
}

impl Lane<'_> {
    /// Handles one after the other, from `now` on, and says when the last was done. When the engine is aborted, what is left
    /// is handed back at once.
    pub(crate) async fn run(&mut self, now: Instant) -> Instant {
        let (engine, queue) = (self.engine, self.queue);
        let mut begun = now;
        while !self.is_empty()
            && !engine.abort.is_cancelled()
            && let Some(held) = self.next()
        {
            let Some(Handled { verdict, notes, .. }) = handle_until_abort(engine, queue, &held).await else {
                self.first = Some(held);
                break;
            };
            let ended = Instant::now();
            queue.pace.note(ended - begun);
            let waited = self.settle(held, verdict, notes.failures.len()).await;
            begun = if waited { Instant::now() } else { ended };
            // In a FIFO group nothing may run before what failed: the rest comes back when that does, not sooner. On other
            // queues the order is best effort.
            if queue.is_fifo()
                && let Verdict::Retry(after) = verdict
            {
                self.release(after).await;
                return begun;
            }
            if queue.is_fifo() && verdict == Verdict::Lost {
                break;
            }
        }
        if !self.is_empty() {
            self.release(Duration::ZERO).await;
        }
        begun
    }

    fn is_empty(&self) -> bool {
        self.first.is_none() && self.behind.is_empty()
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

    /// Settles one; its permit is free from now on. Says whether it had to wait.
    async fn settle(&mut self, held: Held, verdict: Verdict, failures: usize) -> bool {
        let Held { delivery, lease } = held;
        let settling = Settling::new(self.engine, self.index, delivery, lease, verdict, failures);
        let waited = match self.queue.settler.get() {
            Some(settler) => settler.settle(settling).await,
            None => false,
        };
        self.permits.release(1);
        waited
    }
}

/// What the subscribers made of the message; `None` when they were told to stop before they were done.
async fn handle_until_abort(engine: &Engine, queue: &Queue, held: &Held) -> Option<Handled> {
    let handling = handle(engine, queue, &held.delivery, None, &held.lease);
    tokio::pin!(handling);
    // Mostly it is done without having waited.
    if let Some(handled) = poll_immediate(handling.as_mut()).await {
        return Some(handled);
    }
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
