//! What happened in an account, step by step.

mod entry;
mod running;
mod story;

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub(super) use entry::{Place, PublishedEntry, RunEntry};
pub(super) use running::Running;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;
use tokio::time::Instant;

use super::ending::Ending;
use crate::event::Erased;
use crate::metadata::Metadata;
use crate::{EventId, SubscriberDescriptor};

/// What happened in an account, step by step.
pub(super) struct Journal {
    start: Instant,
    pages: Mutex<Pages>,
    /// Grows with everything that happens, written down or not.
    steps: AtomicU64,
    blocking: AtomicUsize,
    changed: Notify,
}

#[derive(Default)]
struct Pages {
    published: Vec<PublishedEntry>,
    runs: Vec<RunEntry>,
    /// The runs on one message, by its queue and event.
    of_message: HashMap<(Arc<str>, EventId), Vec<usize>>,
    /// Those of them that have not ended.
    under_way: BTreeSet<usize>,
    /// What else happened: faults, crashes.
    notes: Vec<(Place, String)>,
}

impl Pages {
    /// Changes the runs on one message as it was received then, the last one first, until `change` says that it is enough. What was
    /// left undecided before, in a bus that crashed, stays so.
    fn change(&mut self, queue: &str, event_id: &EventId, attempt: u32, mut change: impl FnMut(&mut RunEntry) -> bool) {
        let Some(indices) = self.of_message.get(&(queue.into(), event_id.clone())) else { return };
        for index in indices.iter().rev() {
            let run = self.runs.get_mut(*index).filter(|run| run.metadata.attempt == attempt);
            if run.is_some_and(&mut change) {
                return;
            }
        }
    }
}

impl Journal {
    pub(super) fn new() -> Self {
        Self {
            start: Instant::now(),
            pages: Mutex::default(),
            steps: AtomicU64::new(0),
            blocking: AtomicUsize::new(0),
            changed: Notify::new(),
        }
    }

    /// Since the account is there.
    pub(super) fn elapsed(&self) -> Duration {
        Instant::now().saturating_duration_since(self.start)
    }

    /// Here and now.
    pub(super) fn place(&self) -> Place {
        Place { at: self.elapsed(), step: self.steps() }
    }

    /// Something happened.
    pub(super) fn step(&self) {
        self.steps.fetch_add(1, Ordering::Relaxed);
        self.changed.notify_waiters();
    }

    pub(super) fn steps(&self) -> u64 {
        self.steps.load(Ordering::Relaxed)
    }

    /// The next step, from when this is enabled or awaited.
    pub(super) fn changed(&self) -> Notified<'_> {
        self.changed.notified()
    }

    pub(super) fn is_blocking(&self) -> bool {
        self.blocking.load(Ordering::SeqCst) > 0
    }

    pub(super) fn published(&self, entry: PublishedEntry) {
        self.pages().published.push(entry);
        self.step();
    }

    pub(super) fn note(&self, what: impl Into<String>) {
        self.pages().notes.push((self.place(), what.into()));
        self.step();
    }

    /// A run begins, and ends with what is returned.
    pub(super) fn begin(
        self: &Arc<Self>,
        queue: &Arc<str>,
        subscriber: &SubscriberDescriptor,
        event: &Erased,
        metadata: &Arc<Metadata>,
    ) -> Running {
        let mut pages = self.pages();
        let index = pages.runs.len();
        pages.runs.push(RunEntry {
            place: self.place(),
            ended: None,
            queue: Arc::clone(queue),
            subscriber: subscriber.name(),
            full_name: subscriber.full_name(),
            descriptor: subscriber.event(),
            event: Arc::clone(event),
            metadata: Arc::clone(metadata),
            has_timeout: subscriber.options().timeout.is_some(),
            ending: Ending::Running,
        });
        pages.of_message.entry((Arc::clone(queue), metadata.event_id.clone())).or_default().push(index);
        pages.under_way.insert(index);
        drop(pages);
        let blocking = subscriber.is_blocking();
        if blocking {
            self.blocking.fetch_add(1, Ordering::SeqCst);
        }
        self.step();
        Running { journal: Arc::clone(self), index, blocking, timeout: subscriber.options().timeout }
    }

    /// The copy of a message that `subscriber` gave up is in the dead-letter queue.
    pub(super) fn dead_lettered(&self, queue: &str, event_id: &EventId, attempt: u32, subscriber: Option<&str>) {
        self.pages().change(queue, event_id, attempt, |run| {
            let Ending::Retried { kind, reason, after: None } = &mut run.ending else { return false };
            if subscriber.is_none_or(|subscriber| run.subscriber != subscriber && run.full_name != subscriber) {
                return false;
            }
            run.ending = Ending::DeadLettered { kind: *kind, reason: std::mem::take(reason) };
            true
        });
        self.step();
    }

    /// Whether a message is about to come again because of a subscriber that failed, and not to go on being handled.
    pub(super) fn is_to_be_retried(&self, queue: &str, event_id: &EventId, attempt: u32) -> bool {
        let (mut undecided, mut running) = (false, false);
        self.pages().change(queue, event_id, attempt, |run| {
            undecided |= run.is_undecided();
            running |= run.ending == Ending::Running;
            false
        });
        undecided && !running
    }

    /// A message comes again after `time` from now.
    pub(super) fn retried(&self, queue: &str, event_id: &EventId, attempt: u32, time: Duration) {
        let at = self.elapsed() + time;
        self.pages().change(queue, event_id, attempt, |run| {
            if let Ending::Retried { after: after @ None, .. } = &mut run.ending {
                *after = Some(at.saturating_sub(run.ended.unwrap_or_default()));
            }
            false
        });
        self.step();
    }

    pub(super) fn all_published(&self) -> Vec<PublishedEntry> {
        self.pages().published.clone()
    }

    pub(super) fn all_runs(&self) -> Vec<RunEntry> {
        self.pages().runs.clone()
    }

    pub(super) fn run_count(&self) -> usize {
        self.pages().runs.len()
    }

    /// The event of this id that somebody ran on.
    pub(super) fn event(&self, event_id: &EventId) -> Option<Erased> {
        let pages = self.pages();
        let run = pages.runs.iter().find(|run| run.metadata.event_id == *event_id)?;
        Some(Arc::clone(&run.event))
    }

    /// The runs under way, in words.
    pub(super) fn running(&self) -> Vec<String> {
        let (pages, now) = (self.pages(), self.elapsed());
        let under_way = pages.under_way.iter().filter_map(|index| pages.runs.get(*index));
        under_way
            .map(|run| {
                let since = now.saturating_sub(run.place.at);
                format!("`{}` has been running on {} for {since:?}", run.subscriber, run.descriptor.name())
            })
            .collect()
    }

    /// Since when the run has been under way that has been for longest, of those without a timeout of their own.
    pub(super) fn longest_running(&self) -> Option<Duration> {
        let pages = self.pages();
        let mut under_way = pages.under_way.iter().filter_map(|index| pages.runs.get(*index));
        under_way.find(|run| !run.has_timeout).map(|run| run.place.at)
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
