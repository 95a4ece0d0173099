//! From what a receive brought to lanes that run.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use std::vec;

use tokio::time::Instant;

use super::budget::Permits;
use super::engine::Engine;
use super::lane::{Held, Lane};
use super::row::Row;
use crate::transport::Delivery;

/// Messages of one group go into one lane, in order; all lanes run concurrently. Messages received after the stop are
/// returned to the queue.
///
/// If handlers have recently been fast, lanes first run one after the other (in a row), in one task, as long as they do
/// not wait: creating and waking a task takes longer than such a handler. They never run in the receiving task, which
/// must not wait for a handler, even one that blocks its thread.
pub(crate) fn begin(engine: &Arc<Engine>, index: usize, deliveries: Vec<Delivery>, mut permits: Permits) {
    let Some(queue) = engine.queues.get(index).filter(|_| !deliveries.is_empty()) else { return };
    let late = engine.stop.is_cancelled();
    // Permits for messages that were requested but did not come are free at once, however long the others take.
    permits.keep(deliveries.len());
    let in_a_row = deliveries.len() > 1 && queue.pace.is_brief() && !late;
    // All at once, and before any is run: their visibility timeouts have already begun.
    let mut rest = Rest { held: queue.leases.take_all(deliveries).into_iter(), permits };
    if in_a_row {
        return Row::begin(engine, index, rest);
    }
    while let Some(lane) = rest.next() {
        spawn(engine, index, lane, late);
    }
}

/// The first message of a lane, those of its group behind it, and permits for all of them.
pub(super) type Begins = (Held, VecDeque<Held>, Permits);

/// The lanes that have not begun.
pub(super) struct Rest {
    held: vec::IntoIter<Held>,
    pub(super) permits: Permits,
}

impl Rest {
    pub(super) fn len(&self) -> usize {
        self.held.len()
    }

    /// The next lane.
    pub(super) fn next(&mut self) -> Option<Begins> {
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

/// Runs a lane in a task of its own.
pub(super) fn spawn(engine: &Arc<Engine>, index: usize, lane: Begins, late: bool) {
    tokio::spawn(Box::pin(engine.lanes.track_future(alone(Arc::clone(engine), index, lane, late))));
}

async fn alone(engine: Arc<Engine>, index: usize, (first, behind, permits): Begins, late: bool) {
    let Some(queue) = engine.queues.get(index) else { return };
    let mut lane = Lane { engine: &engine, queue, index, row: None, first: Some(first), behind, permits };
    if late {
        lane.release(Duration::ZERO).await;
    } else {
        lane.run(Instant::now()).await;
    }
}
