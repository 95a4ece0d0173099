//! Building a consumer.

use std::fmt;

use super::MessageConsumer;
use super::setup::{Setup, setup_methods};
use crate::error::build::BuildErrors;
use crate::transport::{DynTransport, Transport};
use crate::wiring::{Wiring, wiring_methods};

/// Builds a [`MessageConsumer`]. `C` tells whether it has a transport yet: without one it cannot be built.
#[must_use]
pub struct MessageConsumerBuilder<C> {
    wiring: Wiring,
    setup: Setup,
    transport: C,
}

/// The builder has no transport yet.
#[derive(Debug, Default)]
pub struct Unconnected;

/// The builder has a transport.
pub struct Connected(DynTransport);

impl Default for MessageConsumerBuilder<Unconnected> {
    fn default() -> Self {
        Self { wiring: Wiring::default(), setup: Setup::default(), transport: Unconnected }
    }
}

impl<C> MessageConsumerBuilder<C> {
    wiring_methods!();
    setup_methods!();

    /// Consumes over `transport`.
    pub fn transport(self, transport: impl Transport) -> MessageConsumerBuilder<Connected> {
        let transport = Connected(DynTransport::new(transport));
        MessageConsumerBuilder { wiring: self.wiring, setup: self.setup, transport }
    }
}

impl MessageConsumerBuilder<Connected> {
    /// Builds the consumer.
    ///
    /// # Errors
    /// All problems at once.
    pub fn build(self) -> Result<MessageConsumer, BuildErrors> {
        Ok(MessageConsumer::new(self.setup.build(self.transport.0, self.wiring)?))
    }
}

impl<C> fmt::Debug for MessageConsumerBuilder<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageConsumerBuilder").finish_non_exhaustive()
    }
}

impl fmt::Debug for Connected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connected")
    }
}
