//! Which worker runs the subscriber that is running here.

use std::future::Future;
use std::sync::{Arc, Weak};

use super::shared::Shared;

tokio::task_local! {
    /// Which worker of which bus runs the subscriber that is running here.
    static HERE: Here;
}

#[derive(Clone)]
struct Here {
    /// The address of its `Shared`, only ever compared.
    bus: usize,
    slot: usize,
    /// On another thread: there as long as the worker waits for it.
    run: Option<Weak<()>>,
}

impl Here {
    fn is_current(&self) -> bool {
        self.run.as_ref().is_none_or(|run| run.strong_count() > 0)
    }
}

/// Wraps `run` for another thread: what it publishes there counts as published by the subscriber that is running here,
/// as long as the second returned value is held.
pub(crate) fn on_a_thread<R>(run: impl FnOnce() -> R) -> (impl FnOnce() -> R, Option<Arc<()>>) {
    let here = HERE.try_with(|here| {
        let waited_for = Arc::new(());
        (Here { run: Some(Arc::downgrade(&waited_for)), ..here.clone() }, waited_for)
    });
    let (here, waited_for) = here.ok().unzip();
    let run = move || match here {
        Some(here) => HERE.sync_scope(here, run),
        None => run(),
    };
    (run, waited_for)
}

impl Shared {
    fn address(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    /// The worker of this bus whose subscriber is calling, if one is.
    pub(super) fn caller(&self) -> Option<usize> {
        let is_own = |here: &Here| here.bus == self.address() && here.is_current();
        HERE.try_with(|here| is_own(here).then_some(here.slot)).ok().flatten()
    }

    /// Runs a worker.
    pub(super) async fn run_as<F: Future>(&self, slot: usize, worker: F) -> F::Output {
        HERE.scope(Here { bus: self.address(), slot, run: None }, worker).await
    }
}
