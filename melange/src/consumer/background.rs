//! The tasks of a consumer that runs in the background: all tracked, started again when they die, ended in order.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use super::engine::Engine;
use super::receive::receive_all;
use super::settle::Settler;
use crate::dispatch::let_go;
use crate::retry::RetryPolicy;

/// Waits before a task that died is started again.
const RESTARTS: RetryPolicy = RetryPolicy::new(u32::MAX, Duration::from_millis(100), Duration::from_secs(10));

/// Starts receiving from every queue. A second call does nothing.
pub(crate) fn spawn(engine: &Arc<Engine>) {
    if let Ok(runtime) = Handle::try_current() {
        // Another call has set the same, or does nothing.
        let _ = engine.runtime.set(runtime);
    }
    if engine.queues.is_empty() {
        tracing::warn!(
            "started without a subscriber, so nothing is consumed: call `.linked()` on the builder to use the program's subscribers"
        );
    }
    for index in 0..engine.queues.len() {
        let (Some(queue), Some(settler)) = (engine.queues.get(index), Settler::start(engine, index)) else { continue };
        if queue.settler.set(settler).is_err() {
            continue;
        }
        let of_keeper = Arc::clone(engine);
        engine.settlers.spawn(async move {
            let Some(queue) = of_keeper.queues.get(index) else { return };
            let keep = || async {
                tokio::select! {
                    never = queue.leases.keep(&of_keeper.transport) => match never {},
                    never = queue.rows.watch() => match never {},
                }
            };
            tokio::select! {
                () = supervise(&of_keeper.settled, "the keeper of leases", keep) => {}
                () = of_keeper.settled.cancelled() => {}
            }
        });
        let of_receiver = Arc::clone(engine);
        engine.polls.spawn(async move {
            supervise(&of_receiver.stop, "the poll", || receive_all(&of_receiver, index)).await;
        });
    }
    let of_closer = Arc::clone(engine);
    engine.settlers.spawn(async move { close(&of_closer).await });
}

/// After the stop: first the polls end, then the lanes, then what settles.
async fn close(engine: &Engine) {
    engine.stop.cancelled().await;
    engine.polls.close();
    engine.lanes.close();
    engine.settlers.close();
    engine.polls.wait().await;
    engine.lanes.wait().await;
    engine.settled.cancel();
}

/// Runs `task` until it ends; if it panics, it is started again, unless that is `over`.
async fn supervise<F: Future<Output = ()>>(over: &CancellationToken, what: &str, task: impl Fn() -> F) {
    let mut deaths = 0;
    while let Err(thrown) = AssertUnwindSafe(task()).catch_unwind().await {
        let_go(thrown);
        deaths += 1;
        let wait = RESTARTS.backoff(deaths);
        tracing::error!(deaths, ?wait, "{what} panicked and is started again: please report this as a bug in melange");
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = over.cancelled() => return,
        }
    }
}
