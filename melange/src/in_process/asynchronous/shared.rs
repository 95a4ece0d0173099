//! What the handles and the workers of a bus share.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::available_parallelism;

use tokio_util::sync::CancellationToken;

use super::inboxes::Inboxes;
use super::job::Job;
use super::metrics::Runs;
use super::seats::Seats;
use super::state::State;
use crate::EventId;
use crate::context::States;
use crate::dispatch::{SubscriberError, SubscriberErrorKind, contained};
use crate::in_process::table::Table;
use crate::in_process::unpoisoned;

/// What is called when a subscriber fails.
pub(super) type ErrorHook = Box<dyn Fn(&SubscriberError) + Send + Sync>;

pub(super) struct Shared {
    pub(super) table: Arc<Table>,
    /// Besides the bus only workers and runs on other threads hold these, so their count says how many are left.
    pub(super) states: Arc<States>,
    state: Mutex<State>,
    pub(super) seats: Arc<Seats>,
    pub(super) inboxes: Arc<Inboxes<Job>>,
    /// No more events are begun.
    pub(super) is_cut_off: AtomicBool,
    /// What subscribers are handed.
    pub(super) cancellation: CancellationToken,
    /// Randomly keyed, because keys come from outside: nobody should be able to predict which of them collide.
    hasher: RandomState,
    pub(super) runs: Runs,
    hooks: Vec<ErrorHook>,
}

impl Shared {
    pub(super) fn new(
        table: Table,
        states: Arc<States>,
        workers: usize,
        capacity: usize,
        hooks: Vec<ErrorHook>,
    ) -> Self {
        // There may be more threads, but no more are needed.
        let threads = available_parallelism().map_or(1, usize::from);
        let (seats, inboxes) = (Arc::new(Seats::new(workers)), Arc::new(Inboxes::new(workers, threads)));
        let state = State::new(Arc::clone(&seats), Arc::clone(&inboxes), capacity, threads, table.limits());
        Self {
            state: Mutex::new(state),
            seats,
            inboxes,
            table: Arc::new(table),
            states,
            is_cut_off: AtomicBool::new(false),
            cancellation: CancellationToken::new(),
            hasher: RandomState::new(),
            runs: Runs::default(),
            hooks,
        }
    }

    /// The only access to the state: after each change, the tasks concerned are woken.
    #[inline]
    pub(super) fn update<R>(&self, change: impl FnOnce(&mut State) -> R) -> R {
        let mut state = self.lock();
        let result = change(&mut state);
        self.unlock(state);
        result
    }

    /// The same in two steps, of which the second is never left out.
    #[inline]
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        unpoisoned(self.state.lock())
    }

    #[inline]
    pub(super) fn unlock<'a>(&'a self, state: MutexGuard<'a, State>) {
        if state.is_anyone_to_wake() {
            self.unlock_and_wake(state);
        }
    }

    #[cold]
    fn unlock_and_wake<'a>(&'a self, mut state: MutexGuard<'a, State>) {
        state.call_workers();
        while let Some(waker) = state.wakes.pop_front() {
            drop(state);
            // User code: if it panics, the others must be woken nevertheless, and the event that runs here continues.
            if contained(|| waker.wake()).is_none() {
                tracing::error!("a waker panicked: what it was to wake may wait for ever");
            }
            state = self.lock();
        }
    }

    /// The hash of a key.
    pub(super) fn hash(&self, key: &str) -> u64 {
        self.hasher.hash_one(key)
    }

    /// From now on nothing is begun, and what is queued is dropped.
    pub(super) fn cut_off(&self) {
        self.is_cut_off.store(true, Ordering::Release);
        let left = self.update(State::give_up);
        self.cancellation.cancel();
        left.let_go();
    }

    #[inline]
    pub(super) fn is_cut_off(&self) -> bool {
        self.is_cut_off.load(Ordering::Acquire)
    }

    /// Reports a failed subscriber to the log and the hooks.
    pub(super) fn report(&self, error: &SubscriberError, event_id: &EventId) {
        self.runs.count(error);
        let (subscriber, event, reason) = (error.subscriber(), error.event_name(), error.reason());
        if error.kind() == SubscriberErrorKind::Panicked {
            tracing::error!(subscriber, event, %event_id, "a subscriber panicked");
        } else {
            tracing::warn!(subscriber, event, %event_id, kind = ?error.kind(), %reason, "a subscriber did not handle an event");
        }
        for hook in &self.hooks {
            if contained(|| hook(error)).is_none() {
                tracing::error!(subscriber, event, %event_id, "the error hook panicked");
            }
        }
    }
}
