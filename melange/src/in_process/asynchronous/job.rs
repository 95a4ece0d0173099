//! How an event is held on its way, by what its subscribers will do with it.

use std::any::Any;
use std::mem;
use std::sync::Arc;

use super::carried::Carried;
use super::cell::{Cell, Owned};
use crate::event::{Erased, Event};
use crate::metadata::Metadata;

/// What an event's subscribers will do with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::in_process) enum Use {
    /// All of them borrow it.
    Borrow,
    /// Some of them hold it for themselves.
    Share,
    /// Some of them ask for its metadata, too.
    Describe,
}

/// An event on its way.
pub(super) enum Job {
    /// With a single owner, in a box that is reused.
    Own(Box<dyn Owned>),
    Shared(Arc<dyn Carried>),
    /// With its metadata as of when it was published. Few events are, and all others take less room.
    Described(Box<(Arc<dyn Carried>, Arc<Metadata>)>),
}

impl From<Arc<dyn Carried>> for Job {
    #[inline(always)]
    fn from(event: Arc<dyn Carried>) -> Self {
        Self::Shared(event)
    }
}

impl Job {
    pub(super) fn new<E: Event>(event: E, uses: Use, metadata: Option<Arc<Metadata>>) -> Self {
        match (uses, metadata) {
            (Use::Borrow, _) => Self::Own(Box::new(Cell::new(event))),
            (_, None) => Self::Shared(Arc::new(event)),
            (_, Some(metadata)) => Self::Described(Box::new((Arc::new(event), metadata))),
        }
    }

    /// Writes an event to its place in the queue, replacing what was left there.
    #[inline(always)]
    pub(super) fn write(place: &mut Option<Self>, event: impl Into<Self>) {
        *place = None;
        // Nothing is there now that could be dropped: the event need not be put aside meanwhile, which would take
        // longer than all of this.
        mem::forget(place.replace(event.into()));
    }

    pub(super) fn event(&self) -> Option<&dyn Carried> {
        match self {
            Self::Own(cell) => cell.event(),
            Self::Shared(event) => Some(event.as_ref()),
            Self::Described(described) => Some(described.0.as_ref()),
        }
    }

    /// The event, if it is an `E` that has one owner, where it lies.
    #[inline(always)]
    pub(super) fn own<E: Event>(&mut self) -> Option<&mut Cell<E>> {
        let Self::Own(cell) = self else { return None };
        let cell: &mut dyn Any = cell.as_mut();
        cell.downcast_mut()
    }

    /// The event, if it is an `E`, for whoever may hold it.
    #[inline(always)]
    pub(super) fn share_as<E: Event>(self) -> Option<Arc<E>> {
        if let Self::Shared(event) = self {
            let event: Erased = event;
            return event.downcast().ok();
        }
        self.share_otherwise()
    }

    #[cold]
    fn share_otherwise<E: Event>(self) -> Option<Arc<E>> {
        self.share()?.0.downcast().ok()
    }

    /// For whoever may hold it. There is none where one was taken from before.
    pub(super) fn share(self) -> Option<(Erased, Option<Arc<Metadata>>)> {
        match self {
            Self::Own(mut cell) => Some((cell.share()?, None)),
            Self::Shared(event) => Some((event, None)),
            Self::Described(described) => Some((described.0, Some(described.1))),
        }
    }
}
