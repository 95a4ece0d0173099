//! What a shutdown does for queues that end with the bus.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{interval, sleep};

use crate::consumer::Engine;
use crate::runtime::timer;
use crate::transport::MemoryTransport;

/// Between two looks at the queues.
const LOOK: Duration = Duration::from_millis(5);

/// Waits until nothing is left to receive and nothing is in hand, for `deadline` at most, if the queues are in memory that nobody
/// else holds: what is in them would be gone. Other queues outlive the bus, and are left to whoever comes next.
pub(super) async fn drain(engine: &Arc<Engine>, deadline: Duration) {
    let Some(memory) = engine.transport.downcast::<MemoryTransport>().filter(|memory| memory.is_held_by_one()) else {
        return;
    };
    let is_left = || {
        engine.queues.iter().filter(|queue| queue.switch.is_on()).any(|queue| {
            let depth = memory.depth(&queue.name);
            depth.visible + depth.in_hand > 0
        })
    };
    let (mut looks, end) = timer(engine.runtime.get(), || (interval(LOOK), sleep(deadline)));
    let quiet = async {
        while is_left() {
            looks.tick().await;
        }
    };
    tokio::select! {
        biased;
        () = quiet => {}
        () = end => {}
        () = engine.stop.cancelled() => {}
    }
}
