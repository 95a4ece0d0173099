//! One subscriber of a bus, and the handle of one that was added at run time.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use super::queued::{Demands, Way};
use super::table::Table;
use crate::event::EventDescriptor;
use crate::subscriber::Subscription;

/// One subscriber of one event, where it may be taken away, or is run by workers.
pub(crate) struct Entry {
    pub(super) subscription: Subscription,
    /// Which of the table's limits its runs share, if any.
    pub(super) limit: Option<usize>,
    /// How a worker runs it.
    pub(super) way: Way,
    pub(super) demands: Demands,
    active: AtomicBool,
}

/// The subscribers of one event, in order.
pub(crate) type Entries = Arc<[Arc<Entry>]>;

impl Entry {
    pub(super) fn new(subscription: Subscription, limit: Option<usize>) -> Self {
        let (way, demands) = (Way::of(&subscription), Demands::of(&subscription));
        Self { subscription, limit, way, demands, active: AtomicBool::new(true) }
    }

    /// Whether it has not been taken away.
    #[inline]
    pub(super) fn is_active(&self) -> bool {
        self.active.load(Ordering::Acquire)
    }

    pub(super) fn event(&self) -> &'static EventDescriptor {
        self.subscription.descriptor.event()
    }
}

/// A subscription made on a running bus, by [`SynchronousEventBus::subscribe`](crate::SynchronousEventBus::subscribe)
/// or [`AsynchronousEventBus::subscribe`](crate::AsynchronousEventBus::subscribe).
///
/// Dropping the handle does not unsubscribe: the subscription lasts as long as the bus, unless
/// [`unsubscribe`](Self::unsubscribe) is called. If you never unsubscribe, you need not keep the handle.
#[derive(Clone)]
pub struct SubscriptionHandle {
    table: Weak<Table>,
    entry: Weak<Entry>,
}

impl SubscriptionHandle {
    pub(super) fn new(table: &Arc<Table>, entry: &Arc<Entry>) -> Self {
        Self { table: Arc::downgrade(table), entry: Arc::downgrade(entry) }
    }

    /// Ends the subscription. Calls in progress finish, but once this has returned no new one starts: neither for
    /// events that are published later, nor for those being published or queued now. A second call does nothing.
    pub fn unsubscribe(&self) {
        let Some(entry) = self.entry.upgrade() else { return };
        entry.active.store(false, Ordering::Release);
        if let Some(table) = self.table.upgrade() {
            table.remove(&entry);
        }
    }

    /// Whether it still listens: it was not unsubscribed, and the bus still exists.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.entry.upgrade().is_some_and(|entry| entry.is_active())
    }
}

impl fmt::Debug for SubscriptionHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SubscriptionHandle").field("active", &self.is_active()).finish_non_exhaustive()
    }
}
