//! The subscribers of one event that ask for nothing but the event, as one worker runs them: with one net under all of them,
//! one look at the event's type, no future for those that are none, and no box for each of those that are.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use super::job::Job;
use super::runner::{How, OVER, Runner, Step};
use crate::dispatch::let_go;
use crate::event::Event;
use crate::in_process::direct::{Handler, failure};
use crate::outcome::{Failure, IntoOutcome};
use crate::subscriber::Instance;

/// An async subscriber of `E`, with the place where it runs for one worker: made once, and used for one event after the other.
pub(super) trait AsyncHandler<E>: Send {
    /// Begins with an event, or goes on. What it gives is one word, which is nothing where all is well.
    fn poll(&mut self, event: Option<Arc<E>>, cx: &mut Context<'_>) -> Poll<Option<Box<Failure>>>;

    /// Drops what runs.
    fn clear(&mut self);
}

struct Place<T, C, R> {
    instance: Arc<T>,
    call: C,
    run: Pin<Box<Option<R>>>,
}

impl<E, T, C, R> AsyncHandler<E> for Place<T, C, R>
where
    E: Event,
    T: Send + Sync,
    C: Fn(&Arc<T>, Arc<E>) -> R + Send,
    R: Future<Output: IntoOutcome> + Send,
{
    #[inline]
    fn poll(&mut self, event: Option<Arc<E>>, cx: &mut Context<'_>) -> Poll<Option<Box<Failure>>> {
        let Self { instance, call, run } = self;
        if let Some(event) = event {
            run.set(Some(call(instance, event)));
        }
        let Some(running) = run.as_mut().as_pin_mut() else { return Poll::Ready(None) };
        let result = ready!(running.poll(cx));
        run.set(None);
        Poll::Ready(failure(result.into_outcome()))
    }

    fn clear(&mut self) {
        self.run.set(None);
    }
}

/// What calls `call` with the value, if it is a `T`, and the event: an async subscriber as its descriptor keeps it.
pub(crate) fn direct_async<T, E, R>(
    instance: Arc<Instance>,
    call: impl Fn(&Arc<T>, Arc<E>) -> R + Send + 'static,
) -> Option<Box<dyn Any>>
where
    T: Send + Sync + 'static,
    E: Event,
    R: Future<Output: IntoOutcome> + Send + 'static,
{
    let place = Place { instance: instance.downcast::<T>().ok()?, call, run: Box::pin(None) };
    let handler: Box<dyn AsyncHandler<E>> = Box::new(place);
    Some(Box::new(handler))
}

pub(super) enum Task<E> {
    Sync(Handler<E>),
    Async(Box<dyn AsyncHandler<E>>),
}

/// The subscribers of one event, in order, and the event that they run for.
pub(super) struct Tasks<E> {
    all: Box<[Task<E>]>,
    /// Once its last subscriber has begun, nobody else need hold it.
    event: Option<Arc<E>>,
    next: usize,
    /// The last that was begun waits for something.
    is_waiting: bool,
}

impl<E: Event> Runner for Tasks<E> {
    fn run(&mut self, next: Option<&mut Option<Job>>, is_cut_off: &AtomicBool, cx: &mut Context<'_>) -> Poll<Step> {
        if let Some(job) = next {
            self.event = job.take().and_then(Job::share_as);
            self.next = 0;
        }
        catch_unwind(AssertUnwindSafe(|| self.go_on(is_cut_off, cx)))
            .unwrap_or_else(|thrown| Poll::Ready(self.fall(thrown)))
    }
}

/// Clears as it is dropped.
struct Clearing<'a, E>(&'a mut dyn AsyncHandler<E>);

impl<E> Drop for Clearing<'_, E> {
    fn drop(&mut self) {
        self.0.clear();
    }
}

impl<E: Event> Tasks<E> {
    pub(super) fn new(all: Vec<Task<E>>) -> Self {
        Self { all: all.into(), event: None, next: 0, is_waiting: false }
    }

    /// Who falls is taken out, and the next go on.
    #[cold]
    fn fall(&mut self, thrown: Box<dyn Any + Send>) -> Step {
        let_go(thrown);
        if self.next == OVER {
            tracing::error!(event = E::DESCRIPTOR.name(), "an event panicked as it was dropped");
            return Step::Done;
        }
        self.is_waiting = false;
        let fallen = self.next - 1;
        if let Some(Task::Async(handler)) = self.all.get_mut(fallen) {
            let_go(Clearing(handler.as_mut()));
        }
        Step::Failed(fallen, How::Panicked)
    }

    #[inline]
    fn go_on(&mut self, is_cut_off: &AtomicBool, cx: &mut Context<'_>) -> Poll<Step> {
        let Self { all, event, next, is_waiting } = self;
        if *is_waiting && let Some(Task::Async(handler)) = all.get_mut(*next - 1) {
            let failure = ready!(handler.poll(None, cx));
            *is_waiting = false;
            if let Some(failure) = failure {
                return Poll::Ready(Step::Failed(*next - 1, How::Failed(failure)));
            }
        }
        let (begin, last) = (*next, all.len());
        for task in all.iter_mut().skip(begin) {
            if is_cut_off.load(Ordering::Acquire) {
                self.end();
                return Poll::Ready(Step::CutOff);
            }
            *next += 1;
            let failure = match task {
                Task::Sync(handler) => event.as_deref().and_then(|event| handler(event, None)),
                Task::Async(handler) => {
                    // The last has it for itself.
                    let own = if *next == last { event.take() } else { event.clone() };
                    match handler.poll(own, cx) {
                        Poll::Ready(failure) => failure,
                        Poll::Pending => {
                            *is_waiting = true;
                            return Poll::Pending;
                        }
                    }
                }
            };
            if let Some(failure) = failure {
                return Poll::Ready(Step::Failed(*next - 1, How::Failed(failure)));
            }
        }
        self.end();
        Poll::Ready(Step::Done)
    }

    /// Drops the event, unless its last subscriber has it. Should that panic, `next` says where.
    #[inline]
    fn end(&mut self) {
        self.next = OVER;
        self.event = None;
    }
}
