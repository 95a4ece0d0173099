//! What runs the subscribers of one event for one worker, where they ask for nothing but the event.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::task::{Context, Poll};

use super::borrowers::Borrowers;
use super::direct::{AsyncHandler, Task, Tasks};
use super::job::Job;
use crate::dispatch::{SubscriberError, failed, panicked};
use crate::event::Event;
use crate::in_process::direct::Handler;
use crate::in_process::entry::Entry;
use crate::in_process::queued::Way;
use crate::outcome::Failure;
use crate::subscriber::SubscriberDescriptor;

/// What came of going on with an event.
pub(super) enum Step {
    /// All have run.
    Done,
    /// Nothing is to begin any more.
    CutOff,
    /// The subscriber at this place failed: what is left is yet to run.
    Failed(usize, How),
}

/// How a subscriber failed.
pub(super) enum How {
    Failed(Box<Failure>),
    Panicked,
}

impl How {
    #[cold]
    pub(super) fn of(self, descriptor: &SubscriberDescriptor) -> SubscriberError {
        match self {
            Self::Failed(failure) => failed(descriptor, *failure).error,
            Self::Panicked => panicked(descriptor).error,
        }
    }
}

/// The subscribers of one event, whose type was forgotten, as one worker runs them.
pub(super) trait Runner: Send {
    /// Runs them for the next event, or goes on with the last one, until one fails. The event is taken from where it lies: to be
    /// moved here would cost more than all the rest.
    fn run(&mut self, next: Option<&mut Option<Job>>, is_cut_off: &AtomicBool, cx: &mut Context<'_>) -> Poll<Step>;
}

/// What is next when the event is to be dropped.
pub(super) const OVER: usize = usize::MAX;

/// The same, if others were to run that must not begin any more.
pub(super) const CUT_OFF: usize = OVER - 1;

pub(super) fn runner<E: Event>(entries: &[Arc<Entry>]) -> Option<Box<dyn Runner>> {
    let tasks: Vec<Task<E>> = entries.iter().map(|entry| task(entry)).collect::<Option<_>>()?;
    if tasks.iter().any(|task| matches!(task, Task::Async(_))) {
        return Some(Box::new(Tasks::new(tasks)));
    }
    let sync = |task| match task {
        Task::Sync(handler) => Some(handler),
        Task::Async(_) => None,
    };
    Some(Box::new(Borrowers::new(tasks.into_iter().filter_map(sync).collect())))
}

fn task<E: Event>(entry: &Entry) -> Option<Task<E>> {
    if let Way::Other = entry.way {
        return None;
    }
    let subscription = &entry.subscription;
    match subscription.descriptor.direct()?(Arc::clone(&subscription.instance))?.downcast::<Handler<E>>() {
        Ok(handler) => Some(Task::Sync(*handler)),
        Err(other) => other.downcast::<Box<dyn AsyncHandler<E>>>().ok().map(|handler| Task::Async(*handler)),
    }
}
