//! Leases that are kept for a single call, beside it: its handler may block the caller's thread, where nothing else
//! runs then.

use std::convert::Infallible;
use std::sync::Arc;

use tokio_util::task::AbortOnDropHandle;

use super::engine::Engine;
use super::queue::Queue;
use crate::runtime::give_way;

/// A task that keeps the leases of a queue, and ends when this is dropped.
pub(super) struct Beside<'a> {
    engine: &'a Engine,
    queue: &'a Queue,
    task: AbortOnDropHandle<Infallible>,
}

impl<'a> Beside<'a> {
    /// Begins to keep them. Must be called within a runtime.
    pub(super) async fn start(engine: &'a Engine, queue: &'a Queue) -> Self {
        let (leases, transport) = (Arc::clone(&queue.leases), engine.transport.clone());
        let task = AbortOnDropHandle::new(tokio::spawn(async move { leases.keep(&transport).await }));
        // Tokio keeps the task woken last with this thread until it has run once: only then can any thread continue it.
        give_way().await;
        Self { engine, queue, task }
    }

    /// Keeps them here, once the task has died.
    pub(super) async fn until_it_dies(&mut self) -> Infallible {
        match (&mut self.task).await {
            Ok(never) => match never {},
            Err(_) => {
                tracing::error!(
                    queue = self.queue.name,
                    "the keeper of leases died, and they are kept where it was started: please report this as a bug in melange"
                );
                self.queue.leases.keep(&self.engine.transport).await
            }
        }
    }
}
