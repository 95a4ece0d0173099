//! What a subscriber is run with: the event, its metadata, the states, and the token that says stop.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::event::{Erased, Event};
use crate::metadata::Metadata;

/// What a subscriber of `E` is run with. Taken as `&Context<E>`.
pub struct Context<'a, E> {
    event: &'a E,
    parts: Parts<'a>,
}

impl<'a, E: Event> Context<'a, E> {
    /// The event.
    #[must_use]
    pub fn event(&self) -> &'a E {
        self.event
    }

    /// What is known of the event beside its own fields.
    #[must_use]
    pub fn metadata(&self) -> &'a Metadata {
        self.parts.metadata
    }

    /// A state given to the bus with `.state(..)`.
    #[must_use]
    pub fn state<T: Send + Sync + 'static>(&self) -> Option<&'a T> {
        self.parts.states.get::<T>()
    }

    /// Cancelled when the work should stop: at a time-out, a lost lease, or the shutdown's deadline.
    #[must_use]
    pub fn cancellation(&self) -> &'a CancellationToken {
        self.parts.cancellation
    }

    /// The event as what queues share, when it is not merely borrowed.
    pub(crate) fn shared(&self) -> Option<Arc<E>> {
        Arc::clone(self.parts.shared?).downcast().ok()
    }
}

impl<E> fmt::Debug for Context<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Never the event: payloads do not belong in logs.
        f.debug_struct("Context").field("metadata", self.parts.metadata).finish_non_exhaustive()
    }
}

#[derive(Clone, Copy)]
struct Parts<'a> {
    shared: Option<&'a Erased>,
    metadata: &'a Metadata,
    states: &'a States,
    cancellation: &'a CancellationToken,
}

/// A context that does not know its event's type yet. Only generated code and dispatch touch it.
#[derive(Clone, Copy)]
pub struct RawContext<'a> {
    event: &'a (dyn Any + Send + Sync),
    parts: Parts<'a>,
}

impl<'a> RawContext<'a> {
    /// For an event that is only borrowed, so that no subscriber can keep it.
    pub(crate) fn borrowed(
        event: &'a (dyn Any + Send + Sync),
        metadata: &'a Metadata,
        states: &'a States,
        cancellation: &'a CancellationToken,
    ) -> Self {
        Self { event, parts: Parts { shared: None, metadata, states, cancellation } }
    }

    /// For an event that subscribers may share.
    pub(crate) fn shared(
        event: &'a Erased,
        metadata: &'a Metadata,
        states: &'a States,
        cancellation: &'a CancellationToken,
    ) -> Self {
        Self { event: event.as_ref(), parts: Parts { shared: Some(event), metadata, states, cancellation } }
    }

    /// The context of an `E`, or `None` if the event is something else.
    #[must_use]
    pub fn typed<E: Event>(&self) -> Option<Context<'a, E>> {
        Some(Context { event: self.event.downcast_ref()?, parts: self.parts })
    }
}

impl fmt::Debug for RawContext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawContext").field("metadata", self.parts.metadata).finish_non_exhaustive()
    }
}

/// The values given with `.state(..)`, one of each type.
#[derive(Default)]
pub(crate) struct States(HashMap<TypeId, Box<dyn Any + Send + Sync>>);

impl States {
    /// Adds a value; false if there was one of this type already.
    pub(crate) fn insert<T: Send + Sync + 'static>(&mut self, value: T) -> bool {
        self.0.insert(TypeId::of::<T>(), Box::new(value)).is_none()
    }

    pub(crate) fn get<T: 'static>(&self) -> Option<&T> {
        self.0.get(&TypeId::of::<T>())?.downcast_ref()
    }

    pub(crate) fn contains(&self, type_id: TypeId) -> bool {
        self.0.contains_key(&type_id)
    }
}
