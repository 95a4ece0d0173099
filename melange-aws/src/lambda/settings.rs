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

/// Writes the methods that every function with a field `settings: Settings` has, with what it does where no queue is said.
macro_rules! settings_methods {
    ($($without_a_queue:literal)*) => {
        /// Handles at most so many records at once: as many as the bus was told to have in hand
        /// ([`EventBusBuilder::concurrency`](melange::EventBusBuilder::concurrency)), unless said otherwise.
        #[must_use]
        pub fn concurrency(mut self, records: usize) -> Self {
            self.settings.concurrency = records.max(1);
            self
        }

        /// Stops so long before the invocation's end, unless said otherwise 2 seconds, and never more than a quarter of the
        /// time there is. Half of it is for handlers to heed their token.
        #[must_use]
        pub fn deadline_margin(mut self, margin: std::time::Duration) -> Self {
            self.settings.margin = margin;
            self
        }

        /// Takes all records for those of this queue of the bus, and runs its subscribers alone.
        $(#[doc = $without_a_queue])*
        #[must_use]
        pub fn queue(mut self, name: impl Into<String>) -> Self {
            self.settings.queue = Some(name.into());
            self
        }
    };
}
pub(super) use settings_methods;
