//! Subscribers by event, as the synchronous bus calls them: found by the event's place, or else by its type.

use std::any::Any;

use super::direct::Handlers;
use crate::event::{Event, EventDescriptor};
use crate::slot::{self, EventSlot};
use crate::type_map::TypeMap;

/// Type-erased [`Handlers`] of an event; an empty value if there are none.
pub(super) type AnyHandlers = dyn Any + Send + Sync;

/// At which place each event is.
pub(super) type ByType = TypeMap<usize>;

/// Subscribers by event, while they change. `H` owns or shares [`AnyHandlers`].
#[derive(Clone)]
pub(super) struct Listed<H> {
    pub(super) by_type: ByType,
    pub(super) places: Vec<H>,
}

impl<H> Default for Listed<H> {
    fn default() -> Self {
        Self { by_type: ByType::default(), places: Vec::new() }
    }
}

impl<H: AsRef<AnyHandlers> + From<Box<AnyHandlers>>> Listed<H> {
    /// Puts these in the place of those of their event, and says which place that is.
    pub(super) fn set(&mut self, event: &EventDescriptor, handlers: Box<AnyHandlers>) -> usize {
        let vacant = |place: &usize| self.places.get(*place).is_none_or(|there| there.as_ref().is::<()>());
        let own = || event.slot().map(EventSlot::take_place).filter(vacant);
        // A hand-written descriptor has no place of its own, or may have that of another event.
        let known = self.by_type.get(&event.type_id()).copied();
        let place = known.or_else(own).unwrap_or_else(slot::next_place);
        self.places.resize_with(self.places.len().max(place + 1), || H::from(Box::new(())));
        if let Some(at_place) = self.places.get_mut(place) {
            *at_place = handlers.into();
        }
        self.by_type.insert(event.type_id(), place);
        place
    }
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
    own.or_else(|| places.get(*by_type.get(&E::DESCRIPTOR.type_id())?)?.as_ref().downcast_ref())
}
