//! How an event gets into the queue.

use std::mem;
use std::pin::Pin;
use std::sync::{Arc, MutexGuard};
use std::task::{Context, Poll};

use tokio::task::coop;

use super::carried::Carried;
use super::cell::Cell;
use super::inboxes::Posted;
use super::job::{Job, Use};
use super::lanes::Mark;
use super::line::{Labelled, Refusal};
use super::shared::Shared;
use super::state::State;
use crate::deprecation;
use crate::error::publish::{self, PublishError};
use crate::event::Event;
use crate::in_process::failures::TryPublishError;
use crate::metadata::Metadata;

/// What is read from an event before the lock is taken, because this runs the event's own code.
struct Label {
    hash: Option<u64>,
    mark: Mark,
    uses: Use,
    metadata: Option<Arc<Metadata>>,
}

impl Label {
    #[inline]
    fn of<E: Event>(event: &E, shared: &Shared) -> Self {
        deprecation::warn_once(E::DESCRIPTOR);
        let route = event.route();
        let (mark, uses) = shared.table.mark::<E>();
        let hash = route.key.as_deref().map(|key| shared.hash(key));
        let metadata = (uses == Use::Describe).then(|| Arc::new(Metadata::routed(E::DESCRIPTOR, &route)));
        Self { hash, mark, uses, metadata }
    }
}

impl Shared {
    pub(super) fn try_publish<E: Event>(&self, event: E) -> Result<(), TryPublishError<E>> {
        let Label { hash, mark, uses, metadata } = Label::of(&event, self);
        if let Some(mut inbox) = self.inboxes.open(hash)
            && let Some(place) = inbox.place(hash, mark)
        {
            match uses {
                Use::Borrow => Cell::fill(place, event),
                Use::Share | Use::Describe => *place = Some(Job::new(event, uses, metadata)),
            }
            self.leave(inbox, hash);
            return Ok(());
        }
        match self.let_in(hash) {
            Ok(mut state) => {
                // Only now, because a refused publisher gets the event back.
                state.push(Labelled { event: Job::new(event, uses, metadata), hash, mark });
                self.unlock(state);
                Ok(())
            }
            Err(why) => Err(TryPublishError::new(event, refusal(E::DESCRIPTOR.name(), why))),
        }
    }

    /// Nothing is queued until it is polled.
    #[inline]
    pub(super) fn publish<E: Event>(&self, event: E) -> Publish<'_, E> {
        Publish { shared: self, step: Step::Unasked(event) }
    }

    /// Takes the event, if there is room.
    #[inline(always)]
    fn offer<E: Event>(&self, event: E) -> Option<(Refusal, Labelled)> {
        let Label { hash, mark, uses, metadata } = Label::of(&event, self);
        // Each way by itself, so that the event stays in registers: through memory it would cost as much as the lock.
        match (uses, metadata) {
            (Use::Borrow, _) => {
                if let Some(mut inbox) = self.inboxes.open(hash)
                    && let Some(place) = inbox.place(hash, mark)
                {
                    Cell::fill(place, event);
                    self.leave(inbox, hash);
                    return None;
                }
                self.offer_to_state(Job::new(event, uses, None), hash, mark)
            }
            (_, None) => self.offer_shared(Arc::new(event) as Arc<dyn Carried>, hash, mark),
            (_, metadata) => self.offer_shared(Job::new(event, uses, metadata), hash, mark),
        }
    }

    #[inline(never)]
    fn offer_shared<J: Into<Job>>(&self, event: J, hash: Option<u64>, mark: Mark) -> Option<(Refusal, Labelled)> {
        if let Some(mut inbox) = self.inboxes.open(hash)
            && let Some(place) = inbox.place(hash, mark)
        {
            Job::write(place, event);
            self.leave(inbox, hash);
            return None;
        }
        self.offer_to_state(event.into(), hash, mark)
    }

    #[inline]
    fn leave(&self, inbox: MutexGuard<'_, Posted<Job>>, hash: Option<u64>) {
        let has_sleepers = inbox.has_sleepers();
        drop(inbox);
        if has_sleepers {
            self.wake_sleepers(hash);
        }
    }

    #[cold]
    fn wake_sleepers(&self, hash: Option<u64>) {
        // If there is something to do, the last holder of the lock wakes them.
        self.update(|state| state.collect_from(self.inboxes.of(hash)));
    }

    #[cold]
    fn offer_to_state(&self, event: Job, hash: Option<u64>, mark: Mark) -> Option<(Refusal, Labelled)> {
        let event = Labelled { event, hash, mark };
        match self.let_in(hash) {
            Ok(mut state) => {
                state.push(event);
                self.unlock(state);
                None
            }
            Err(why) => Some((why, event)),
        }
    }

    /// The state, if it takes one more event, behind all that are in the same inbox.
    fn let_in(&self, hash: Option<u64>) -> Result<MutexGuard<'_, State>, Refusal> {
        let mut state = self.lock();
        state.collect_from(self.inboxes.of(hash));
        match state.admits(|| self.caller()) {
            Ok(()) => Ok(state),
            Err(why) => {
                self.unlock(state);
                Err(why)
            }
        }
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
pub(super) struct Publish<'a, E> {
    shared: &'a Shared,
    step: Step<E>,
}

