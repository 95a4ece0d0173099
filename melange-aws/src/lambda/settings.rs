//! The settings of how a function handles its records.

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

/// Writes the methods that every function with a field `settings: Settings` has, with what it does where no queue is
/// said.
macro_rules! settings_methods {
    ($($without_a_queue:literal)*) => {
        /// Handles at most this many records at once: by default, the bus's maximum number of messages in flight
        /// ([`EventBusBuilder::concurrency`](melange::EventBusBuilder::concurrency)).
        #[must_use]
        pub fn concurrency(mut self, records: usize) -> Self {
            self.settings.concurrency = records.max(1);
            self
        }

        /// Stops this long before the end of the invocation (2 seconds by default), but never more than a quarter of
        /// the time there is. Half of it is for handlers to react to their `CancellationToken`.
        #[must_use]
        pub fn deadline_margin(mut self, margin: std::time::Duration) -> Self {
            self.settings.margin = margin;
            self
        }

        /// Treats all records as coming from this queue of the bus, and runs only its subscribers.
        $(#[doc = $without_a_queue])*
        #[must_use]
        pub fn queue(mut self, name: impl Into<String>) -> Self {
            self.settings.queue = Some(name.into());
            self
        }
    };
}
pub(super) use settings_methods;
