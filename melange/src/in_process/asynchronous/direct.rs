//! The subscribers of one event that ask for nothing but the event, as a worker runs them: with one net under all of them,
//! one look at the event's type, and no future for those that are none.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use crate::dispatch::{SubscriberError, failed, let_go, panicked};
use crate::event::{Erased, Event};
use crate::in_process::direct::Handler;
use crate::in_process::entry::{Entries, Entry};
use crate::in_process::queued::Way;
use crate::outcome::Failure;
use crate::subscriber::{BoxFuture, SubscriberDescriptor};

/// An async subscriber of `E`.
pub(crate) type AsyncHandler<E> = Box<dyn Fn(Arc<E>) -> Run + Send + Sync>;

/// A run of one. What it gives is one word, which is nothing where all is well.
pub(crate) type Run = BoxFuture<'static, Option<Box<Failure>>>;

enum Task<E> {
    Sync(Handler<E>),
    Async(AsyncHandler<E>),
}

/// The subscribers of one event, in order.
struct Tasks<E>(Box<[Task<E>]>);

/// [`Tasks`] of an event, whose type was forgotten.
pub(in crate::in_process) type AnyTasks = Box<dyn Any + Send + Sync>;

/// What makes them of the event's subscribers, if all of these ask for nothing else.
pub(in crate::in_process) type MakeTasks = fn(&Entries) -> Option<AnyTasks>;

/// What runs them.
pub(super) type PollTasks =
    fn(&(dyn Any + Send + Sync), &Erased, &mut At, &mut Context<'_>, &mut Seen<'_>) -> Poll<bool>;

/// How far a delivery is.
#[derive(Default)]
pub(super) struct At {
    next: usize,
    running: Option<Run>,
}

/// What a delivery asks and tells.
pub(super) struct Seen<'a> {
    /// Whether nothing is to begin any more.
    pub(super) is_over: &'a dyn Fn() -> bool,
    /// Hears what failed, with its place among the subscribers.
    pub(super) failed: &'a mut dyn FnMut(usize, How),
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

pub(super) fn tasks<E: Event>(entries: &Entries) -> Option<AnyTasks> {
    let all: Option<Box<[Task<E>]>> = entries.iter().map(|entry| task(entry)).collect();
    Some(Box::new(Tasks(all?)))
}

fn task<E: Event>(entry: &Entry) -> Option<Task<E>> {
    if let Way::Other = entry.way {
        return None;
    }
    let subscription = &entry.subscription;
    match subscription.descriptor.direct()?(Arc::clone(&subscription.instance))?.downcast::<Handler<E>>() {
        Ok(handler) => Some(Task::Sync(*handler)),
        Err(other) => other.downcast::<AsyncHandler<E>>().ok().map(|handler| Task::Async(*handler)),
    }
}

/// Runs the subscribers from where it was. False if it was over before the end.
pub(super) fn poll<E: Event>(
    tasks: &(dyn Any + Send + Sync),
    event: &Erased,
    at: &mut At,
    cx: &mut Context<'_>,
    seen: &mut Seen<'_>,
) -> Poll<bool> {
    let (Some(Tasks(tasks)), Some(by_ref)) = (tasks.downcast_ref::<Tasks<E>>(), event.downcast_ref::<E>()) else {
        return Poll::Ready(false);
    };
    loop {
        let run = catch_unwind(AssertUnwindSafe(|| {
            loop {
                if let Some(running) = &mut at.running {
                    let failure = ready!(running.as_mut().poll(cx));
                    at.running = None;
                    if let Some(failure) = failure {
                        (seen.failed)(at.next - 1, How::Failed(failure));
                    }
                }
                let Some(task) = tasks.get(at.next) else { return Poll::Ready(true) };
                if (seen.is_over)() {
                    return Poll::Ready(false);
                }
                at.next += 1;
                match task {
                    Task::Sync(handler) => {
                        if let Some(failure) = handler(by_ref, None) {
                            (seen.failed)(at.next - 1, How::Failed(failure));
                        }
                    }
                    Task::Async(handler) => {
                        at.running = Arc::clone(event).downcast().ok().map(handler);
                    }
                }
            }
        }));
        match run {
            Ok(polled) => return polled,
            // Who falls is taken out, and the next go on.
            Err(thrown) => {
                let_go((thrown, at.running.take()));
                (seen.failed)(at.next - 1, How::Panicked);
            }
        }
    }
}
