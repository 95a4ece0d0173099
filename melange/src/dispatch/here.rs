//! The fast path, which most runs take: without a timeout, and without a span that is recorded.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context, Poll};

use super::failed::{Failed, let_go, verdict};
use crate::context::RawContext;
use crate::outcome::Outcome;
use crate::subscriber::{AsyncCall, BoxFuture, Subscription, SyncCall};

/// A run that has begun. If it is cut off, a panic while it is dropped is contained.
#[derive(Default)]
pub(crate) struct Begun<'a>(Option<BoxFuture<'a, Outcome>>);

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        let_go(self.0.take());
    }
}

/// Runs a sync subscriber without a timeout, inline. Returns `None` if it succeeds.
#[inline]
pub(crate) fn run_here(subscription: &Subscription, call: SyncCall, raw: &RawContext<'_>) -> Option<Box<Failed>> {
    unless_done(subscription, catch_unwind(AssertUnwindSafe(|| call(subscription.instance.as_ref(), raw))))
}

/// Starts an async subscriber without a timeout, or continues it.
#[inline]
pub(crate) fn poll_here<'a>(
    subscription: &'a Subscription,
    call: AsyncCall,
    raw: &'a RawContext<'a>,
    begun: &mut Begun<'a>,
    cx: &mut Context<'_>,
) -> Poll<Option<Box<Failed>>> {
    let run = catch_unwind(AssertUnwindSafe(|| {
        begun.0.get_or_insert_with(|| call(subscription.instance.as_ref(), raw)).as_mut().poll(cx)
    }));
    match run {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(outcome)) => Poll::Ready(unless_done(subscription, Ok(outcome))),
        Err(panic) => Poll::Ready(unless_done(subscription, Err(panic))),
    }
}

#[inline]
fn unless_done(subscription: &Subscription, run: std::thread::Result<Outcome>) -> Option<Box<Failed>> {
    match run {
        Ok(Outcome::Done) => None,
        run => failure_of(subscription, run),
    }
}

#[cold]
fn failure_of(subscription: &Subscription, run: std::thread::Result<Outcome>) -> Option<Box<Failed>> {
    verdict(&subscription.descriptor, run).err().map(Box::new)
}
