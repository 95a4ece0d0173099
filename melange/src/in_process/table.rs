//! Who listens to what: a frozen table of what the builder was given, and beside it what was added at run time.

use std::any::TypeId;
use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, RwLock, Weak};

use super::unpoisoned;
use crate::subscriber::Subscription;

/// One subscriber of one event.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) subscription: Subscription,
    /// Which of the table's limits its runs share, if any.
    pub(super) limit: Option<usize>,
    active: AtomicBool,
}

impl Entry {
    fn new(subscription: Subscription, limit: Option<usize>) -> Self {
        Self { subscription, limit, active: AtomicBool::new(true) }
    }

    fn event_type(&self) -> TypeId {
        self.subscription.descriptor.event().type_id()
    }
}

/// Copied whenever it changes, so that a publish under way goes on with what it began with.
type Added = HashMap<TypeId, Arc<[Arc<Entry>]>>;

/// The subscribers of a bus, by event.
#[derive(Debug)]
pub(super) struct Table {
    frozen: HashMap<TypeId, Box<[Entry]>>,
    limits: Vec<usize>,
    added: RwLock<Added>,
    /// How many are in `added`: at zero, which is the common case, nobody takes the lock.
    added_count: AtomicUsize,
}

impl Table {
    /// With these subscribers, each event's in the order given.
    pub(super) fn new(subscriptions: Vec<Subscription>) -> Self {
        let mut limits = Limits::default();
        let mut by_event: HashMap<TypeId, Vec<Entry>> = HashMap::new();
        for subscription in subscriptions {
            let limit = limits.of(&subscription);
            let entry = Entry::new(subscription, limit);
            by_event.entry(entry.event_type()).or_default().push(entry);
        }
        let frozen = by_event.into_iter().map(|(event, entries)| (event, entries.into_boxed_slice())).collect();
        Self { frozen, limits: limits.sizes, added: RwLock::default(), added_count: AtomicUsize::new(0) }
    }

    /// How many runs each limit allows at once.
    pub(super) fn limits(&self) -> &[usize] {
        &self.limits
    }

    /// The subscribers of an event as of now.
    pub(super) fn of(&self, event: TypeId) -> Listeners<'_> {
        let frozen = self.frozen.get(&event).map_or(&[][..], |entries| entries);
        let added = match self.added_count.load(Ordering::Acquire) {
            0 => None,
            _ => unpoisoned(self.added.read()).get(&event).cloned(),
        };
        Listeners { frozen, added }
    }

    /// Adds a subscriber behind all others of its event.
    pub(super) fn add(self: &Arc<Self>, subscription: Subscription) -> SubscriptionHandle {
        let entry = Arc::new(Entry::new(subscription, None));
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

/// The subscribers of one event, as they were when they were looked up.
pub(super) struct Listeners<'t> {
    frozen: &'t [Entry],
    added: Option<Arc<[Arc<Entry>]>>,
}

impl Listeners<'_> {
    pub(super) fn is_empty(&self) -> bool {
        self.frozen.is_empty() && self.added.is_none()
    }

    /// In order; whoever has unsubscribed in the meantime is left out.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Entry> {
        let added = self.added.iter().flat_map(|added| added.iter().map(AsRef::as_ref));
        self.frozen.iter().chain(added).filter(|entry| entry.active.load(Ordering::Acquire))
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
