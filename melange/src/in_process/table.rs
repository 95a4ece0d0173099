//! Which subscribers listen to which event: a frozen table of those given to the builder, and separately those added at
//! run time.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use arc_swap::{ArcSwap, Guard};

use super::asynchronous::job::Use;
use super::asynchronous::lanes::Mark;
use super::direct::{Handlers, Listening, is_asking};
use super::entry::{Entries, Entry, SubscriptionHandle};
use super::listed::{AnyHandlers, ByType, Listed, handlers, own_place};
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
    /// The same for the asynchronous bus, at the same places.
    queued: Option<Box<[Option<Queued>]>>,
    limits: Vec<usize>,
    /// Replaced as a whole on every change, so that a publish in progress continues with what it began with.
    added: ArcSwap<Late>,
    beside: Beside,
    /// Incremented with every change, before the call that made it returns.
    changes: AtomicUsize,
    one_at_a_time: Mutex<()>,
}

/// Those that were added at run time.
#[derive(Clone, Default)]
struct Late {
    entries: TypeMap<Entries>,
    /// As the synchronous bus calls them.
    listed: Listed<Arc<AnyHandlers>>,
}

/// What a publish must check besides the event and its frozen subscribers: zero, which is the common case, or any of
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

    #[inline]
    fn is_added(&self) -> bool {
        self.0.load(Ordering::Acquire) >= ADDED
    }

    /// Subscribers were added, to a bus that is not closed.
    #[inline]
    fn is_added_and_open(&self) -> bool {
        let beside = self.0.load(Ordering::Acquire);
        beside >= ADDED && beside & CLOSED == 0
    }

    fn close(&self) {
        self.0.fetch_or(CLOSED, Ordering::AcqRel);
    }

    fn count(&self, before: usize, after: usize) {
        self.0.fetch_add(ADDED * after.saturating_sub(before), Ordering::AcqRel);
        self.0.fetch_sub(ADDED * before.saturating_sub(after), Ordering::AcqRel);
    }
}

/// The frozen part for the synchronous bus, which holds it directly, to save one indirection through the table.
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

/// What is at a place that is an event's, and has nobody for the synchronous bus to call.
struct Reserved;

