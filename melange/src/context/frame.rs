//! One run of a subscriber: what its arguments are taken from, before and after the type of its event is known.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, OnceLock};

use tokio_util::sync::CancellationToken;

use super::Context;
use super::late::{Known, LateMetadata};
use super::states::States;
use super::stop::{Cancellation, RunToken};
use crate::event::{Erased, Event};
use crate::metadata::Metadata;

/// One run of a subscriber of `E`: what its arguments are taken from. On a synchronous bus the event is only borrowed,
/// so there is no [`Context`], which needs shared ownership of the event.
pub struct Frame<'a, E> {
    event: &'a E,
    parts: Parts<'a>,
    context: OnceLock<Option<Context<E>>>,
}

impl<'a, E> Frame<'a, E> {
    /// The event.
    // Without the bound, so that a type that is no event is one error, and not another one for each use.
    #[must_use]
    pub fn event(&self) -> &'a E {
        self.event
    }
}

impl<'a, E: Event> Frame<'a, E> {
    /// The event's metadata.
    #[must_use]
    pub fn metadata(&self) -> &'a Metadata {
        self.parts.metadata.get()
    }

    /// A state given to the bus with `.state(..)`.
    #[must_use]
    pub fn state<T: Send + Sync + 'static>(&self) -> Option<&'a T> {
        self.parts.states.get::<T>()
    }

    /// Cancelled when the work should stop.
    #[must_use]
    pub fn cancellation(&self) -> &'a CancellationToken {
        self.parts.cancellation.token()
    }

    /// The shared event, unless it is only borrowed.
    #[must_use]
    pub fn shared(&self) -> Option<Arc<E>> {
        self.parts.shared_event()
    }

    /// The whole context, unless the event is only borrowed.
    #[must_use]
    pub fn context(&self) -> Option<&Context<E>> {
        let make = || {
            let shared = self.parts.shared?;
            Some(Context {
                event: self.shared()?,
                metadata: Arc::clone(self.parts.metadata.shared()?),
                states: Arc::clone(shared.states),
                cancellation: self.parts.cancellation.token().clone(),
            })
        };
        self.context.get_or_init(make).as_ref()
    }
}

impl<E> fmt::Debug for Frame<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Frame").field("metadata", self.parts.metadata.get()).finish_non_exhaustive()
    }
}

/// All of a run but the type of its event.
#[derive(Clone, Copy)]
struct Parts<'a> {
    /// What a context owns a share of; nothing where the event is merely borrowed.
    shared: Option<Shared<'a>>,
    metadata: Known<'a>,
    states: &'a States,
    cancellation: Cancellation<'a>,
}

impl Parts<'_> {
    #[inline]
    fn shared_event<E: Event>(&self) -> Option<Arc<E>> {
        Arc::clone(self.shared?.event).downcast().ok()
    }
}

#[derive(Clone, Copy)]
struct Shared<'a> {
    event: &'a Erased,
    states: &'a Arc<States>,
}

/// A run that does not know its event's type yet. Only generated code and dispatch touch it.
#[derive(Clone, Copy)]
pub struct RawContext<'a> {
    event: &'a (dyn Any + Send + Sync),
    parts: Parts<'a>,
}

impl<'a> RawContext<'a> {
    /// For an event that is only borrowed, so that no subscriber can keep it.
    pub(crate) fn borrowed(
        event: &'a (dyn Any + Send + Sync),
        metadata: &'a LateMetadata<'a>,
        states: &'a States,
        cancellation: &'a CancellationToken,
    ) -> Self {
        let (metadata, cancellation) = (Known::Borrowed(metadata), Cancellation::Bus(cancellation));
        Self { event, parts: Parts { shared: None, metadata, states, cancellation } }
    }

    /// For an event that subscribers may share.
    #[inline]
    pub(crate) fn shared(
        event: &'a Erased,
        metadata: Known<'a>,
        states: &'a Arc<States>,
        cancellation: &'a RunToken<'a>,
    ) -> Self {
        let shared = Some(Shared { event, states });
        let cancellation = Cancellation::Run(cancellation);
        Self { event: event.as_ref(), parts: Parts { shared, metadata, states, cancellation } }
    }

    /// The event as what queues share, or `None` if it is something else or merely borrowed.
    #[inline]
    pub(crate) fn shared_event<E: Event>(&self) -> Option<Arc<E>> {
        self.parts.shared_event()
    }

    /// The event and what is known of it, where they are shared.
    #[cfg(feature = "test-util")]
    pub(crate) fn both(&self) -> Option<(&'a Erased, &'a Arc<Metadata>)> {
        Some((self.parts.shared?.event, self.parts.metadata.shared()?))
    }

    /// The run for an `E`, or `None` if the event is something else.
    #[inline]
    #[must_use]
    pub fn typed<E: Event>(&self) -> Option<Frame<'a, E>> {
        Some(Frame { event: self.event.downcast_ref()?, parts: self.parts, context: OnceLock::new() })
    }
}

impl fmt::Debug for RawContext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawContext").field("metadata", self.parts.metadata.get()).finish_non_exhaustive()
    }
}
