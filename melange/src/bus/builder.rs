//! Building a bus.

use std::fmt;
use std::time::Duration;

use super::EventBus;
use crate::consumer::{Setup, UnknownEvents, UnknownVersions};
use crate::error::build::BuildErrors;
use crate::transport::{DynTransport, MemoryTransport, Transport};
use crate::wiring::{Wiring, wiring_methods};

/// Builds an [`EventBus`].
#[derive(Default)]
#[must_use]
pub struct EventBusBuilder {
    wiring: Wiring,
    setup: Setup,
    transport: Option<DynTransport>,
}

impl EventBusBuilder {
    wiring_methods!();

    /// Uses this transport; the in-memory one by default.
    pub fn transport(mut self, transport: impl Transport) -> Self {
        self.transport = Some(DynTransport::new(transport));
        self
    }

    /// The maximum number of messages in flight, over all queues; 64 by default.
    pub fn concurrency(mut self, messages: usize) -> Self {
        self.setup.concurrency = messages;
        self
    }

    /// How long a poll waits for a message; 20 seconds by default, which is also the most SQS allows.
    pub fn wait(mut self, wait: Duration) -> Self {
        self.setup.wait = wait;
        self
    }

    /// What to do with events nobody listens to.
    pub fn unknown_events(mut self, unknown_events: UnknownEvents) -> Self {
        self.setup.unknown_events = unknown_events;
        self
    }

    /// What to do with events of a version that no subscriber here can read.
    pub fn unknown_versions(mut self, unknown_versions: UnknownVersions) -> Self {
        self.setup.unknown_versions = unknown_versions;
        self
    }

    /// This queue's share of the concurrency, relative to the other queues (1 by default), when demand exceeds it.
    pub fn weight(mut self, queue: impl Into<String>, weight: usize) -> Self {
        self.setup.weights.insert(queue.into(), weight);
        self
    }

    /// Builds the bus. Nothing is polled before [`EventBus::start`].
    ///
    /// # Errors
    /// All problems at once, each with file, line and fix.
    pub fn build(self) -> Result<EventBus, BuildErrors> {
        let transport = self.transport.unwrap_or_else(|| DynTransport::new(MemoryTransport::new()));
        Ok(EventBus::over(self.setup.build(transport, self.wiring)?))
    }

    #[cfg(feature = "test-util")]
    pub(crate) fn given_transport(&self) -> Option<&DynTransport> {
        self.transport.as_ref()
    }

    /// What it was given so far: for the test bus, which wraps this builder.
    #[cfg(feature = "test-util")]
    pub(crate) fn into_parts(self) -> (Wiring, Setup, Option<DynTransport>) {
        (self.wiring, self.setup, self.transport)
    }
}

impl fmt::Debug for EventBusBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventBusBuilder").finish_non_exhaustive()
    }
}