enum Step<E> {
    Unasked(E),
    /// With the number of its place.
    InLine(u64),
    Over,
}

/// The event is moved into the queue, and never pinned here.
impl<E> Unpin for Publish<'_, E> {}

impl<E: Event> Future for Publish<'_, E> {
    type Output = Result<(), PublishError>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { shared, step } = self.get_mut();
        let now = mem::replace(step, Step::Over);
        // A loop of publishes lets other tasks on its thread run from time to time.
        let Poll::Ready(budget) = coop::poll_proceed(cx) else {
            *step = now;
            return Poll::Pending;
        };
        let answer = match now {
            Step::Unasked(event) => match shared.offer(event) {
                None => Ok(None),
                Some((why, event)) => shared.refused(event, why, E::DESCRIPTOR.name(), cx),
            },
            Step::InLine(ticket) => shared.ask(ticket, E::DESCRIPTOR.name(), cx),
            Step::Over => Err(refusal(E::DESCRIPTOR.name(), Refusal::Closed)),
        };
        if let Ok(Some(ticket)) = answer {
            *step = Step::InLine(ticket);
            return Poll::Pending;
        }
        budget.made_progress();
        Poll::Ready(answer.map(|_| ()))
    }
}

impl<E> Drop for Publish<'_, E> {
    fn drop(&mut self) {
        if let Step::InLine(ticket) = self.step {
            self.shared.leave_line(ticket);
        }
    }
}

/// The number of a place in line; nothing for an event that is in the queue.
type Place = Result<Option<u64>, PublishError>;

impl Shared {
    /// Gets in line if that helps.
    #[cold]
    fn refused(&self, event: Labelled, why: Refusal, name: &'static str, cx: &Context<'_>) -> Place {
        // If the event is dropped it is here, and not under the lock.
        let Refusal::Full = why else { return Err(refusal(name, why)) };
        // The waker is somebody else's code: it is cloned here, and not under the lock.
        let (waker, caller) = (cx.waker().clone(), self.caller());
        let place = self.update(|state| match state.admits(|| caller) {
            Ok(()) => {
                state.push(event);
                Ok(None)
            }
            Err(Refusal::Full) => state.wait(event, caller, waker).map(Some).map_err(|event| (Refusal::Full, event)),
            Err(Refusal::Closed) => Err((Refusal::Closed, event)),
        });
        place.map_err(|(why, _)| refusal(name, why))
    }

    /// Asks again.
    #[cold]
    fn ask(&self, ticket: u64, name: &'static str, cx: &Context<'_>) -> Place {
        let waker = cx.waker().clone();
        let (answer, left) = self.update(|state| state.ask(ticket, waker));
        drop(left);
        match answer {
            Poll::Pending => Ok(Some(ticket)),
            Poll::Ready(answer) => answer.map(|()| None).map_err(|why| refusal(name, why)),
        }
    }

    #[cold]
    fn leave_line(&self, ticket: u64) {
        drop(self.update(|state| state.leave(ticket)));
    }
}
