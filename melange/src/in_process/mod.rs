//! The two buses that never leave the process: one in the caller's thread, one over worker tasks.

pub(crate) mod asynchronous;
pub(crate) mod direct;
pub(crate) mod entry;
mod failures;
mod listed;
mod queued;
mod synchronous;
mod table;

pub(crate) use asynchronous::on_a_thread;
pub use asynchronous::{AsynchronousEventBus, AsynchronousEventBusBuilder, Drained, InProcessMetrics};
pub use entry::SubscriptionHandle;
pub use failures::{DispatchError, TryPublishError};
pub use synchronous::{SynchronousEventBus, SynchronousEventBusBuilder};

/// A lock whose holders never run anyone else's code, so that nothing is half done when one of them panics.
fn unpoisoned<G>(locked: Result<G, std::sync::PoisonError<G>>) -> G {
    locked.unwrap_or_else(std::sync::PoisonError::into_inner)
}
