//! Building a bus.

use std::fmt;

use super::EventBus;
use crate::consumer::{Setup, setup_methods};
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
    setup_methods!();

    /// Uses this transport; the in-memory one by default.
    pub fn transport(mut self, transport: impl Transport) -> Self {
        self.transport = Some(DynTransport::new(transport));
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

    /// What else it was given so far: for the test bus, which wraps this builder.
    #[cfg(feature = "test-util")]
    pub(crate) fn into_parts(self) -> (Wiring, Setup) {
        (self.wiring, self.setup)
    }
}

impl fmt::Debug for EventBusBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventBusBuilder").finish_non_exhaustive()
    }
}
