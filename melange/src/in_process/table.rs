//! Who listens to what: a frozen table of what the builder was given, and beside it what was added at run time.

use std::any::TypeId;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use arc_swap::{ArcSwap, Guard};

use super::asynchronous::lanes::Mark;
use super::direct::Handlers;
use super::entry::{Entries, Entry, SubscriptionHandle};
use super::listed::{AnyHandlers, ByType, Listed, entries, handlers, own_place};
use super::queued::{Demands, Listeners, Queued};
use super::unpoisoned;
use crate::Location;
use crate::event::{Event, EventDescriptor};
use crate::slot::EventSlot;
use crate::subscriber::Subscription;
use crate::type_map::TypeMap;

/// The subscribers of a bus, by event.
pub(super) struct Table {
    frozen: ByType,
    places: Places,
    /// The same, as the asynchronous bus reads it, at the same places.
    queued: Box<[Option<Queued>]>,
    limits: Vec<usize>,
    /// Replaced whenever it changes, so that a publish under way goes on with what it began with.
    added: ArcSwap<Listed<Arc<AnyHandlers>>>,
    beside: Beside,
    /// Grows with every change, before whoever made it goes on.
    changes: AtomicUsize,
    one_at_a_time: Mutex<()>,
}

/// What a publish must look at beside the event and its frozen subscribers: nothing, which is the common case, or any of
/// [`CLOSED`], [`ASKING`], and as many times [`ADDED`] as subscribers were added.
#[derive(Default)]
struct Beside(AtomicUsize);

/// The bus is closed.
const CLOSED: usize = 1;
/// A subscriber asks for more than the event.
const ASKING: usize = 2;
/// A subscriber was added.
const ADDED: usize = 4;

impl Beside {
    #[inline]
    fn is_nothing(&self) -> bool {
        self.0.load(Ordering::Acquire) == 0
    }

    fn is_closed(&self) -> bool {
        self.0.load(Ordering::Acquire) & CLOSED == CLOSED
    }

    fn is_added(&self) -> bool {
        self.0.load(Ordering::Acquire) >= ADDED
    }

    fn close(&self) {
        self.0.fetch_or(CLOSED, Ordering::AcqRel);
    }

    fn count(&self, before: usize, after: usize) {
        self.0.fetch_add(ADDED * after.saturating_sub(before), Ordering::AcqRel);
        self.0.fetch_sub(ADDED * before.saturating_sub(after), Ordering::AcqRel);
    }
}

/// What is frozen, as the synchronous bus reads it: from its own hands, which is a step less than through the table.
#[derive(Clone)]
pub(super) struct Places(Arc<[Place]>);

struct Place {
    handlers: Box<AnyHandlers>,
    /// For this event.
    beside: Beside,
}

impl AsRef<AnyHandlers> for Place {
    fn as_ref(&self) -> &AnyHandlers {
        self.handlers.as_ref()
    }
}

impl Place {
    fn of(handlers: Box<AnyHandlers>) -> Self {
        Self { handlers, beside: Beside::default() }
    }
}

impl Places {
    /// The subscribers of `E`, if they can be had without a look-up, are all there are, and ask for nothing but the event.
    #[inline]
    pub(super) fn plain<E: Event>(&self) -> Option<&Handlers<E>> {
        let Place { handlers, beside } = own_place::<E, _>(&self.0)?;
        handlers.downcast_ref().filter(|_| beside.is_nothing())
    }
}

