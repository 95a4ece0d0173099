//! How an event gets into the queue.

use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::direct;
use super::line::{Labelled, Refusal};
use super::shared::Shared;
use super::state::{Job, Kind};
use crate::deprecation;
use crate::error::publish::{self, PublishError};
use crate::event::{Erased, Event};
use crate::in_process::failures::TryPublishError;
use crate::in_process::queued::Demands;
use crate::metadata::Metadata;

/// Carries what is known of an event's type, in one place for each.
struct Of<E>(PhantomData<E>);

impl<E: Event> Of<E> {
    const KIND: &'static Kind = &Kind {
        descriptor: E::DESCRIPTOR,
        metadata: metadata_of::<E>,
        make_tasks: direct::tasks::<E>,
        poll_tasks: direct::poll::<E>,
    };
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
        deprecation::warn_once(E::DESCRIPTOR);
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
        refused.map_or(Ok(()), |(event, why)| Err(TryPublishError::new(event, refusal(E::DESCRIPTOR.name(), why))))
    }

    /// Nothing is queued until it is polled.
    #[inline]
    pub(super) fn publish<E: Event>(&self, event: E) -> Publish<'_> {
        let event = Label::of(&event, self).on(event);
        Publish { shared: self, name: E::DESCRIPTOR.name(), event: Some(event), ticket: None }
    }
}

fn refusal(event: &'static str, why: Refusal) -> PublishError {
    let kind = match why {
        Refusal::Closed => publish::Kind::Closed,
        Refusal::Full => publish::Kind::Full,
    };
    PublishError::new(event, None, kind)
}

/// An event on its way into the queue. Dropped while it waits for room, it gives up its place in line.
pub(super) struct Publish<'a> {
    shared: &'a Shared,
    name: &'static str,
    /// Until it is polled.
    event: Option<Labelled>,
    /// Its place in line.
    ticket: Option<u64>,
}

impl Future for Publish<'_> {
    type Output = Result<(), PublishError>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        if this.event.is_none() {
            return this.wait(cx);
        }
        let event = &mut this.event;
        let refused = this.shared.update(|state| match state.admits(|| this.shared.caller()) {
            Ok(()) => {
                event.take().into_iter().for_each(|event| state.push(event));
                None
            }
            Err(why) => Some(why),
        });
        match refused {
            None => Poll::Ready(Ok(())),
            Some(why) => this.refused(why, cx),
        }
    }
}

impl Publish<'_> {
    /// Gets in line if that helps.
    #[cold]
    fn refused(&mut self, why: Refusal, cx: &mut Context<'_>) -> Poll<Result<(), PublishError>> {
        // If it is dropped it is here, and not under the lock.
        let (Refusal::Full, Some(event)) = (why, self.event.take()) else {
            return Poll::Ready(Err(refusal(self.name, why)));
        };
        // The waker is somebody else's code: it is cloned here, and not under the lock.
        let (waker, caller) = (cx.waker().clone(), self.shared.caller());
        let place = self.shared.update(|state| match state.admits(|| caller) {
            Ok(()) => {
                state.push(event);
                Ok(None)
            }
            Err(Refusal::Full) => state.wait(event, caller, waker).map(Some).map_err(|event| (Refusal::Full, event)),
            Err(Refusal::Closed) => Err((Refusal::Closed, event)),
        });
        match place {
            Ok(None) => Poll::Ready(Ok(())),
            Ok(Some(ticket)) => {
                self.ticket = Some(ticket);
                Poll::Pending
            }
            Err((why, _)) => Poll::Ready(Err(refusal(self.name, why))),
        }
    }

    /// Asks again.
    #[cold]
    fn wait(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), PublishError>> {
        let Some(ticket) = self.ticket.take() else { return Poll::Ready(Err(refusal(self.name, Refusal::Closed))) };
        let waker = cx.waker().clone();
        let (answer, left) = self.shared.update(|state| state.ask(ticket, waker));
        if answer.is_pending() {
            self.ticket = Some(ticket);
        }
        drop(left);
        answer.map_err(|why| refusal(self.name, why))
    }
}

impl Drop for Publish<'_> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            drop(self.shared.update(|state| state.leave(ticket)));
        }
    }
}
