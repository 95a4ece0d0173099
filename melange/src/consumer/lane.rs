//! Messages in flight that must be handled one after the other.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::poll_immediate;
use tokio::time::{Instant, timeout};

use super::budget::Permits;
use super::coalesce::Waiting;
use super::engine::Engine;
use super::leases::Lease;
use super::process::{Handled, Notes, handle};
use super::queue::Queue;
use super::row::Row;
use super::settle::{Settling, Verdict};
use crate::runtime::give_way;
use crate::transport::Delivery;

/// How long handlers have to react to their token at a deadline.
pub(super) const HEED: Duration = Duration::from_millis(500);

/// A message in flight.
pub(crate) struct InHand {
    pub(crate) delivery: Delivery,
    pub(crate) lease: Lease,
}

/// Boxed from when it is received until it is settled, because it is moved often.
pub(crate) type Held = Box<InHand>;

/// Messages of one group in their order, or a single one without a group.
pub(crate) struct Lane<'a> {
    pub(crate) engine: &'a Arc<Engine>,
    pub(crate) queue: &'a Queue,
    pub(crate) index: usize,
    /// The row (lanes that share a task) it runs in, as long as it has not waited.
    pub(crate) row: Option<&'a Row>,
    pub(crate) first: Option<Held>,
    pub(crate) behind: VecDeque<Held>,
    pub(crate) permits: Permits,
}

impl Lane<'_> {
    /// Handles one after the other, from `now` on, and returns when the last was done. When the engine is aborted, the
    /// rest is returned to the queue at once.
    pub(crate) async fn run(&mut self, now: Instant) -> Instant {
        let (engine, queue) = (self.engine, self.queue);
        let mut begun = now;
        while !self.is_empty()
            && !engine.abort.is_cancelled()
            && let Some(held) = self.next()
        {
            let handled = if held.lease.is_ours(begun) {
                handle_until_abort(engine, queue, &held, &mut self.row).await
            } else {
                Some(lost_before_it_began(queue, &held))
            };
            let Some(Handled { verdict, notes, .. }) = handled else {
                self.first = Some(held);
                break;
            };
            let ended = Instant::now();
            queue.pace.note(ended - begun);
            let settling = self.settling(held, verdict, notes.failures.len());
            match self.row {
                Some(row) => row.keep(settling, &mut self.permits),
                None => self.settle(settling).await,
            }
            begun = ended;
            // In a FIFO group nothing may run before the failed message: the rest is redelivered when that one is, not
            // sooner. On other queues the order is best effort.
            if queue.is_fifo()
                && let Verdict::Retry(after) = verdict
            {
                self.release(after).await;
                return begun;
            }
            if queue.is_fifo() && verdict == Verdict::Lost {
                break;
            }
            if !self.is_empty() {
                // The task woken by the answer must not wait for the next handler, which may block this thread.
                give_way().await;
                begun = Instant::now();
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

    /// Returns everything that is left to the queue, in order.
    pub(crate) async fn release(&mut self, after: Duration) {
        while let Some(held) = self.next() {
            let settling = self.settling(held, Verdict::Release(after), 0);
            self.settle(settling).await;
        }
    }

    /// Settles one; its permit is free from now on.
    async fn settle(&mut self, settling: Settling) {
        if let Some(full) = self.queue.settle(vec![Waiting::new(settling)]) {
            full.await;
        }
        self.permits.release(1);
    }

    fn settling(&self, held: Held, verdict: Verdict, failures: usize) -> Settling {
        Settling::new(self.engine, self.index, held, verdict, failures)
    }
}

/// Others may have it by now: it has waited behind one that took too long, or the process was suspended. It is
/// redelivered, and this receive has used up none of its attempts.
fn lost_before_it_began(queue: &Queue, held: &Held) -> Handled {
    let message_id = &held.delivery.message_id;
    queue.progress.goes_back_unrun(message_id);
    tracing::warn!(queue = queue.name, message_id, "the lease was lost before the message was begun");
    Handled { event_type_name: None, verdict: Verdict::Lost, notes: Notes::default() }
}

/// The result of the message's subscribers; `None` if they were told to stop before they were done.
///
/// A lane that waits leaves its row.
async fn handle_until_abort(engine: &Engine, queue: &Queue, held: &Held, row: &mut Option<&Row>) -> Option<Handled> {
    let handling = handle(engine, queue, &held.delivery, None, &held.lease);
    tokio::pin!(handling);
    // Mostly it is done without having waited.
    if let Some(handled) = poll_immediate(handling.as_mut()).await {
        return Some(handled);
    }
    *row = None;
    tokio::select! {
        biased;
        handled = &mut handling => Some(handled),
        () = engine.abort.cancelled() => {
            // Time for the handler to stop cleanly; whatever it returns then, the message goes back to the queue.
            held.lease.token().cancel();
            let _ = timeout(HEED, handling).await;
            None
        }
    }
}