impl Table {
    /// With these subscribers, each event's in the order given.
    pub(super) fn new(subscriptions: Vec<Subscription>) -> Self {
        let mut limits = Limits::default();
        let mut events: TypeMap<usize> = TypeMap::with_capacity_and_hasher(subscriptions.len(), Default::default());
        let number = |subscription: &Subscription| {
            let next = events.len();
            *events.entry(subscription.descriptor.event().type_id()).or_insert(next)
        };
        let numbers: Vec<usize> = subscriptions.iter().map(number).collect();
        // Those of one event come together, in their order.
        let entry = |subscription| {
            let limit = limits.of(&subscription);
            Arc::new(Entry::new(subscription, limit))
        };
        let mut entries: Vec<(usize, Arc<Entry>)> =
            numbers.into_iter().zip(subscriptions.into_iter().map(entry)).collect();
        entries.sort_by_key(|(event, _)| *event);
        let mut frozen = Listed::default();
        frozen.by_type.reserve(events.len());
        let mut of_events = Vec::with_capacity(events.len());
        for one_event in entries.chunk_by(|(a, _), (b, _)| a == b) {
            let Some(event) = one_event.first().map(|(_, entry)| entry.event()) else { continue };
            let entries: Entries = one_event.iter().map(|(_, entry)| Arc::clone(entry)).collect();
            let place = frozen.set(event, Arc::clone(&entries));
            of_events.push((
                place,
                entries.iter().any(|entry| entry.is_asking()),
                Queued::new(event.type_id(), place, &entries),
            ));
        }
        let mut places: Vec<Place> = frozen.places.into_iter().map(Place::of).collect();
        let mut queued: Vec<Option<Queued>> = Vec::new();
        queued.resize_with(places.len(), || None);
        for (place, is_asking, one_event) in of_events {
            if let (true, Some(place)) = (is_asking, places.get_mut(place)) {
                *place.beside.0.get_mut() = ASKING;
            }
            if let Some(at_place) = queued.get_mut(place) {
                *at_place = Some(one_event);
            }
        }
        Self {
            frozen: frozen.by_type,
            places: Places(places.into()),
            queued: queued.into(),
            limits: limits.sizes,
            added: ArcSwap::default(),
            beside: Beside::default(),
            changes: AtomicUsize::new(0),
            one_at_a_time: Mutex::default(),
        }
    }

    /// How many runs each limit allows at once.
    pub(super) fn limits(&self) -> &[usize] {
        &self.limits
    }

    pub(super) fn places(&self) -> &Places {
        &self.places
    }

    /// What is said of an event when it is queued, and whether a subscriber takes metadata.
    #[inline]
    pub(super) fn mark<E: Event>(&self) -> (Mark, bool) {
        let place = E::DESCRIPTOR.slot().map(EventSlot::place);
        match self.at(place) {
            Some((queued, beside)) if queued.is_of(E::DESCRIPTOR) && !beside.is_added() => queued.mark(),
            _ => self.look_up_mark(E::DESCRIPTOR),
        }
    }

    #[cold]
    fn look_up_mark(&self, event: &EventDescriptor) -> (Mark, bool) {
        // What was written by hand has no place of its own, or may have another's.
        let place = self.frozen.get(&event.type_id()).map(|(_, place)| *place);
        let (demands, beside) =
            self.at(place).map_or((Demands::default(), &self.beside), |(queued, beside)| (queued.demands(), beside));
        let demands = self.added_to(event, beside).map_or(demands, |added| demands.and_of(&added));
        (Mark::new(place, demands.worker), demands.metadata)
    }

    #[inline]
    fn at(&self, place: Option<usize>) -> Option<(&Queued, &Beside)> {
        let place = place?;
        Some((self.queued.get(place)?.as_ref()?, &self.places.0.get(place)?.beside))
    }

    /// Whether nobody was added to those of the event at this place.
    #[inline]
    pub(super) fn is_as_built(&self, place: usize) -> bool {
        self.places.0.get(place).is_some_and(|place| !place.beside.is_added())
    }

