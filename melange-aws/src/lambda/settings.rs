//! What can be said of how a function takes its records.

use std::time::Duration;

use melange::EventBus;

use super::deadline::MARGIN;

/// How a function takes its records.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    /// Records at once.
    pub(super) concurrency: usize,
    /// How long before the invocation's end it stops.
    pub(super) margin: Duration,
    /// Whose subscribers run, whatever the queue is called that a record came from.
    pub(super) queue: Option<String>,
}

impl Settings {
    pub(super) fn of(bus: &EventBus) -> Self {
        Self { concurrency: bus.intake().concurrency(), margin: MARGIN, queue: None }
    }
}
