//! The subscribers of one event, as the asynchronous bus runs them.

use std::any::TypeId;
use std::sync::Arc;

use super::asynchronous::job::Use;
use super::asynchronous::lanes::Mark;
use super::entry::{Entries, Entry};
use crate::event::EventDescriptor;
use crate::subscriber::{AsyncCall, Call, Subscription, SyncCall};

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
    pub(super) fn of(subscription: &Subscription) -> Self {
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
    /// Some of them may block a worker without notice: they are not futures, or wait for their turn under a concurrency
    /// limit.
    pub(super) worker: bool,
    /// Some of them need shared ownership of the event, or are run by code that does.
    pub(super) share: bool,
}

impl Demands {
    pub(super) fn of(subscription: &Subscription) -> Self {
        let descriptor = &subscription.descriptor;
        let worker = !descriptor.is_async() || descriptor.options().concurrency.is_some();
        let borrows = matches!(Way::of(subscription), Way::Sync(_)) && descriptor.direct().is_some();
        Self { metadata: descriptor.needs().metadata, worker, share: !borrows }
    }

    pub(super) fn uses(self) -> Use {
        match self {
            Self { metadata: true, .. } => Use::Describe,
            Self { share: true, .. } => Use::Share,
            _ => Use::Borrow,
        }
    }

    /// These, and those of `entries`.
    pub(super) fn and_of(self, entries: &[Arc<Entry>]) -> Self {
        entries.iter().map(|entry| entry.demands).fold(self, |all, one| Self {
            metadata: all.metadata || one.metadata,
            worker: all.worker || one.worker,
            share: all.share || one.share,
        })
    }
}

/// The subscribers of one event that the builder was given.
pub(super) struct Queued {
    event: TypeId,
    entries: Entries,
    demands: Demands,
    mark: Mark,
    uses: Use,
}

impl Queued {
    pub(super) fn new(event: TypeId, place: usize, entries: &Entries) -> Self {
        let demands = Demands::default().and_of(entries);
        let mark = Mark::new(Some(place), demands.worker);
        Self { event, entries: Arc::clone(entries), demands, mark, uses: demands.uses() }
    }

    #[inline]
    pub(super) fn is_of(&self, event: &EventDescriptor) -> bool {
        self.event == event.type_id()
    }

    pub(super) fn demands(&self) -> Demands {
        self.demands
    }

    /// What is said of the event when it is queued, and what its subscribers will do with it.
    #[inline]
    pub(super) fn mark(&self) -> (Mark, Use) {
        (self.mark, self.uses)
    }

    #[inline]
    pub(super) fn entries(&self) -> &[Arc<Entry>] {
        &self.entries
    }
}

/// The subscribers of one event, as they were when they were looked up.
pub(super) struct Listeners<'t> {
    frozen: &'t [Arc<Entry>],
    added: Option<Entries>,
}

impl<'t> Listeners<'t> {
    pub(super) fn new(frozen: Option<&'t Queued>, added: Option<Entries>) -> Self {
        Self { frozen: frozen.map_or(&[], Queued::entries), added }
    }

    /// Iterates over them. Check whether one still listens right before running it.
    #[inline]
    pub(super) fn get(&self, at: usize) -> Option<&Entry> {
        match self.frozen.get(at) {
            Some(entry) => Some(entry),
            None => self.added.as_ref()?.get(at - self.frozen.len()).map(AsRef::as_ref),
        }
    }
}
