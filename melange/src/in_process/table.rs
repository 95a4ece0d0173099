//! Who listens to what: a frozen table of what the builder was given, and beside it what was added at run time.

use std::any::{Any, TypeId};
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, RwLock, Weak};

use super::asynchronous::direct::{AnyTasks, MakeTasks};
use super::direct::{Handlers, Publish};
use super::failures::Failures;
use super::unpoisoned;
use crate::event::{Event, EventDescriptor};
use crate::slot::EventSlot;
use crate::subscriber::{AsyncCall, Call, Subscription, SyncCall};
use crate::type_map::TypeMap;

/// One subscriber of one event.
pub(super) struct Entry {
    pub(super) subscription: Subscription,
    /// Which of the table's limits its runs share, if any.
    pub(super) limit: Option<usize>,
    /// What was added at run time, as the synchronous bus calls it: [`Handlers`] of the event, of this one alone.
    handlers: Option<Box<dyn Any + Send + Sync>>,
    demands: Demands,
    way: Way,
    active: AtomicBool,
}

/// How a worker runs a subscriber.
#[derive(Clone, Copy)]
pub(super) enum Way {
    /// It is not limited in any way.
    Sync(SyncCall),
    Async(AsyncCall),
    /// It takes more than a call.
    Other,
}

impl Way {
    fn of(subscription: &Subscription) -> Self {
        let options = subscription.descriptor.options();
        match subscription.descriptor.call() {
            _ if options.timeout.is_some() || options.concurrency.is_some() => Self::Other,
            Call::Sync(call) => Self::Sync(call),
            Call::Async(call) => Self::Async(call),
            Call::Blocking(_) => Self::Other,
        }
    }
}

/// What subscribers ask of the bus that queues their event.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Demands {
    /// Some of them take metadata.
    pub(super) metadata: bool,
    /// Some of them may keep a worker without letting it know: they are no futures, or wait in line for their turn.
    pub(super) worker: bool,
}

impl Demands {
    fn of(subscription: &Subscription) -> Self {
        let descriptor = &subscription.descriptor;
        let worker = !descriptor.is_async() || descriptor.options().concurrency.is_some();
        Self { metadata: descriptor.needs().metadata, worker }
    }

    fn and(self, other: Self) -> Self {
        Self { metadata: self.metadata || other.metadata, worker: self.worker || other.worker }
    }
}

impl Entry {
    fn new(subscription: Subscription, limit: Option<usize>) -> Self {
        let (demands, way) = (Demands::of(&subscription), Way::of(&subscription));
        Self { subscription, limit, handlers: None, demands, way, active: AtomicBool::new(true) }
    }

    /// Runs it as the synchronous bus does, if it was added at run time and has not been taken away.
    pub(super) fn run<E: Event>(&self, event: &E, publish: &Publish<'_>, failures: &mut Failures) {
        let handlers = self.handlers.as_ref().filter(|_| self.active.load(Ordering::Acquire));
        if let Some(handlers) = handlers.and_then(|handlers| handlers.downcast_ref::<Handlers<E>>()) {
            handlers.run(event, Some(publish), |_, how| failures.push(how.of(&self.subscription.descriptor)));
        }
    }

    /// Whether it has not been taken away.
    #[inline]
    pub(super) fn is_active(&self) -> bool {
        self.active.load(Ordering::Acquire)
    }

    /// How a worker runs it.
    #[inline]
    pub(super) fn way(&self) -> Way {
        self.way
    }

    fn event_type(&self) -> TypeId {
        self.subscription.descriptor.event().type_id()
    }
}

/// Copied whenever it changes, so that a publish under way goes on with what it began with.
type Added = TypeMap<Arc<[Arc<Entry>]>>;

/// The subscribers of one event that the builder was given.
struct Frozen {
    event: TypeId,
    entries: Box<[Entry]>,
    /// The same, as the synchronous bus calls them: [`Handlers`] of the event.
    handlers: Box<dyn Any + Send + Sync>,
    /// Some of them may ask for more than the event.
    ask: bool,
    /// Some of them take metadata.
    need_metadata: bool,
    demands: Demands,
    /// The same, as a worker runs them, if they ask for nothing but the event; made when the first event comes.
    tasks: OnceLock<Option<AnyTasks>>,
}

impl Frozen {
    fn new(event: TypeId, entries: Vec<Entry>) -> Self {
        let subscriptions: Vec<&Subscription> = entries.iter().map(|entry| &entry.subscription).collect();
        let handlers = handlers(&subscriptions);
        let ask = subscriptions.iter().any(|subscription| subscription.direct.is_none());
        let need_metadata = subscriptions.iter().any(|subscription| subscription.descriptor.needs().metadata);
        let demands = entries.iter().fold(Demands::default(), |all, entry| all.and(entry.demands));
        Self { event, entries: entries.into(), handlers, ask, need_metadata, demands, tasks: OnceLock::new() }
    }
}

