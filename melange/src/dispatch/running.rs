//! Futures that are stored elsewhere, and are dropped by the code that polls them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use super::let_go;

/// A running future, stored elsewhere because it is large. It is dropped together with this, and so within the same
/// trace or span. If it is cut off, by its timeout or by its caller, a panic while it is dropped is contained.
pub(crate) struct Running<'a, F>(Pin<&'a mut Option<F>>);

impl<'a, F> Running<'a, F> {
    pub(crate) fn new(held: Pin<&'a mut Option<F>>) -> Self {
        Self(held)
    }
}

impl<F: Future> Future for Running<'_, F> {
    type Output = F::Output;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.0.as_mut().as_pin_mut() {
            Some(running) => running.poll(cx),
            None => Poll::Pending,
        }
    }
}

impl<F> Drop for Running<'_, F> {
    #[inline]
    fn drop(&mut self) {
        if let Err(thrown) = catch_unwind(AssertUnwindSafe(|| self.0.set(None))) {
            let_go(thrown);
        }
    }
}
