//! Changing how a queue is consumed, while it is.

use std::fmt;
use std::sync::Arc;

use super::engine::Engine;
use super::queue::Queue;

/// A queue that is being consumed, to pause it or to change its share of the concurrency. Made by
/// [`EventBus::queue`](crate::EventBus::queue) and [`ConsumerHandle::queue`](crate::ConsumerHandle::queue).
#[derive(Clone)]
pub struct QueueControl {
    engine: Arc<Engine>,
    index: usize,
}

impl QueueControl {
    pub(crate) fn of(engine: &Arc<Engine>, name: &str) -> Option<Self> {
        let index = engine.queues.iter().position(|queue| queue.name == name)?;
        Some(Self { engine: Arc::clone(engine), index })
    }

    /// Stops receiving from it. Messages in flight are still handled, and so are those that an open poll still returns.
    pub fn pause(&self) {
        self.switch(false);
    }

    /// Starts receiving from it again.
    pub fn resume(&self) {
        self.switch(true);
    }

    /// Whether it is paused.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.queue().is_some_and(|queue| !queue.switch.is_on())
    }

    /// Sets its share of the concurrency, relative to the other queues, when demand exceeds it; at least 1.
    pub fn set_weight(&self, weight: usize) {
        self.engine.budget.set_weight(self.index, weight);
    }

    fn switch(&self, on: bool) {
        if let Some(queue) = self.queue() {
            queue.switch.set(on);
            tracing::info!(queue = queue.name, on, "switched");
        }
    }

    fn queue(&self) -> Option<&Queue> {
        self.engine.queues.get(self.index)
    }
}

impl fmt::Debug for QueueControl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.queue().map(|queue| queue.name.as_str());
        f.debug_struct("QueueControl").field("queue", &name).field("paused", &self.is_paused()).finish()
    }
}
