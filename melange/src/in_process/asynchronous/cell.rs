//! The reusable box of an event that its subscribers only borrow: it stays in its place in the queue, for the next
//! event.

use std::any::Any;
use std::sync::Arc;

use super::carried::Carried;
use super::job::Job;
use crate::event::{Erased, Event};

/// Larger events are allocated one by one, in bytes: what lies idle must be little.
const LARGEST: usize = 256;

pub(super) struct Cell<E>(Option<E>);

/// A [`Cell`] that still knows its type.
pub(super) trait Owned: Any + Send + Sync {
    fn event(&self) -> Option<&dyn Carried>;

    /// Takes the event out, as a shared one.
    fn share(&mut self) -> Option<Erased>;
}

impl<E: Event> Owned for Cell<E> {
    fn event(&self) -> Option<&dyn Carried> {
        self.0.as_ref().map(|event| event as &dyn Carried)
    }

    fn share(&mut self) -> Option<Erased> {
        self.0.take().map(|event| Arc::new(event) as Erased)
    }
}

impl<E: Event> Cell<E> {
    /// Whether it is kept once the event is over.
    pub(super) const IS_KEPT: bool = size_of::<E>() <= LARGEST;

    pub(super) fn new(event: E) -> Self {
        Self(Some(event))
    }

    #[inline]
    pub(super) fn get(&self) -> Option<&E> {
        self.0.as_ref()
    }

    pub(super) fn take(&mut self) -> Option<E> {
        self.0.take()
    }

    /// Drops the event, which may panic.
    #[inline]
    pub(super) fn clear(&mut self) {
        self.0 = None;
    }

    /// Puts an event into the box that the last one in this place has left, if it fits.
    #[inline(always)]
    pub(super) fn fill(place: &mut Option<Job>, event: E) {
        match place.as_mut().and_then(Job::own::<E>) {
            Some(cell) => cell.0 = Some(event),
            _ => *place = Some(Job::Own(Box::new(Self::new(event)))),
        }
    }
}
