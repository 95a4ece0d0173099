//! How an event gets into the queue.

use std::any::Any;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{Context, Poll};

use super::line::{Labelled, Refusal};
use super::shared::Shared;
use super::state::{Job, Kind};
use crate::error::publish::{self, PublishError};
use crate::event::{Erased, Event};
use crate::in_process::direct::{Handlers, How};
use crate::in_process::failures::TryPublishError;
use crate::in_process::table::Demands;
use crate::metadata::Metadata;

/// Carries what is known of an event's type, in one place for each.
struct Of<E>(PhantomData<E>);

impl<E: Event> Of<E> {
    const KIND: &'static Kind = &Kind { descriptor: E::DESCRIPTOR, metadata: metadata_of::<E>, run: run_direct::<E> };
}

fn run_direct<E: Event>(
    handlers: &(dyn Any + Send + Sync),
    event: &Erased,
    is_over: &dyn Fn() -> bool,
    failed: &mut dyn FnMut(usize, How),
) -> Option<bool> {
    let (handlers, event) = (handlers.downcast_ref::<Handlers<E>>()?, event.downcast_ref::<E>()?);
    let mut next = 0;
    // One net under all of them: who falls is taken out, and the next go on.
    while handlers.get(next).is_some() {
        let all = catch_unwind(AssertUnwindSafe(|| {
            while let Some(handler) = handlers.get(next) {
                if is_over() {
                    return false;
                }
                next += 1;
                if let Some(failure) = handler(event, None) {
                    failed(next - 1, How::Failed(failure));
                }
            }
            true
        }));
        match all {
            Ok(true) => {}
            Ok(false) => return Some(false),
            Err(_) => failed(next - 1, How::Panicked),
        }
    }
    Some(true)
}

fn metadata_of<E: Event>(event: &Erased) -> Metadata {
    match event.downcast_ref::<E>() {
        Some(event) => Metadata::of(event),
        None => Metadata::now(E::DESCRIPTOR.name()),
    }
}

/// What is asked of an event before the lock is taken, since it is the event's own code that answers.
struct Label {
    hash: Option<u64>,
    demands: Demands,
    metadata: Option<Arc<Metadata>>,
}

impl Label {
    #[inline]
    fn of<E: Event>(event: &E, shared: &Shared) -> Self {
        let route = event.route();
        let demands = shared.table.demands(E::DESCRIPTOR);
        Self {
            hash: route.key.as_deref().map(|key| shared.hash(key)),
            demands,
            metadata: demands.metadata.then(|| Arc::new(Metadata::routed(E::DESCRIPTOR, &route))),
        }
    }

    #[inline]
    fn on<E: Event>(self, event: E) -> Labelled {
        let Self { hash, demands, metadata } = self;
        Labelled { job: Job { event: Arc::new(event), kind: Of::<E>::KIND, metadata }, hash, alone: demands.worker }
    }
}

impl Shared {
    pub(super) fn try_publish<E: Event>(&self, event: E) -> Result<(), TryPublishError<E>> {
        let label = Label::of(&event, self);
        let refused = self.update(|state| match state.admits(|| self.caller()) {
            Ok(()) => {
                state.push(label.on(event));
                None
            }
            Err(why) => Some((event, why)),
        });
        refused.map_or(Ok(()), |(event, why)| Err(TryPublishError::new(event, refusal::<E>(why))))
    }

    pub(super) async fn publish<E: Event>(&self, event: E) -> Result<(), PublishError> {
        // Where it is not taken it stays, and is not dropped under the lock.
        let mut event = Some(Label::of(&event, self).on(event));
        let admitted = self.update(|state| {
            state.admits(|| self.caller())?;
            event.take().into_iter().for_each(|event| state.push(event));
            Ok(())
        });
        match (admitted, event) {
            (Err(Refusal::Full), Some(event)) => {
                let mut turn = Turn { shared: self, step: Step::Asks(event) };
                poll_fn(|cx| turn.poll(cx)).await.map_err(refusal::<E>)
            }
            (admitted, _) => admitted.map_err(refusal::<E>),
        }
    }
}

fn refusal<E: Event>(why: Refusal) -> PublishError {
    let kind = match why {
        Refusal::Closed => publish::Kind::Closed,
        Refusal::Full => publish::Kind::Full,
    };
    PublishError::new(E::DESCRIPTOR.name(), None, kind)
}

/// A publish that waits for room; dropped before there is an answer, it gives up its place in line.
struct Turn<'a> {
    shared: &'a Shared,
    step: Step,
}

enum Step {
    Asks(Labelled),
    Waits(u64),
    Over,
}

impl Turn<'_> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Refusal>> {
        // The waker is somebody else's code: it is cloned here, and dropped here, not under the lock.
        let waker = cx.waker().clone();
        match std::mem::replace(&mut self.step, Step::Over) {
            Step::Over => Poll::Ready(Err(Refusal::Closed)),
            Step::Asks(event) => {
                let caller = self.shared.caller();
                let place = self.shared.update(|state| match state.admits(|| caller) {
                    Ok(()) => {
                        state.push(event);
                        Ok(None)
                    }
                    Err(Refusal::Full) => {
                        state.wait(event, caller, waker).map(Some).map_err(|event| (Refusal::Full, event))
                    }
                    Err(Refusal::Closed) => Err((Refusal::Closed, event)),
                });
                match place {
                    Ok(None) => Poll::Ready(Ok(())),
                    Ok(Some(ticket)) => {
                        self.step = Step::Waits(ticket);
                        Poll::Pending
                    }
                    Err((why, _)) => Poll::Ready(Err(why)),
                }
            }
            Step::Waits(ticket) => {
                let (answer, left) = self.shared.update(|state| state.ask(ticket, waker));
                if answer.is_pending() {
                    self.step = Step::Waits(ticket);
                }
                drop(left);
                answer
            }
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if let Step::Waits(ticket) = self.step {
            drop(self.shared.update(|state| state.leave(ticket)));
        }
    }
}