/// Subscribers by event, in the order in which each came first.
fn by_event<T>(all: Vec<T>, event: impl Fn(&T) -> &'static EventDescriptor) -> Vec<(&'static EventDescriptor, Vec<T>)> {
    let mut numbers: TypeMap<usize> = TypeMap::with_capacity_and_hasher(all.len(), Default::default());
    let mut events: Vec<(&'static EventDescriptor, Vec<T>)> = Vec::with_capacity(all.len());
    for one in all {
        let event = event(&one);
        let number = *numbers.entry(event.type_id()).or_insert(events.len());
        match events.get_mut(number) {
            Some((_, known)) => known.push(one),
            None => events.push((event, vec![one])),
        }
    }
    events
}

impl Places {
    /// The subscribers of `E`, if they can be had without a look-up, are all there are, and ask for nothing but the
    /// event.
    #[inline]
    pub(super) fn plain<E: Event>(&self) -> Option<&Handlers<E>> {
        let Place { handlers, beside } = own_place::<E, _>(&self.0)?;
        handlers.downcast_ref().filter(|_| beside.is_nothing())
    }

    /// Whether the builder was given none of `E`, as far as that is known without a look-up.
    #[inline]
    pub(super) fn has_none<E: Event>(&self) -> bool {
        let Some(slot) = E::DESCRIPTOR.slot() else { return false };
        self.0.get(slot.place()).is_none_or(|place| place.handlers.is::<()>())
    }
}

impl Table {
    /// With these subscribers, each event's in the order given, for the asynchronous bus.
    pub(super) fn new(subscriptions: Vec<Subscription>) -> Self {
        let mut limits = Limits::default();
        let entry = |subscription| {
            let limit = limits.of(&subscription);
            Arc::new(Entry::new(subscription, limit))
        };
        let entries: Vec<Arc<Entry>> = subscriptions.into_iter().map(entry).collect();
        let (mut frozen, mut queued) = (Listed::default(), Vec::new());
        for (event, entries) in by_event(entries, |entry| entry.event()) {
            let place = frozen.set(event, Box::new(Reserved));
            queued.resize_with(frozen.places.len(), || None);
            if let Some(at_place) = queued.get_mut(place) {
                *at_place = Some(Queued::new(event.type_id(), place, &entries.into()));
            }
        }
        Self { queued: Some(queued.into()), limits: limits.sizes, ..Self::of_listed(frozen) }
    }

    /// The same, for the synchronous bus.
    pub(super) fn synchronous(subscriptions: Vec<Subscription>) -> Self {
        let mut frozen = Listed::default();
        let mut asking = Vec::new();
        for (event, given) in by_event(subscriptions, |subscription| subscription.descriptor.event()) {
            let is_asking = given.iter().any(|one| is_asking(&one.descriptor));
            let place = frozen.set(event, event.handlers(Listening::Given(given)));
            asking.extend(is_asking.then_some(place));
        }
        let table = Self::of_listed(frozen);
        for place in asking.into_iter().filter_map(|place| table.places.0.get(place)) {
            place.beside.0.store(ASKING, Ordering::Release);
        }
        table
    }

    fn of_listed(frozen: Listed<Box<AnyHandlers>>) -> Self {
        let Listed { by_type, places } = frozen;
        let place = |handlers| Place { handlers, beside: Beside::default() };
        Self {
            frozen: by_type,
            places: Places(places.into_iter().map(place).collect()),
            queued: None,
            limits: Vec::new(),
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

    /// What is said of an event when it is queued, and what its subscribers will do with it.
    #[inline]
    pub(super) fn mark<E: Event>(&self) -> (Mark, Use) {
        let place = E::DESCRIPTOR.slot().map(EventSlot::place);
        match self.at(place) {
            Some((queued, beside)) if queued.is_of(E::DESCRIPTOR) && !beside.is_added() => queued.mark(),
            _ => self.look_up_mark(E::DESCRIPTOR),
        }
    }

    #[cold]
    fn look_up_mark(&self, event: &EventDescriptor) -> (Mark, Use) {
        // What was written by hand has no place of its own, or may have another's.
        let place = self.frozen.get(&event.type_id()).copied();
        let (demands, beside) =
            self.at(place).map_or((Demands::default(), &self.beside), |(queued, beside)| (queued.demands(), beside));
        let demands = self.added_to(event, beside).map_or(demands, |added| demands.and_of(&added));
        // They run the long way, which shares it.
        let demands = Demands { share: true, ..demands };
        (Mark::new(place, demands.worker), demands.uses())
    }

    #[inline]
    fn at(&self, place: Option<usize>) -> Option<(&Queued, &Beside)> {
        let place = place?;
        Some((self.queued.as_ref()?.get(place)?.as_ref()?, &self.places.0.get(place)?.beside))
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
        if beside.is_added() { self.look_up_added(event) } else { None }
    }

    #[cold]
    fn look_up_added(&self, event: &EventDescriptor) -> Option<Entries> {
        self.added.load().entries.get(&event.type_id()).filter(|entries| !entries.is_empty()).cloned()
    }

    /// Those of `E` that the builder was given, as the synchronous bus calls them.
    pub(super) fn frozen<E: Event>(&self) -> Option<&Handlers<E>> {
        handlers(&self.frozen, &self.places.0)
    }

    /// Whether there are any that were added at run time, to whatever event.
    pub(super) fn is_added(&self) -> bool {
        self.beside.is_added()
    }

    /// Whether there are, and the bus is not closed.
    #[inline]
    pub(super) fn is_added_and_open(&self) -> bool {
        self.beside.is_added_and_open()
    }

    /// From now on: to be asked for before [`added`](Self::added), so that it sees whoever is taken away later.
    #[inline]
    pub(super) fn since_now(&self) -> Since<'_> {
        Since { changes: &self.changes, change: self.changes.load(Ordering::Acquire) }
    }

    /// Those of all events that were added at run time.
    // Passed in registers: a move through memory would cost more than everything else here.
    #[inline]
    pub(super) fn added(&self) -> Added {
        Added(self.added.load())
    }

    /// Refuses every later publish.
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
        let mut late = Late::clone(&self.added.load());
        let mut entries = late.entries.get(&event.type_id()).map_or_else(Vec::new, |entries| entries.to_vec());
        let before = entries.len();
        change(&mut entries);
        let after = entries.len();
        let entries: Entries = entries.into();
        if self.queued.is_none() {
            let added = Listening::Added(Arc::clone(&entries));
            late.listed.set(event, if after == 0 { Box::new(Reserved) } else { event.handlers(added) });
        }
        late.entries.insert(event.type_id(), entries);
        let replaced = self.added.swap(Arc::new(late));
        let of_event = self.frozen.get(&event.type_id()).and_then(|place| self.places.0.get(*place));
        for beside in of_event.map(|place| &place.beside).into_iter().chain([&self.beside]) {
            beside.count(before, after);
        }
        self.changes.fetch_add(1, Ordering::AcqRel);
        drop(one_at_a_time);
        // A closure may own something that publishes when it is dropped: never drop it under the lock.
        drop(replaced);
    }
}

/// What was added to a bus at run time, as it was when it was looked up.
pub(super) struct Added(Guard<Arc<Late>>);

impl Added {
    /// Those of `E`, as the synchronous bus calls them.
    pub(super) fn of<E: Event>(&self) -> Option<&Handlers<E>> {
        let Listed { by_type, places } = &self.0.listed;
        handlers(by_type, places)
    }

    /// The same, if they can be had without a look-up and ask for nothing but the event.
    #[inline]
    pub(super) fn plain<E: Event>(&self) -> Option<&Handlers<E>> {
        let handlers: &AnyHandlers = own_place::<E, _>(&self.0.listed.places)?.as_ref();
        handlers.downcast_ref().filter(|handlers: &&Handlers<E>| !handlers.asking)
    }
}

/// A moment in the life of a table.
#[derive(Clone, Copy)]
pub(super) struct Since<'t> {
    changes: &'t AtomicUsize,
    change: usize,
}

impl Since<'_> {
    /// Whether nothing has been unsubscribed since: then the subscribers need not be checked one by one.
    #[inline]
    pub(super) fn is_unchanged(self) -> bool {
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