impl Frozen {
    #[inline]
    fn tasks(&self, make: MakeTasks) -> Option<&(dyn Any + Send + Sync)> {
        let make = || make(&self.entries.iter().map(|entry| &entry.subscription).collect::<Vec<_>>());
        self.tasks.get_or_init(make).as_deref()
    }
}

/// Of subscriptions of one event.
fn handlers(subscriptions: &[&Subscription]) -> Box<dyn Any + Send + Sync> {
    match subscriptions.first() {
        Some(first) => first.descriptor.event().handlers(subscriptions),
        None => Box::new(()),
    }
}

/// The subscribers of a bus, by event.
pub(super) struct Table {
    frozen: TypeMap<Arc<Frozen>>,
    /// The same, by the event's place.
    places: Box<[Option<Arc<Frozen>>]>,
    limits: Vec<usize>,
    added: RwLock<Added>,
    /// How many are in `added`: at zero, which is the common case, nobody takes the lock.
    added_count: AtomicUsize,
}

impl Table {
    /// With these subscribers, each event's in the order given.
    pub(super) fn new(subscriptions: Vec<Subscription>) -> Self {
        let mut limits = Limits::default();
        let mut by_event: TypeMap<Vec<Entry>> = TypeMap::default();
        for subscription in subscriptions {
            let limit = limits.of(&subscription);
            let entry = Entry::new(subscription, limit);
            by_event.entry(entry.event_type()).or_default().push(entry);
        }
        let mut places = Vec::new();
        let mut frozen = TypeMap::default();
        for (event, entries) in by_event {
            let place = entries.first().and_then(|entry| entry.subscription.descriptor.event().slot());
            let of_event = Arc::new(Frozen::new(event, entries));
            if let Some(place) = place.map(EventSlot::take_place) {
                places.resize(places.len().max(place + 1), None);
                if let Some(vacant) = places.get_mut(place) {
                    *vacant = Some(Arc::clone(&of_event));
                }
            }
            frozen.insert(event, of_event);
        }
        let (places, limits) = (places.into(), limits.sizes);
        Self { frozen, places, limits, added: RwLock::default(), added_count: AtomicUsize::new(0) }
    }

    /// How many runs each limit allows at once.
    pub(super) fn limits(&self) -> &[usize] {
        &self.limits
    }

    /// The subscribers of an event as of now.
    #[inline]
    pub(super) fn of(&self, event: &EventDescriptor, make_tasks: MakeTasks) -> Listeners<'_> {
        let added = self.added(event.type_id());
        match self.frozen_of(event) {
            None => Listeners { frozen: &[], added, tasks: None },
            Some(frozen) => {
                let tasks = if added.is_none() { frozen.tasks(make_tasks) } else { None };
                Listeners { frozen: &frozen.entries, added, tasks }
            }
        }
    }

    /// What they ask of the bus that queues the event.
    #[inline]
    pub(super) fn demands(&self, event: &EventDescriptor) -> Demands {
        let frozen = self.frozen_of(event).map_or_else(Demands::default, |frozen| frozen.demands);
        match self.added(event.type_id()) {
            None => frozen,
            Some(added) => added.iter().fold(frozen, |all, entry| all.and(entry.demands)),
        }
    }

    #[inline]
    fn frozen_of(&self, event: &EventDescriptor) -> Option<&Frozen> {
        let place = event.slot().and_then(|slot| self.places.get(slot.place())).and_then(Option::as_deref);
        // What was written by hand has no place, or may have another's.
        place
            .filter(|frozen| frozen.event == event.type_id())
            .or_else(|| self.frozen.get(&event.type_id()).map(AsRef::as_ref))
    }

    /// Those that the builder was given, as the synchronous bus calls them.
    pub(super) fn direct<E: Event>(&self) -> Option<FrozenHandlers<'_, E>> {
        let place = E::DESCRIPTOR.slot().and_then(|slot| self.places.get(slot.place())).and_then(Option::as_ref);
        // What was written by hand has no place, or may have another's.
        let by_type = || self.frozen.get(&E::DESCRIPTOR.type_id());
        place
            .and_then(|frozen| FrozenHandlers::of(frozen))
            .or_else(|| by_type().and_then(|frozen| FrozenHandlers::of(frozen)))
    }

    /// Those that were added at run time.
    #[inline]
    pub(super) fn added(&self, event: TypeId) -> Option<Arc<[Arc<Entry>]>> {
        match self.added_count.load(Ordering::Acquire) {
            0 => None,
            _ => self.look_up_added(event),
        }
    }

    #[cold]
    fn look_up_added(&self, event: TypeId) -> Option<Arc<[Arc<Entry>]>> {
        unpoisoned(self.added.read()).get(&event).cloned()
    }

    /// Adds a subscriber behind all others of its event.
    pub(super) fn add(self: &Arc<Self>, subscription: Subscription) -> SubscriptionHandle {
        let handlers = handlers(&[&subscription]);
        let entry = Arc::new(Entry { handlers: Some(handlers), ..Entry::new(subscription, None) });
        let handle = SubscriptionHandle { table: Arc::downgrade(self), entry: Arc::downgrade(&entry) };
        self.change(entry.event_type(), |entries| entries.push(entry));
        handle
    }

    fn remove(&self, entry: &Arc<Entry>) {
        self.change(entry.event_type(), |entries| entries.retain(|known| !Arc::ptr_eq(known, entry)));
    }

    fn change(&self, event: TypeId, change: impl FnOnce(&mut Vec<Arc<Entry>>)) {
        let mut added = unpoisoned(self.added.write());
        let before = added.remove(&event);
        let mut entries = before.as_deref().map_or_else(Vec::new, <[_]>::to_vec);
        change(&mut entries);
        if !entries.is_empty() {
            added.insert(event, entries.into());
        }
        self.added_count.store(added.values().map(|entries| entries.len()).sum(), Ordering::Release);
        drop(added);
        // A closure may own what publishes when it is dropped: never under the lock.
        drop(before);
    }
}

