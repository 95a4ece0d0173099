//! The loop that receives from one queue: first a permit, then a message, so that nothing is received that cannot start.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::sync::OwnedSemaphorePermit;

use super::engine::Engine;
use super::lane;
use super::queue::Queue;
use crate::retry::RetryPolicy;
use crate::transport::{Delivery, TransportError, TransportErrorKind};

/// Waits between polls that fail, without end.
const BACKOFF: RetryPolicy = RetryPolicy::new(u32::MAX, Duration::from_millis(250), Duration::from_secs(30));

/// How long a poll under way may go on after the stop before it is given up.
const GRACE: Duration = Duration::from_secs(1);

/// Polls the queue with this index until the stop. An error, or a panic of the transport, is waited out.
pub(crate) async fn poll(engine: Arc<Engine>, index: usize) {
    let Some(queue) = engine.queues.get(index) else {
        return;
    };
    let mut failures = 0;
    while let Some(permits) = permits(&engine).await {
        match receive(&engine, queue, permits.len()).await {
            Ok(deliveries) => {
                failures = 0;
                start(&engine, index, deliveries, permits);
            }
            Err(error) => {
                failures += 1;
                engine.counters.failed_polls.fetch_add(1, Ordering::Relaxed);
                drop(permits);
                let wait = BACKOFF.backoff(failures);
                tracing::error!(queue = queue.name, %error, source = error.source_text(), ?wait, "the poll failed, trying again");
                tokio::select! {
                    () = tokio::time::sleep(wait) => {}
                    () = engine.stop.cancelled() => {}
                }
            }
        }
    }
}

/// At least one permit, and as many more as are free, up to a batch; `None` once stopped.
async fn permits(engine: &Arc<Engine>) -> Option<Vec<OwnedSemaphorePermit>> {
    let first = tokio::select! {
        biased;
        () = engine.stop.cancelled() => return None,
        permit = Arc::clone(&engine.permits).acquire_owned() => permit.ok()?,
    };
    let mut permits = vec![first];
    // Several queues share one budget: none takes all of it for a batch that may not come.
    let share = (engine.concurrency / engine.queues.len().max(1)).clamp(1, engine.transport.capabilities().max_batch);
    while permits.len() < share
        && let Ok(permit) = Arc::clone(&engine.permits).try_acquire_owned()
    {
        permits.push(permit);
    }
    Some(permits)
}

async fn receive(engine: &Engine, queue: &Queue, max: usize) -> Result<Vec<Delivery>, TransportError> {
    let receive = AssertUnwindSafe(engine.transport.receive(&queue.name, max, engine.wait)).catch_unwind();
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
    let deliveries = tokio::select! {
        biased;
        received = receive => match received {
            Ok(received) => received?,
            Err(_) => return Err(TransportError::new(TransportErrorKind::Unavailable, "the transport panicked")),
        },
        () = stopped => Vec::new(),
    };
    engine.counters.received.fetch_add(deliveries.len() as u64, Ordering::Relaxed);
    Ok(deliveries)
}

/// Messages of one group go into one lane, in order; all lanes run side by side. What came after the stop is handed back.
fn start(engine: &Arc<Engine>, index: usize, deliveries: Vec<Delivery>, mut permits: Vec<OwnedSemaphorePermit>) {
    let mut lanes: Vec<Vec<Delivery>> = Vec::new();
    for delivery in deliveries {
        let same = |lane: &&mut Vec<Delivery>| {
            delivery.group.is_some() && lane.first().is_some_and(|first| first.group == delivery.group)
        };
        match lanes.iter_mut().find(same) {
            Some(lane) => lane.push(delivery),
            None => lanes.push(vec![delivery]),
        }
    }
    let late = engine.stop.is_cancelled();
    for deliveries in lanes {
        let rest = permits.split_off(deliveries.len().min(permits.len()));
        let mine = std::mem::replace(&mut permits, rest);
        let engine_of_lane = Arc::clone(engine);
        engine.lanes.spawn(async move {
            let Some(queue) = engine_of_lane.queues.get(index) else {
                return;
            };
            let abort = &engine_of_lane.abort;
            if late {
                let stopped = tokio_util::sync::CancellationToken::new();
                stopped.cancel();
                lane::run(&engine_of_lane, queue, deliveries, &stopped).await;
            } else {
                lane::run(&engine_of_lane, queue, deliveries, abort).await;
            }
            drop(mine);
        });
    }
}
