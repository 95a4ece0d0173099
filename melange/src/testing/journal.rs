//! What happened in an account, step by step.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::sync::futures::Notified;
use tokio::time::Instant;

use super::ending::Ending;
use super::show::{show, show_body};
use crate::dispatch::SubscriberErrorKind;
use crate::event::{Erased, EventDescriptor};
use crate::metadata::Metadata;
use crate::transport::{Body, Message};
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

/// When something happened, and before or after what: on a clock that stands still, much happens at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) at: Duration,
    step: u64,
}

/// An event that the broker took.
#[derive(Clone)]
pub(super) struct PublishedEntry {
    pub(super) place: Place,
    pub(super) event: &'static EventDescriptor,
    pub(super) metadata: Metadata,
    pub(super) body: Body,
    /// Where it was sent to past all topics, if it was.
    pub(super) queue: Option<String>,
}

impl PublishedEntry {
    pub(super) fn of(message: &Message, queue: Option<&str>, place: Place) -> Self {
        let Message { event, metadata, attributes, body, .. } = message;
        let metadata = Metadata { attributes: attributes.clone(), ..metadata.clone() };
        Self { place, event, metadata, body: body.clone(), queue: queue.map(str::to_owned) }
    }
}

/// A run of a subscriber.
#[derive(Clone)]
pub(super) struct RunEntry {
    pub(super) place: Place,
    pub(super) ended: Option<Duration>,
    pub(super) queue: Arc<str>,
    pub(super) subscriber: &'static str,
    pub(super) descriptor: &'static EventDescriptor,
    pub(super) event: Erased,
    pub(super) metadata: Arc<Metadata>,
    has_timeout: bool,
    pub(super) ending: Ending,
}

impl Pages {
    /// Changes the runs on one message, the last one first, until `change` says that it is enough.
    fn change(&mut self, queue: &str, event_id: &EventId, mut change: impl FnMut(&mut RunEntry) -> bool) {
        let Some(indices) = self.of_message.get(&(queue.into(), event_id.clone())) else { return };
        for index in indices.iter().rev() {
            if self.runs.get_mut(*index).is_some_and(&mut change) {
                return;
            }
        }
    }
}

impl RunEntry {
    /// Ended, and the broker has not been told yet what is to become of it.
    fn is_undecided(&self) -> bool {
        matches!(self.ending, Ending::Retried { after: None, .. })
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
    pub(super) fn dead_lettered(&self, queue: &str, event_id: &EventId, subscriber: Option<&str>) {
        self.pages().change(queue, event_id, |run| {
            let Ending::Retried { kind, reason, after: None } = &mut run.ending else { return false };
            if Some(run.subscriber) != subscriber {
                return false;
            }
            run.ending = Ending::DeadLettered { kind: *kind, reason: std::mem::take(reason) };
            true
        });
        self.step();
    }

    /// Whether a message is about to come again because of a subscriber that failed, and not to go on being handled.
    pub(super) fn is_to_be_retried(&self, queue: &str, event_id: &EventId) -> bool {
        let (mut undecided, mut running) = (false, false);
        self.pages().change(queue, event_id, |run| {
            undecided |= run.is_undecided();
            running |= run.ending == Ending::Running;
            false
        });
        undecided && !running
    }

    /// A message comes again after `time` from now.
    pub(super) fn retried(&self, queue: &str, event_id: &EventId, time: Duration) {
        let at = self.elapsed() + time;
        self.pages().change(queue, event_id, |run| {
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

    /// Since when the run has been under way that has been for longest, of those without a time-out of their own.
    pub(super) fn longest_running(&self) -> Option<Duration> {
        let pages = self.pages();
        let mut under_way = pages.under_way.iter().filter_map(|index| pages.runs.get(*index));
        under_way.find(|run| !run.has_timeout).map(|run| run.place.at)
    }

    /// The last so many steps in their order, each with when it was and what it was; and how many there are in all.
    pub(super) fn last(&self, count: usize) -> (Vec<(Duration, String)>, usize) {
        let pages = self.pages();
        let mut steps: Vec<(Place, Step<'_>)> = Vec::new();
        steps.extend(pages.published.iter().map(|entry| (entry.place, Step::Published(entry))));
        steps.extend(pages.runs.iter().map(|run| (run.place, Step::Run(run))));
        steps.extend(pages.notes.iter().map(|(place, note)| (*place, Step::Note(note))));
        steps.sort_by_key(|(place, _)| *place);
        let all = steps.len();
        (steps.iter().skip(all.saturating_sub(count)).map(|(place, step)| (place.at, step.words())).collect(), all)
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Step<'a> {
    Published(&'a PublishedEntry),
    Run(&'a RunEntry),
    Note(&'a str),
}

impl Step<'_> {
    fn words(&self) -> String {
        match self {
            Self::Published(entry) => {
                let to = entry.queue.as_ref().map(|queue| format!(" to queue `{queue}`")).unwrap_or_default();
                format!("published{to}: {}", show_body(entry.event, &entry.metadata, &entry.body))
            }
            Self::Run(run) => {
                let (subscriber, attempt, ending) = (run.subscriber, run.metadata.attempt, &run.ending);
                format!("`{subscriber}`, attempt {attempt}, {ending}: {}", show(run.descriptor, &run.event))
            }
            Self::Note(note) => (*note).to_owned(),
        }
    }
}

/// A run under way; cut off if it is dropped before its end.
pub(super) struct Running {
    journal: Arc<Journal>,
    index: usize,
    blocking: bool,
    timeout: Option<Duration>,
}

impl Running {
    pub(super) fn ended(self, ending: Ending) {
        self.set(ending);
    }

    fn set(&self, ending: Ending) {
        let now = self.journal.elapsed();
        let mut pages = self.journal.pages();
        if let Some(run) = pages.runs.get_mut(self.index) {
            run.ending = ending;
            run.ended = Some(now);
        }
        pages.under_way.remove(&self.index);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let pages = self.journal.pages();
        let run = pages.runs.get(self.index).filter(|run| run.ending == Ending::Running).map(|run| run.place.at);
        drop(pages);
        if let Some(began) = run {
            let took = self.journal.elapsed().saturating_sub(began);
            self.set(match self.timeout.filter(|limit| took >= *limit) {
                Some(limit) => Ending::Retried {
                    kind: SubscriberErrorKind::TimedOut,
                    reason: format!("it took longer than its time-out of {limit:?}"),
                    after: None,
                },
                None => Ending::Interrupted,
            });
        }
        if self.blocking {
            self.journal.blocking.fetch_sub(1, Ordering::SeqCst);
        }
        self.journal.step();
    }
}

impl fmt::Display for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.last(usize::MAX).0.iter().try_for_each(|(at, what)| writeln!(f, "{:>9.3}s  {what}", at.as_secs_f64()))
    }
}
