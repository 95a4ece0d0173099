//! Subscribers by event: found by the event's type, and as the synchronous bus calls them by the event's place.

use std::any::{Any, TypeId};

use super::direct::Handlers;
use super::entry::Entries;
use crate::event::{Event, EventDescriptor};
use crate::slot::{self, EventSlot};
use crate::type_map::TypeMap;

/// [`Handlers`] of an event whose type was forgotten, or nothing that anybody asks for.
pub(super) type AnyHandlers = dyn Any + Send + Sync;

/// Subscribers by event, while they change. `H` owns or shares [`AnyHandlers`].
#[derive(Clone)]
pub(super) struct Listed<H> {
    pub(super) by_type: ByType,
    pub(super) places: Vec<H>,
}

/// The subscribers of each event, and at which place.
pub(super) type ByType = TypeMap<(Entries, usize)>;

impl<H> Default for Listed<H> {
    fn default() -> Self {
        Self { by_type: ByType::default(), places: Vec::new() }
    }
}

impl<H: AsRef<AnyHandlers> + From<Box<AnyHandlers>>> Listed<H> {
    /// Puts these in the place of those of their event, and says where that is.
    pub(super) fn set(&mut self, event: &EventDescriptor, entries: Entries) -> usize {
        let vacant = |place: &usize| self.places.get(*place).is_none_or(|there| there.as_ref().is::<()>());
        let own = || event.slot().map(EventSlot::take_place).filter(vacant);
        // What was written by hand has no place of its own, or may have another's.
        let known = self.by_type.get(&event.type_id()).map(|(_, place)| *place);
        let place = known.or_else(own).unwrap_or_else(slot::next_place);
        self.places.resize_with(self.places.len().max(place + 1), || H::from(Box::new(())));
        if let Some(at_place) = self.places.get_mut(place) {
            *at_place = event.handlers(&entries).into();
        }
        self.by_type.insert(event.type_id(), (entries, place));
        place
    }
}

/// The subscribers of an event, if there are any.
pub(super) fn entries(by_type: &ByType, event: TypeId) -> Option<&Entries> {
    by_type.get(&event).map(|(entries, _)| entries)
}

/// What is at the own place of `E`, which takes no look-up.
#[inline]
pub(super) fn own_place<E: Event, P>(places: &[P]) -> Option<&P> {
    places.get(E::DESCRIPTOR.slot()?.place())
}

/// Those of `E`, as the synchronous bus calls them, wherever they are.
pub(super) fn handlers<'t, E: Event, P: AsRef<AnyHandlers>>(
    by_type: &ByType,
    places: &'t [P],
) -> Option<&'t Handlers<E>> {
    let own = own_place::<E, _>(places).and_then(|place| place.as_ref().downcast_ref());
    own.or_else(|| {
        let (_, place) = by_type.get(&E::DESCRIPTOR.type_id())?;
        places.get(*place)?.as_ref().downcast_ref()
    })
}
