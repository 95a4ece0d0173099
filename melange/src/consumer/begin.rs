//! From what a receive brought to lanes that run.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::time::Instant;
use tokio_util::sync::ReusableBoxFuture;

use super::budget::Permits;
use super::engine::Engine;
use super::lane::{Held, Lane};
use crate::transport::Delivery;

/// How long the lanes of one receive may run one after the other before those that are left get tasks of their own.
const TOGETHER: Duration = Duration::from_millis(1);

/// Messages of one group go into one lane, in order; all lanes run side by side. What came after the stop is handed back.
///
/// Where handlers have been brief, a lane first runs here as far as it comes without waiting: to make a task, and to wake
/// who runs it, takes longer than such a handler.
pub(crate) fn begin(engine: &Arc<Engine>, index: usize, deliveries: Vec<Delivery>, mut permits: Permits) {
    let Some(queue) = engine.queues.get(index) else { return };
    let late = engine.stop.is_cancelled();
    let until = queue.pace.is_brief().then(|| Instant::now() + TOGETHER);
    let mut place: Option<ReusableBoxFuture<'static, ()>> = None;
    let mut start = |first: Held, behind: VecDeque<Held>| {
        let permits = permits.split(1 + behind.len());
        let mut lane = Lane { engine: Arc::clone(engine), queue: index, first: Some(first), behind, permits };
        let run = engine.lanes.track_future(async move {
            if late {
                lane.release(Duration::ZERO).await;
            } else {
                lane.run().await;
            }
        });
        // In a box, since it is more than a kilobyte large; in that of the one before, if that has ended.
        let mut run = match place.take() {
            None => ReusableBoxFuture::new(run),
            Some(mut place) => {
                place.set(run);
                place
            }
        };
        if until.is_none_or(|until| Instant::now() >= until) {
            tokio::spawn(run);
            return;
        }
        match catch_unwind(AssertUnwindSafe(|| run.get_pin().now_or_never())) {
            Ok(Some(())) => place = Some(run),
            Ok(None) => drop(tokio::spawn(run)),
            Err(_) => tracing::error!(
                queue = queue.name,
                "a lane panicked, and its messages come again: please report this as a bug in melange"
            ),
        }
    };
    let take = |delivery: Delivery| Held { lease: queue.leases.take(delivery.receipt.clone()), delivery };
    if deliveries.iter().all(|delivery| delivery.group.is_none()) {
        deliveries.into_iter().for_each(|delivery| start(take(delivery), VecDeque::new()));
    } else {
        by_group(deliveries.into_iter().map(take)).into_iter().for_each(|(first, behind)| start(first, behind));
    }
}

/// The first of each group with those behind it; what has no group stands alone.
fn by_group(all: impl ExactSizeIterator<Item = Held>) -> Vec<(Held, VecDeque<Held>)> {
    let mut groups: Vec<(Held, VecDeque<Held>)> = Vec::with_capacity(all.len());
    for held in all {
        let group = &held.delivery.group;
        match groups.iter_mut().find(|(first, _)| group.is_some() && first.delivery.group == *group) {
            Some((_, behind)) => behind.push_back(held),
            None => groups.push((held, VecDeque::new())),
        }
    }
    groups
}
