//! A run from its begin to its end, whatever ends it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::Journal;
use crate::dispatch::SubscriberErrorKind;
use crate::testing::ending::Ending;

/// A run under way; cut off if it is dropped before its end.
pub(crate) struct Running {
    pub(super) journal: Arc<Journal>,
    pub(super) index: usize,
    pub(super) blocking: bool,
    pub(super) timeout: Option<Duration>,
}

impl Running {
    pub(crate) fn ended(self, ending: Ending) {
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
                    reason: format!("it took longer than its timeout of {limit:?}"),
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
