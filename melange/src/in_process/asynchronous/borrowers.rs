//! The subscribers of an event, if all of them only borrow it, as one worker runs them: one call after the other.

use std::any::Any;
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use super::cell::Cell;
use super::job::Job;
use super::runner::{CUT_OFF, How, OVER, Runner, Step};
use crate::dispatch::let_go;
use crate::event::Event;
use crate::in_process::direct::Handler;
use crate::outcome::Failure;

/// They, in order, and the event that they run for, if it is not where it lay.
pub(super) struct Borrowers<E> {
    all: Box<[Handler<E>]>,
    event: Option<Held<E>>,
    next: usize,
}

enum Held<E> {
    Own(E),
    Shared(Arc<E>),
}

impl<E: Event> Runner for Borrowers<E> {
    fn run(&mut self, next: Option<&mut Option<Job>>, is_cut_off: &AtomicBool, _: &mut Context<'_>) -> Poll<Step> {
        if let Some(job) = next {
            self.next = 0;
            if let Some(cell) = job.as_mut().and_then(Job::own::<E>) {
                let step = self.contain(|all, next| {
                    let failure = run(all, cell.get(), next, is_cut_off);
                    if is_over(*next) {
                        cell.clear();
                    }
                    failure
                });
                if !is_over(self.next) {
                    self.event = cell.take().map(Held::Own);
                }
                if !Cell::<E>::IS_KEPT {
                    *job = None;
                }
                return Poll::Ready(step);
            }
            self.event = job.take().and_then(Job::share_as).map(Held::Shared);
        }
        Poll::Ready(self.run_on(is_cut_off))
    }
}

impl<E: Event> Borrowers<E> {
    pub(super) fn new(all: Box<[Handler<E>]>) -> Self {
        Self { all, event: None, next: 0 }
    }

    /// Those that are left.
    fn run_on(&mut self, is_cut_off: &AtomicBool) -> Step {
        let mut event = self.event.take();
        let step = self.contain(|all, next| {
            let failure = run(all, event.as_deref(), next, is_cut_off);
            if is_over(*next) {
                event = None;
            }
            failure
        });
        self.event = event;
        step
    }

    /// Runs some of them. One that panics is skipped.
    #[inline(always)]
    fn contain(&mut self, run: impl FnOnce(&[Handler<E>], &mut usize) -> Option<Box<Failure>>) -> Step {
        let Self { all, next, .. } = self;
        // In a register: to be written down for each of them would take longer than the count itself.
        let mut at = *next;
        let stopped = catch_unwind(AssertUnwindSafe(|| run(all, &mut at)));
        *next = at;
        match stopped {
            Ok(None) if at == CUT_OFF => Step::CutOff,
            Ok(None) => Step::Done,
            Ok(Some(failure)) => Step::Failed(at - 1, How::Failed(failure)),
            Err(thrown) => fallen::<E>(thrown, at),
        }
    }
}

impl<E> Deref for Held<E> {
    type Target = E;

    fn deref(&self) -> &E {
        match self {
            Self::Own(event) => event,
            Self::Shared(event) => event,
        }
    }
}

/// Calls those that are next, until one fails. What is given back is one word, which is nothing where all is well. Once
/// there is no other, the event is to be dropped; should that panic, `next` says where.
#[inline(always)]
fn run<E>(all: &[Handler<E>], event: Option<&E>, next: &mut usize, is_cut_off: &AtomicBool) -> Option<Box<Failure>> {
    if let Some(event) = event {
        for handler in all.get(*next..).unwrap_or_default() {
            if is_cut_off.load(Ordering::Acquire) {
                *next = CUT_OFF;
                return None;
            }
            *next += 1;
            if let Some(failure) = handler(event, None) {
                return Some(failure);
            }
        }
    }
    *next = OVER;
    None
}

/// Whether the event is to be dropped.
fn is_over(next: usize) -> bool {
    next >= CUT_OFF
}

#[cold]
fn fallen<E: Event>(thrown: Box<dyn Any + Send>, next: usize) -> Step {
    let_go(thrown);
    match next {
        OVER | CUT_OFF => {
            tracing::error!(event = E::DESCRIPTOR.name(), "an event panicked as it was dropped");
            if next == OVER { Step::Done } else { Step::CutOff }
        }
        _ => Step::Failed(next - 1, How::Panicked),
    }
}