    /// An event's subscribers as of now.
    pub(super) fn listeners(&self, place: Option<usize>, event: &EventDescriptor) -> Listeners<'_> {
        match self.at(place) {
            Some((queued, beside)) => Listeners::new(Some(queued), self.added_to(event, beside)),
            None => Listeners::new(None, self.added_to(event, &self.beside)),
        }
    }

    /// Those that the builder was given of the event at this place.
    pub(super) fn frozen_at(&self, place: usize) -> Option<&[Arc<Entry>]> {
        self.at(Some(place)).map(|(queued, _)| queued.entries())
    }

    /// Those that were added, if `beside` knows of any.
    #[inline]
    fn added_to(&self, event: &EventDescriptor, beside: &Beside) -> Option<Entries> {
        if beside.is_added() { self.look_up_added(event.type_id()) } else { None }
    }

    #[cold]
    fn look_up_added(&self, event: TypeId) -> Option<Entries> {
        let added = self.added()?;
        entries(&added.listed.by_type, event).filter(|entries| !entries.is_empty()).cloned()
    }

    /// Those of `E` that the builder was given, as the synchronous bus calls them.
    pub(super) fn frozen<E: Event>(&self) -> Option<&Handlers<E>> {
        handlers(&self.frozen, &self.places.0)
    }

    /// Those of any event that were added at run time, if there are any.
    pub(super) fn added(&self) -> Option<Added<'_>> {
        self.beside.is_added().then(|| {
            // Before they are looked up: who is taken away later is seen by it.
            let change = self.changes.load(Ordering::Acquire);
            Added { listed: self.added.load(), change, changes: &self.changes }
        })
    }

    /// Refuses every publish that asks from now on.
    pub(super) fn close(&self) {
        self.beside.close();
        self.places.0.iter().for_each(|place| place.beside.close());
    }

    pub(super) fn is_closed(&self) -> bool {
        self.beside.is_closed()
    }

    /// Adds a subscriber behind all others of its event.
    pub(super) fn add(self: &Arc<Self>, subscription: Subscription) -> SubscriptionHandle {
        let entry = Arc::new(Entry::new(subscription, None));
        let handle = SubscriptionHandle::new(self, &entry);
        self.change(entry.event(), |entries| entries.push(entry));
        handle
    }

    pub(super) fn remove(&self, entry: &Arc<Entry>) {
        self.change(entry.event(), |entries| entries.retain(|known| !Arc::ptr_eq(known, entry)));
    }

    fn change(&self, event: &EventDescriptor, change: impl FnOnce(&mut Vec<Arc<Entry>>)) {
        let one_at_a_time = unpoisoned(self.one_at_a_time.lock());
        let mut listed = Listed::clone(&self.added.load());
        let mut entries = entries(&listed.by_type, event.type_id()).map_or_else(Vec::new, |entries| entries.to_vec());
        let before = entries.len();
        change(&mut entries);
        let after = entries.len();
        listed.set(event, entries.into());
        let replaced = self.added.swap(Arc::new(listed));
        let of_event = self.frozen.get(&event.type_id()).and_then(|(_, place)| self.places.0.get(*place));
        for beside in of_event.map(|place| &place.beside).into_iter().chain([&self.beside]) {
            beside.count(before, after);
        }
        self.changes.fetch_add(1, Ordering::AcqRel);
        drop(one_at_a_time);
        // A closure may own what publishes when it is dropped: never under the lock.
        drop(replaced);
    }
}

/// What was added to a bus at run time, as it was when it was looked up.
pub(super) struct Added<'t> {
    listed: Guard<Arc<Listed<Arc<AnyHandlers>>>>,
    change: usize,
    changes: &'t AtomicUsize,
}

impl Added<'_> {
    /// Those of `E`, as the synchronous bus calls them.
    pub(super) fn of<E: Event>(&self) -> Option<&Handlers<E>> {
        let Listed { by_type, places } = &**self.listed;
        handlers(by_type, places)
    }

    /// Whether nobody has been taken away since: then nobody need be asked whether he still is there.
    #[inline]
    pub(super) fn is_unchanged(&self) -> bool {
        self.changes.load(Ordering::Acquire) == self.change
    }
}

/// Gives each subscriber that limits its runs a number; handlers of several events share theirs.
#[derive(Default)]
struct Limits {
    sizes: Vec<usize>,
    numbers: HashMap<Owner, usize>,
}

/// Whose a limit is: by name, place, size, and the value that it runs on, if it does on one.
type Owner = (&'static str, Location, usize, Option<*const ()>);

impl Limits {
    fn of(&mut self, subscription: &Subscription) -> Option<usize> {
        let Subscription { descriptor, instance } = subscription;
        let size = descriptor.options().concurrency?;
        let is_function = instance.is::<()>();
        let value = (!is_function).then(|| Arc::as_ptr(instance).cast::<()>());
        let next = self.sizes.len();
        let number = *self.numbers.entry((descriptor.name(), descriptor.location(), size, value)).or_insert(next);
        if number == next {
            self.sizes.push(size);
        }
        Some(number)
    }
}
