//! One bus for the whole process, for code that it cannot be passed to.

use std::fmt;
use std::sync::OnceLock;

use super::EventBus;
use crate::EventId;
use crate::error::publish::{Kind, PublishError};
use crate::event::Event;

static GLOBAL: OnceLock<EventBus> = OnceLock::new();

/// The process-wide bus is not set, or is set already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum GlobalBusError {
    /// `EventBus::init` has not been called.
    Missing,
    /// `EventBus::init` has been called before; the first bus stays.
    AlreadyThere,
}

impl fmt::Display for GlobalBusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "there is no global event bus: call `EventBus::init(bus)` at the start of `main`",
            Self::AlreadyThere => "there is a global event bus already: call `EventBus::init` once",
        })
    }
}

impl std::error::Error for GlobalBusError {}

impl EventBus {
    /// Makes `bus` the one that [`EventBus::global`] and [`melange::publish`](crate::publish) use.
    ///
    /// # Errors
    /// If there is one already, which then stays.
    pub fn init(bus: Self) -> Result<(), GlobalBusError> {
        GLOBAL.set(bus).map_err(|_| GlobalBusError::AlreadyThere)
    }

    /// The bus that was given to [`EventBus::init`].
    ///
    /// # Errors
    /// If there is none yet.
    pub fn global() -> Result<&'static Self, GlobalBusError> {
        GLOBAL.get().ok_or(GlobalBusError::Missing)
    }
}

/// Publishes on the bus that was given to [`EventBus::init`].
///
/// # Errors
/// If there is no such bus, or it could not publish.
pub async fn publish<E: Event>(event: E) -> Result<EventId, PublishError> {
    match EventBus::global() {
        Ok(bus) => bus.publish(event).await,
        Err(_) => Err(PublishError::new(E::DESCRIPTOR.name(), None, Kind::NoBus)),
    }
}
