//! What the handles and the workers of a bus share.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::metrics::Runs;
use super::state::{Phase, State};
use crate::context::States;
use crate::dispatch::{SubscriberError, SubscriberErrorKind};
use crate::in_process::table::Table;
use crate::in_process::unpoisoned;
use crate::metadata::Metadata;

/// What is called when a subscriber fails.
pub(super) type ErrorHook = Box<dyn Fn(&SubscriberError) + Send + Sync>;

pub(super) struct Shared {
    pub(super) table: Arc<Table>,
    /// Besides the bus only runs hold these, so their count says how many runs are left.
    pub(super) states: Arc<States>,
    state: Mutex<State>,
    /// A worker is wanted.
    pub(super) work: Notify,
    /// The workers go home.
    pub(super) closed: CancellationToken,
    /// What subscribers are handed.
    pub(super) cancellation: CancellationToken,
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
        Self {
            state: Mutex::new(State::new(workers, capacity, table.limits())),
            table: Arc::new(table),
            states,
            work: Notify::new(),
            closed: CancellationToken::new(),
            cancellation: CancellationToken::new(),
            runs: Runs::default(),
            hooks,
        }
    }

    /// The only way to the state: whoever changes it, the workers learn what it means for them.
    pub(super) fn update<R>(&self, change: impl FnOnce(&mut State) -> R) -> R {
        let mut state = unpoisoned(self.state.lock());
        let result = change(&mut state);
        let (wanted, closed) = (state.wants_worker(), state.phase() == Phase::Closed);
        drop(state);
        if wanted {
            self.work.notify_one();
        }
        if closed {
            self.closed.cancel();
        }
        result
    }

    /// Tells everyone who wants to know that a subscriber failed.
    pub(super) fn report(&self, error: &SubscriberError, metadata: &Metadata) {
        self.runs.count(error);
        let (subscriber, event, reason) = (error.subscriber(), error.event_name(), error.reason());
        let event_id = &metadata.event_id;
        if error.kind() == SubscriberErrorKind::Panicked {
            tracing::error!(subscriber, event, %event_id, "a subscriber panicked");
        } else {
            tracing::warn!(subscriber, event, %event_id, kind = ?error.kind(), %reason, "a subscriber did not handle an event");
        }
        for hook in &self.hooks {
            if catch_unwind(AssertUnwindSafe(|| hook(error))).is_err() {
                tracing::error!(subscriber, event, %event_id, "the error hook panicked");
            }
        }
    }
}
