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

/// How long an open receive may go on after the stop before it is abandoned, unless it should have been answered
/// already.
const GRACE: Duration = Duration::from_secs(1);

/// Shortest wait of a receive in the background.
const LEAST: Duration = Duration::from_millis(100);

/// The longest wait of a receive that holds permits other queues may be waiting for.
const SHORT: Duration = Duration::from_secs(1);

/// The most receives in sequence before the number of open ones is decided again: the limit may have changed.
const IN_A_ROW: u32 = 100;

/// Receives from the queue with this index until the stop. After errors, and panics of the transport, it waits and
/// retries.
pub(crate) async fn receive_all(engine: &Arc<Engine>, index: usize) {
    let Some(queue) = engine.queues.get(index) else { return };
    let several = engine.queues.len() > 1;
    // A poll that does not wait at all would be repeated in a busy loop.
    let long = engine.wait.max(LEAST);
    let batch = engine.transport.capabilities().max_batch.max(1);
    // More receives would not bring more messages, and there is nothing to decide unless other queues want permits too.
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
            // A bug in Melange: the supervisor logs it, and restarts this task.
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
        // First process receives that have ended since the permits were requested.
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

/// How many messages the last receive requested, and how many it returned.
type Received = (usize, Result<usize, TransportError>);

/// One receive, whose messages start lanes; and more, in sequence, as long as they return full batches and the number
/// of open receives is as it should be: then there is nothing to decide.
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
            // There was nothing, and messages that arrive now stay in the queue.
            return;
        }
        tokio::time::sleep(GRACE).await;
        // A broker may deliver returned messages to a poll that was abandoned here but is still open there. So the poll
        // is kept as long as messages are in flight, and returns what it gets.
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