/// Gives each subscriber that limits its runs a number; handlers of several events share theirs.
#[derive(Default)]
struct Limits {
    sizes: Vec<usize>,
    owners: Vec<Subscription>,
}

impl Limits {
    fn of(&mut self, subscription: &Subscription) -> Option<usize> {
        let size = subscription.descriptor.options().concurrency?;
        let known = self.owners.iter().position(|owner| is_one_subscriber(owner, subscription));
        Some(known.unwrap_or_else(|| {
            self.sizes.push(size);
            self.owners.push(subscription.clone());
            self.sizes.len() - 1
        }))
    }
}

fn is_one_subscriber(a: &Subscription, b: &Subscription) -> bool {
    let is_function = a.instance.is::<()>() && b.instance.is::<()>();
    a.descriptor.name() == b.descriptor.name()
        && a.descriptor.location() == b.descriptor.location()
        && a.descriptor.options().concurrency == b.descriptor.options().concurrency
        && (is_function || Arc::ptr_eq(&a.instance, &b.instance))
}

/// Those of one event that the builder was given, as the synchronous bus calls them.
pub(super) struct FrozenHandlers<'t, E> {
    handlers: &'t Handlers<E>,
    entries: &'t [Entry],
    /// Some of them may ask for more than the event.
    pub(super) ask: bool,
    /// Some of them take metadata.
    pub(super) need_metadata: bool,
}

impl<'t, E: Event> FrozenHandlers<'t, E> {
    fn of(frozen: &'t Frozen) -> Option<Self> {
        let Frozen { entries, handlers, ask, need_metadata, .. } = frozen;
        Some(Self { handlers: handlers.downcast_ref()?, entries, ask: *ask, need_metadata: *need_metadata })
    }

    #[inline]
    pub(super) fn run(&self, event: &E, publish: Option<&Publish<'_>>, failures: &mut Failures) {
        self.handlers.run(event, publish, |at, how| {
            if let Some(entry) = self.entries.get(at) {
                failures.push(how.of(&entry.subscription.descriptor));
            }
        });
    }
}

/// The subscribers of one event, as they were when they were looked up.
pub(super) struct Listeners<'t> {
    frozen: &'t [Entry],
    added: Option<Arc<[Arc<Entry>]>>,
    /// All of them, if they ask for nothing but the event.
    pub(super) tasks: Option<&'t (dyn Any + Send + Sync)>,
}

impl Listeners<'_> {
    /// One after the other. Whether it still listens is to be asked when it is about to run.
    #[inline]
    pub(super) fn get(&self, at: usize) -> Option<&Entry> {
        match self.frozen.get(at) {
            Some(entry) => Some(entry),
            None => self.added.as_ref()?.get(at - self.frozen.len()).map(AsRef::as_ref),
        }
    }
}

/// A subscription made on a running bus, by [`SynchronousEventBus::subscribe`](crate::SynchronousEventBus::subscribe)
/// or [`AsynchronousEventBus::subscribe`](crate::AsynchronousEventBus::subscribe).
///
/// Dropping the handle does not unsubscribe: the subscription lasts as long as the bus, unless
/// [`unsubscribe`](Self::unsubscribe) is called. Who never unsubscribes need not keep the handle.
#[derive(Clone)]
pub struct SubscriptionHandle {
    table: Weak<Table>,
    entry: Weak<Entry>,
}

impl SubscriptionHandle {
    /// Ends the subscription. Calls of it that are under way finish, but once this has returned no new one starts:
    /// not for events that are published later, nor for those being published or queued now. Again does nothing.
    pub fn unsubscribe(&self) {
        let Some(entry) = self.entry.upgrade() else { return };
        entry.active.store(false, Ordering::Release);
        if let Some(table) = self.table.upgrade() {
            table.remove(&entry);
        }
    }

    /// Whether it still listens: neither unsubscribed, nor is the bus gone.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.entry.upgrade().is_some_and(|entry| entry.active.load(Ordering::Acquire))
    }
}

impl fmt::Debug for SubscriptionHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SubscriptionHandle").field("active", &self.is_active()).finish_non_exhaustive()
    }
}
