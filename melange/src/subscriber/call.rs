//! How a subscriber is called, whatever it was written as.

use std::any::Any;
use std::future::Future;
use std::pin::Pin;

use crate::context::RawContext;
use crate::outcome::Outcome;

/// A boxed future that may move between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The value a subscriber runs on; `()` for functions.
pub type Instance = dyn Any + Send + Sync;

/// A subscriber that is no future.
pub(crate) type SyncCall = fn(&Instance, &RawContext<'_>) -> Outcome;

/// A subscriber that is one.
pub(crate) type AsyncCall = for<'cx> fn(&'cx Instance, &'cx RawContext<'cx>) -> BoxFuture<'cx, Outcome>;

/// How a subscriber is run.
#[derive(Debug, Clone, Copy)]
pub enum Call {
    /// Here, in this thread.
    Sync(fn(&Instance, &RawContext<'_>) -> Outcome),
    /// On a thread for blocking work.
    Blocking(fn(&Instance, &RawContext<'_>) -> Outcome),
    /// As a future.
    Async(for<'cx> fn(&'cx Instance, &'cx RawContext<'cx>) -> BoxFuture<'cx, Outcome>),
}

/// What a shim answers when it is handed what it was not made for: a bug in Melange, never a panic.
#[must_use]
pub fn mismatch() -> Outcome {
    Outcome::retry(
        "a subscriber was handed an event or a value of another type: please report this as a bug in melange",
    )
}
