//! The loop that receives from one queue: first permits, then messages, so that nothing is received that cannot start
//! soon. One receive is under way while the queue is idle, more while they come back full.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::task::JoinSet;

use super::begin::begin;
use super::budget::Permits;
use super::engine::Engine;
use super::outage::Outage;
use super::queue::Queue;
use super::ramp::{self, Ramp};
use super::unanswered::or_unanswered;
use crate::transport::{Delivery, TransportError};

/// How long a receive under way may go on after the stop before it is given up, unless it would have been answered
/// already.
const GRACE: Duration = Duration::from_secs(1);

/// Shortest wait of a receive in the background.
const LEAST: Duration = Duration::from_millis(100);

/// Longest wait of a receive that others' permits may be waiting for.
const SHORT: Duration = Duration::from_secs(1);

/// Most receives one after the other before it is decided anew how many there are to be: their limit may be another.
const IN_A_ROW: u32 = 100;

/// Receives from the queue with this index until the stop. Errors, and panics of the transport, are waited out.
pub(crate) async fn receive_all(engine: &Arc<Engine>, index: usize) {
    let Some(queue) = engine.queues.get(index) else { return };
    let several = engine.queues.len() > 1;
    // A poll that does not wait at all would be asked forever.
    let long = engine.wait.max(LEAST);
    let batch = engine.transport.capabilities().max_batch.max(1);
    // Others beside the one receive would bring no more, and there is nothing to decide unless other queues want
    // permits too.
    let one_will_do = !several && engine.transport.answers_at_once();
    let (mut ramp, mut outage) = (Ramp::default(), Outage::default());
    let mut receives: JoinSet<Received> = JoinSet::new();
    let mut permits = None;
    loop {
        let most = if one_will_do { 1 } else { ramp::most(engine.budget.limit() / batch) };
        let level = ramp.level(most);
        queue.all_receive.store(one_will_do || (receives.len() >= most && most > 1), Ordering::Relaxed);
        let ended = if receives.len() < level {
            receives.try_join_next()
        } else {
            permits = None;
            receives.join_next().await
        };
        match ended {
            Some(Ok((asked, Ok(brought)))) => {
                outage = Outage::default();
                ramp.brought(brought, asked, batch);
                continue;
            }
            Some(Ok((_, Err(error)))) => {
                permits = None;
                ramp.failed();
                let wait = outage.goes_on();
                tracing::error!(queue = queue.name, %error, source = error.source_text(), ?wait, "the poll failed, trying again");
                tokio::select! {
                    () = tokio::time::sleep(wait) => continue,
                    () = engine.stop.cancelled() => break,
                }
            }
            // A mistake of ours: whoever supervises this says so, and starts it again.
            Some(Err(died)) => {
                if let Ok(panic) = died.try_into_panic() {
                    resume_unwind(panic)
                }
            }
            None => {}
        }
        // Where several queues share the budget, an idle one keeps one permit while it waits, and a busy one does not
        // keep ten for long. Where there are fewer permits than queues, they take turns.
        let cramped = engine.budget.limit() < engine.queues.len();
        let alone = receives.is_empty();
        let (want, wait) = match (several, ramp.is_busy()) {
            (false, _) => (batch, if alone { long } else { long.min(SHORT) }),
            (true, false) => (1, if cramped { long.min(SHORT) } else { long }),
            (true, true) => (batch, long.min(SHORT)),
        };
        // What has ended since they were asked for is heeded first.
        let Some(permits) = permits.take() else {
            permits = self::permits(engine, index, want).await;
            if permits.is_none() {
                break;
            }
            continue;
        };
        let engine = Arc::clone(engine);
        receives.spawn(async move { receive_and_begin(&engine, index, permits, wait).await });
    }
    while receives.join_next().await.is_some() {}
}

/// How many messages the last receive asked for, and how many came.
type Received = (usize, Result<usize, TransportError>);

/// One receive, from which lanes begin; and more, one after the other, as long as they come back full and there are as
/// many at once as there are to be: then there is nothing to decide.
async fn receive_and_begin(engine: &Arc<Engine>, index: usize, mut permits: Permits, wait: Duration) -> Received {
    let batch = engine.transport.capabilities().max_batch.max(1);
    let mut asked = permits.len();
    let Some(queue) = engine.queues.get(index) else { return (asked, Ok(0)) };
    let mut left = IN_A_ROW;
    loop {
        let deliveries = match receive(engine, queue, asked, wait).await {
            Ok(deliveries) => deliveries,
            Err(error) => return (asked, Err(error)),
        };
        let brought = deliveries.len();
        begin(engine, index, deliveries, permits);
        left -= 1;
        let goes_on = left > 0 && brought >= batch && queue.all_receive.load(Ordering::Relaxed);
        let may_go_on = queue.switch.is_on() && !engine.stop.is_cancelled();
        let more = (goes_on && may_go_on).then(|| engine.budget.try_reserve(index, batch)).flatten();
        let Some(more) = more else { return (asked, Ok(brought)) };
        (asked, permits) = (batch, more);
    }
}

/// Permits to receive with; `None` once stopped.
async fn permits(engine: &Arc<Engine>, index: usize, want: usize) -> Option<Permits> {
    let queue = engine.queues.get(index)?;
    let permits = async {
        loop {
            queue.switch.on().await;
            let permits = engine.budget.reserve(index, want, |free, limit| queue.pace.patience(free, limit)).await;
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

async fn receive(engine: &Engine, queue: &Queue, max: usize, wait: Duration) -> Result<Vec<Delivery>, TransportError> {
    let stopped = async {
        engine.stop.cancelled().await;
        if engine.transport.answers_at_once() {
            // There was nothing, and what comes now stays there.
            return;
        }
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
        received = or_unanswered(wait, engine.transport.receive(&queue.name, max, wait)) => received,
        () = stopped => Ok(Vec::new()),
    };
    queue.status.answered(received.as_ref().err());
    match &received {
        Ok(deliveries) => engine.counters.received.fetch_add(deliveries.len() as u64, Ordering::Relaxed),
        Err(_) => engine.counters.failed_polls.fetch_add(1, Ordering::Relaxed),
    };
    received
}
