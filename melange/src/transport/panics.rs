//! A panic of a transport is only a failure: its caller continues.

use std::future::ready;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;

use super::{TransportError, TransportErrorKind};
use crate::dispatch::{contained, let_go};
use crate::subscriber::BoxFuture;

/// What `call` answers, or `failed` if it panics.
pub(super) fn caught<'a, T, F>(call: impl FnOnce() -> F, failed: impl FnOnce() -> T + Send + 'a) -> BoxFuture<'a, T>
where
    T: Send + 'a,
    F: Future<Output = T> + Send + 'a,
{
    // Making the future may panic too.
    match contained(call) {
        Some(answer) => Box::pin(AssertUnwindSafe(answer).catch_unwind().map(|answer| {
            answer.unwrap_or_else(|thrown| {
                let_go(thrown);
                failed()
            })
        })),
        None => Box::pin(ready(failed())),
    }
}

/// The error for a panic. It is not known how far the call came.
pub(super) fn panicked(doing: &str) -> TransportError {
    let what = format!("the transport panicked while {doing}: please report this as a bug of the transport");
    TransportError::new(TransportErrorKind::Unavailable, what)
}

/// The same for each of so many.
pub(super) fn all_panicked(count: usize, doing: &str) -> Vec<Result<(), TransportError>> {
    (0..count).map(|_| Err(panicked(doing))).collect()
}
