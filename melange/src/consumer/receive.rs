//! The loop that receives from one queue: first permits, then messages, so that nothing is received that cannot start
//! soon. One receive is under way while the queue is idle, more while they come back full.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::Instant;

use super::budget::Permits;
use super::engine::Engine;
use super::lane::{Held, Lane};
use super::queue::Queue;
use crate::retry::RetryPolicy;
use crate::transport::{Delivery, TransportError};

/// Waits between receives that fail, without end.
const BACKOFF: RetryPolicy = RetryPolicy::new(u32::MAX, Duration::from_millis(250), Duration::from_secs(30));

/// How long a receive under way may go on after the stop before it is given up.
const GRACE: Duration = Duration::from_secs(1);

/// Shortest wait of a receive in the background.
const LEAST: Duration = Duration::from_millis(100);

/// Longest wait of a receive that others' permits may be waiting for.
const SHORT: Duration = Duration::from_secs(1);

/// Most receives under way at once for one queue.
const MOST: usize = 16;

/// Receives from the queue with this index until the stop. Errors, and panics of the transport, are waited out.
pub(crate) async fn receive_all(engine: &Arc<Engine>, index: usize) {
    let Some(queue) = engine.queues.get(index) else { return };
    let several = engine.queues.len() > 1;
    // A poll that does not wait at all would be asked for ever.
    let long = engine.wait.max(LEAST);
    let batch = engine.transport.capabilities().max_batch.max(1);
    let (mut failures, mut failing_since, mut busy) = (0, None, false);
    loop {
        // Where several queues share the budget, an idle one keeps one permit while it waits, and a busy one does not
        // keep ten for long. Where there are fewer permits than queues, they take turns.
        let cramped = engine.budget.limit() < engine.queues.len();
        let (want, wait) = match (several, busy) {
            (false, _) => (batch, long),
            (true, false) => (1, if cramped { long.min(SHORT) } else { long }),
            (true, true) => (batch, long.min(SHORT)),
        };
        let Some(permits) = permits(engine, index, want).await else { return };
        match receive(engine, queue, permits.len(), wait).await {
            Ok(deliveries) => {
                (failures, failing_since) = (0, None);
                busy = !deliveries.is_empty();
                let full = deliveries.len() >= batch;
                begin(engine, index, deliveries, permits);
                if full {
                    receive_more(engine, index);
                }
            }
            Err(error) => {
                failures += 1;
                drop(permits);
                let since: Instant = *failing_since.get_or_insert_with(Instant::now);
                // No longer than it has failed already, so that what is over is noticed in as much time again.
                let wait = BACKOFF.backoff(failures).min(since.elapsed()).max(BACKOFF.min);
                tracing::error!(queue = queue.name, %error, source = error.source_text(), ?wait, "the poll failed, trying again");
                tokio::select! {
                    () = tokio::time::sleep(wait) => {}
                    () = engine.stop.cancelled() => return,
                }
            }
        }
    }
}

/// Permits to receive with; `None` once stopped.
async fn permits(engine: &Arc<Engine>, index: usize, want: usize) -> Option<Permits> {
    let queue = engine.queues.get(index)?;
    let permits = async {
        loop {
            queue.switch.on().await;
            let permits = engine.budget.reserve(index, want, queue.pace.patience()).await;
            if queue.switch.is_on() {
                return permits;
            }
        }
    };
    tokio::select! {
        biased;
        () = engine.stop.cancelled() => None,
        permits = permits => Some(permits),
    }
}

/// One more receive beside those under way, for as long as they come back full and there are permits for whole batches.
fn receive_more(engine: &Arc<Engine>, index: usize) {
    let Some(queue) = engine.queues.get(index) else { return };
    let batch = engine.transport.capabilities().max_batch.max(1);
    let most = engine.budget.limit().div_ceil(batch).clamp(1, MOST);
    let one_more = |now: usize| (now + 1 < most).then_some(now + 1);
    if queue.more_receives.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).is_err() {
        return;
    }
    let engine_of_receive = Arc::clone(engine);
    engine.polls.spawn(async move {
        let engine = engine_of_receive;
        let Some(queue) = engine.queues.get(index) else { return };
        while !engine.stop.is_cancelled()
            && queue.switch.is_on()
            && let Some(permits) = engine.budget.try_reserve(index, batch)
        {
            let Ok(deliveries) = receive(&engine, queue, batch, engine.wait.min(SHORT)).await else { break };
            let full = deliveries.len() >= batch;
            begin(&engine, index, deliveries, permits);
            if !full {
                break;
            }
            receive_more(&engine, index);
        }
        queue.more_receives.fetch_sub(1, Ordering::Relaxed);
    });
}

async fn receive(engine: &Engine, queue: &Queue, max: usize, wait: Duration) -> Result<Vec<Delivery>, TransportError> {
    let stopped = async {
        engine.stop.cancelled().await;
        tokio::time::sleep(GRACE).await;
        // A broker may give what is handed back to a poll that was given up but is still open over there. So the poll
        // lives on as long as something is in hand, and hands back what it gets.
        tokio::select! {
            () = engine.lanes.wait() => {}
            () = async { engine.abort.cancelled().await; tokio::time::sleep(GRACE).await } => {}
        }
    };
    queue.status.asked();
    let received = tokio::select! {
        biased;
        received = engine.transport.receive(&queue.name, max, wait) => received,
        () = stopped => Ok(Vec::new()),
    };
    queue.status.answered(received.as_ref().err());
    match &received {
        Ok(deliveries) => engine.counters.received.fetch_add(deliveries.len() as u64, Ordering::Relaxed),
        Err(_) => engine.counters.failed_polls.fetch_add(1, Ordering::Relaxed),
    };
    received
}

/// Messages of one group go into one lane, in order; all lanes run side by side. What came after the stop is handed back.
fn begin(engine: &Arc<Engine>, index: usize, deliveries: Vec<Delivery>, mut permits: Permits) {
    let Some(queue) = engine.queues.get(index) else { return };
    let Some(settler) = queue.settler.get() else { return };
    let mut lanes: Vec<VecDeque<Held>> = Vec::with_capacity(deliveries.len());
    for delivery in deliveries {
        let same = |lane: &&mut VecDeque<Held>| {
            delivery.group.is_some() && lane.front().is_some_and(|first| first.delivery.group == delivery.group)
        };
        let at = lanes.iter_mut().find(same);
        let lease = queue.leases.take(delivery.receipt.clone());
        let held = Held { delivery, lease };
        match at {
            Some(lane) => lane.push_back(held),
            None => lanes.push(VecDeque::from([held])),
        }
    }
    let late = engine.stop.is_cancelled();
    for held in lanes {
        let permits = permits.split(held.len());
        let mut lane = Lane { engine: Arc::clone(engine), queue: index, held, permits };
        let settler = settler.clone();
        // In a box: it is moved often on its way into a task, and is more than a kilobyte large.
        engine.lanes.spawn(Box::pin(async move {
            if late {
                lane.release(&settler, Duration::ZERO).await;
            } else {
                lane.run(settler).await;
            }
        }));
    }
}
