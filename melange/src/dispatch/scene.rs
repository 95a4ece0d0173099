//! What a run needs, and its tracing span.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::context::{Known, RawContext, RunToken, States, Stop};
use crate::event::Erased;
use crate::metadata::Metadata;
use crate::subscriber::{SubscriberDescriptor, Subscription};

/// What a run needs, shared by all subscribers of one event.
#[derive(Clone)]
pub(crate) struct Run {
    pub(crate) event: Erased,
    pub(crate) metadata: Arc<Metadata>,
    pub(crate) states: Arc<States>,
    pub(crate) cancellation: CancellationToken,
}

impl Run {
    pub(super) fn scene(&self) -> Scene<'_> {
        Scene {
            event: &self.event,
            metadata: Known::Shared(&self.metadata),
            states: &self.states,
            cancellation: &self.cancellation,
        }
    }
}

/// The same, borrowed from whoever has the event.
#[derive(Clone, Copy)]
pub(crate) struct Scene<'a> {
    pub(crate) event: &'a Erased,
    pub(crate) metadata: Known<'a>,
    pub(crate) states: &'a Arc<States>,
    pub(crate) cancellation: &'a dyn Stop,
}

impl<'a> Scene<'a> {
    /// The span of a run; `None` if spans are not recorded.
    #[inline]
    pub(crate) fn span(&self, subscription: &Subscription) -> tracing::Span {
        if is_traced() { self.new_span(&subscription.descriptor) } else { tracing::Span::none() }
    }

    #[cold]
    fn new_span(&self, descriptor: &SubscriberDescriptor) -> tracing::Span {
        tracing::debug_span!(
            "subscriber",
            subscriber = descriptor.name(),
            event = descriptor.event().name(),
            event_id = %self.metadata.get().event_id,
            attempt = self.metadata.get().attempt,
        )
    }

    #[inline]
    pub(crate) fn raw(&self, cancellation: &'a RunToken<'a>) -> RawContext<'a> {
        RawContext::shared(self.event, self.metadata, self.states, cancellation)
    }
}

/// Whether the spans of runs may be recorded.
#[inline]
pub(crate) fn is_traced() -> bool {
    tracing::level_filters::LevelFilter::current() >= tracing::Level::DEBUG
}
