//! What a shutdown does for queues that end with the bus.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use crate::consumer::Engine;
use crate::runtime::timer;
use crate::transport::MemoryTransport;

/// For in-memory queues that nobody else holds, whose contents would be lost: waits until nothing is left to receive
/// and no message is in flight, for `deadline` at most. Other queues outlive the bus, and keep their messages for the
/// next consumer.
pub(super) async fn drain(engine: &Arc<Engine>, deadline: Duration) {
    let Some(memory) = engine.transport.downcast::<MemoryTransport>().filter(|memory| memory.is_held_by_one()) else {
        return;
    };
    engine.hurry.cancel();
    let first_busy = || {
        let on = engine.queues.iter().filter(|queue| queue.switch.is_on());
        memory.first_busy(on.map(|queue| (queue.name.as_str(), queue)))
    };
    let end = timer(engine.runtime.get(), || sleep(deadline));
    let quiet = async {
        while let Some((queue, over)) = first_busy() {
            tokio::select! {
                () = over => {}
                () = queue.switch.off() => {}
            }
        }
    };
    tokio::select! {
        biased;
        () = quiet => {}
        () = end => {}
        () = engine.stop.cancelled() => {}
    }
}
