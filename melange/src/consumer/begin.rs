//! From what a receive brought to lanes that run.

use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use std::vec;

use futures_util::FutureExt as _;
use futures_util::future::poll_immediate;
use tokio::task::yield_now;
use tokio::time::Instant;

use super::budget::Permits;
use super::engine::Engine;
use super::lane::{Held, Lane};
use super::queue::Queue;
use crate::subscriber::BoxFuture;
use crate::transport::Delivery;

/// How long lanes may run one after the other here before those that are left get a task of their own.
const TOGETHER: Duration = Duration::from_millis(1);

/// Messages of one group go into one lane, in order; all lanes run side by side. What came after the stop is handed back.
///
/// Where handlers have been brief, lanes first run here, in a row, as far as they come without waiting: to make a task, and
/// to wake who runs it, takes longer than such a handler.
pub(crate) fn begin(engine: &Arc<Engine>, index: usize, deliveries: Vec<Delivery>, mut permits: Permits) {
    let Some(queue) = engine.queues.get(index).filter(|_| !deliveries.is_empty()) else { return };
    let late = engine.stop.is_cancelled();
    // What was asked for and did not come is free again, however long those take that did.
    permits.keep(deliveries.len());
    // All at once, and before any has its turn: their time runs already.
    let mut rest = Rest { held: queue.leases.take_all(deliveries).into_iter(), permits };
    if queue.pace.is_brief() && !late {
        return go_on(engine, index, rest);
    }
    while let Some((first, behind, permits)) = rest.next() {
        let lane = alone(Arc::clone(engine), index, first, behind, permits, late);
        tokio::spawn(Box::pin(engine.lanes.track_future(lane)));
    }
}

/// Runs a row as far as it comes now, and as a task from then on.
fn go_on(engine: &Arc<Engine>, index: usize, rest: Rest) {
    // In a box, since it is more than a kilobyte large, and may move.
    let mut row = Box::pin(engine.lanes.track_future(in_a_row(Arc::clone(engine), index, rest)));
    if row.as_mut().now_or_never().is_none() {
        tokio::spawn(row);
    }
}

/// What has not begun.
struct Rest {
    held: vec::IntoIter<Held>,
    permits: Permits,
}

impl Rest {
    /// The next lane: the first message, those of its group behind it, and permits for all of them.
    fn next(&mut self) -> Option<(Held, VecDeque<Held>, Permits)> {
        let first = self.held.next()?;
        let group = &first.delivery.group;
        let is_behind = |other: &Held| group.is_some() && other.delivery.group == *group;
        let mut behind = Vec::new();
        if self.held.as_slice().iter().any(is_behind) {
            let others: Vec<Held>;
            (behind, others) = std::mem::take(&mut self.held).partition(is_behind);
            self.held = others.into_iter();
        }
        let permits = self.permits.split(1 + behind.len());
        Some((first, behind.into(), permits))
    }
}

/// Lanes one after the other. As soon as one waits, those behind it go on without it.
async fn in_a_row(engine: Arc<Engine>, index: usize, mut rest: Rest) {
    let Some(queue) = engine.queues.get(index) else { return };
    let mut now = Instant::now();
    let mut until = now + TOGETHER;
    while let Some((first, behind, permits)) = rest.next() {
        let mut lane = Lane { engine: &engine, queue, index, first: Some(first), behind, permits };
        let mut run = pin!(AssertUnwindSafe(lane.run(now)).catch_unwind());
        let Some(ended) = poll_immediate(run.as_mut()).await else {
            if rest.held.len() > 0 {
                tokio::spawn(engine.lanes.track_future(in_a_row_again(Arc::clone(&engine), index, rest)));
            }
            if run.await.is_err() {
                died(queue);
            }
            return;
        };
        now = ended.unwrap_or_else(|_| {
            died(queue);
            Instant::now()
        });
        if now >= until {
            // Others have their turn: who receives, and other tasks.
            yield_now().await;
            now = Instant::now();
            until = now + TOGETHER;
        }
    }
}

/// The same, as a type that does not hold itself.
fn in_a_row_again(engine: Arc<Engine>, index: usize, rest: Rest) -> BoxFuture<'static, ()> {
    Box::pin(in_a_row(engine, index, rest))
}

/// A lane by itself.
async fn alone(engine: Arc<Engine>, index: usize, first: Held, behind: VecDeque<Held>, permits: Permits, late: bool) {
    let Some(queue) = engine.queues.get(index) else { return };
    let mut lane = Lane { engine: &engine, queue, index, first: Some(first), behind, permits };
    if late {
        lane.release(Duration::ZERO).await;
    } else {
        lane.run(Instant::now()).await;
    }
}

/// A lane panicked.
fn died(queue: &Queue) {
    tracing::error!(
        queue = queue.name,
        "a lane panicked, and its messages come again: please report this as a bug in melange"
    );
}
