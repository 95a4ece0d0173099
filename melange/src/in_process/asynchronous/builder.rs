//! Puts an asynchronous bus together.

use std::fmt;
use std::panic::Location as Caller;
use std::sync::Arc;

use tokio::runtime::Handle;
use tokio_util::task::TaskTracker;

use super::AsynchronousEventBus;
use super::drain::Crew;
use super::shared::{ErrorHook, Shared};
use super::worker::{Alive, work};
use crate::Location;
use crate::dispatch::SubscriberError;
use crate::error::build::{BuildErrors, Problem, ProblemKind};
use crate::in_process::table::Table;
use crate::runtime::{GIVE_IT_A_CLOCK, has_clock};
use crate::wiring::{Wiring, wiring_methods};

const WORKERS: usize = 8;
const CAPACITY: usize = 10_000;

/// Builds an [`AsynchronousEventBus`].
#[must_use]
pub struct AsynchronousEventBusBuilder {
    wiring: Wiring,
    workers: usize,
    capacity: usize,
    hooks: Vec<ErrorHook>,
    problems: Vec<Problem>,
}

impl AsynchronousEventBusBuilder {
    pub(super) fn new() -> Self {
        Self {
            wiring: Wiring::default(),
            workers: WORKERS,
            capacity: CAPACITY,
            hooks: Vec::new(),
            problems: Vec::new(),
        }
    }

    wiring_methods!();

    /// How many events may be handled at once, each by a worker task that lives as long as the bus; 8 by default.
    #[track_caller]
    pub fn workers(mut self, workers: usize) -> Self {
        self.workers = workers;
        self.at_least_one(workers, "workers", "events would never be handled");
        self
    }

    /// How many events may be queued, keyed and un-keyed together; 10 000 by default. Those being handled
    /// are not counted.
    #[track_caller]
    pub fn capacity(mut self, capacity: usize) -> Self {
        self.capacity = capacity;
        self.at_least_one(capacity, "capacity", "nothing could ever be published");
        self
    }

    /// Called each time a subscriber fails, panics, or takes too long, before the event's next subscriber runs: it
    /// should be quick. A panic in it is contained. If several hooks are given, each is called.
    pub fn on_error(mut self, hook: impl Fn(&SubscriberError) + Send + Sync + 'static) -> Self {
        self.hooks.push(Box::new(hook));
        self
    }

    /// Builds the bus, which runs on the tokio runtime that this is called on.
    ///
    /// # Errors
    /// All problems at once. Besides what every bus checks: no workers, no capacity, and no tokio runtime
    /// to run on, or one without a clock.
    #[track_caller]
    pub fn build(mut self) -> Result<AsynchronousEventBus, BuildErrors> {
        let runtime = Handle::try_current();
        if runtime.is_err() {
            let what = "an asynchronous event bus was built where no tokio runtime is";
            let fix =
                "build it in an async function (under `#[tokio::main]`), or after `let _guard = runtime.enter();`";
            self.problems.push(Problem::new(ProblemKind::NoRuntime, what, fix).at(here()));
        } else if !has_clock() {
            let what = "an asynchronous event bus was built where the tokio runtime has no clock";
            self.problems.push(Problem::new(ProblemKind::NoRuntime, what, GIVE_IT_A_CLOCK).at(here()));
        }
        let (wired, problems) = self.wiring.finish();
        self.problems.extend(problems);
        BuildErrors::check(self.problems)?;
        let shared =
            Shared::new(Table::new(wired.subscriptions), wired.states, self.workers, self.capacity, self.hooks);
        let (shared, tasks) = (Arc::new(shared), TaskTracker::new());
        let alive = Arc::new(Alive(Arc::clone(&shared)));
        let start = |runtime: &Handle, slot| {
            let task = work(Arc::clone(&shared), slot, Arc::clone(&alive));
            tasks.spawn_on(task, runtime).abort_handle()
        };
        let aborts = runtime.iter().flat_map(|runtime| (0..self.workers).map(|slot| start(runtime, slot))).collect();
        Ok(AsynchronousEventBus { crew: Arc::new(Crew { shared, tasks, aborts, runtime: runtime.ok() }) })
    }

    #[track_caller]
    fn at_least_one(&mut self, given: usize, option: &str, otherwise: &str) {
        if given == 0 {
            let what = format!("`.{option}(0)`: {otherwise}");
            let fix = format!("give at least 1, or leave `.{option}(..)` out for the default");
            self.problems.push(Problem::new(ProblemKind::IllegalOption, what, fix).at(here()));
        }
    }
}

#[track_caller]
fn here() -> Location {
    let caller = Caller::caller();
    Location::new("", caller.file(), caller.line())
}

impl fmt::Debug for AsynchronousEventBusBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsynchronousEventBusBuilder")
            .field("workers", &self.workers)
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}
