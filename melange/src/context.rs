//! What a subscriber is run with: the event, its metadata, the states, and the cancellation token.

mod frame;
mod late;
mod states;
mod stop;

use std::fmt;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

pub use frame::{Frame, RawContext};
pub(crate) use late::{Known, LateMetadata, Shareable, SharedMetadata};
pub(crate) use states::States;
pub(crate) use stop::{RunToken, Stop};

use crate::event::Event;
use crate::metadata::Metadata;
use crate::thread_safe::ThreadSafe;

/// What a subscriber of `E` is run with. Taken as `&Context<E>`; cheap to clone.
///
/// A test makes its own, to call a subscriber directly:
///
/// ```
/// use melange::{Context, Metadata, Outcome, Subscriber};
/// # #[derive(melange::Event)]
/// # #[event(local)]
/// # struct OrderPlaced { total_cents: u64 }
///
/// struct Ledger;
///
/// impl Subscriber<OrderPlaced> for Ledger {
///     async fn process(&self, order: &OrderPlaced, cx: &Context<OrderPlaced>) -> Outcome {
///         match (order.total_cents, cx.metadata().attempt) {
///             (0, 3..) => Outcome::reject("an order of nothing"),
///             (0, _) => Outcome::retry("an order of nothing, so far"),
///             _ => Outcome::Done,
///         }
///     }
/// }
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let order = OrderPlaced { total_cents: 0 };
/// let cx = Context::new(order, Metadata::now("OrderPlaced").with_attempt(3)).with_state("a state");
/// assert!(!Ledger.process(cx.event(), &cx).await.is_done());
/// assert_eq!(cx.state::<&str>(), Some(&"a state"));
/// # });
/// ```
pub struct Context<E> {
    event: Arc<E>,
    metadata: Arc<Metadata>,
    states: Arc<States>,
    cancellation: CancellationToken,
}

impl<E: Event> Context<E> {
    /// A context for this event, without states: for tests that call a subscriber directly.
    #[must_use]
    pub fn new(event: impl Into<Arc<E>>, metadata: Metadata) -> Self {
        let (metadata, states) = (Arc::new(metadata), Arc::new(States::default()));
        Self { event: event.into(), metadata, states, cancellation: CancellationToken::new() }
    }

    /// Adds a state, replacing one of the same type: for tests that call a subscriber directly.
    #[must_use]
    pub fn with_state<T: Clone + ThreadSafe + 'static>(mut self, value: T) -> Self {
        Arc::make_mut(&mut self.states).insert(value);
        self
    }

    /// Sets the token that tells the work to stop: for tests that call a subscriber directly.
    #[must_use]
    pub fn with_cancellation(mut self, token: CancellationToken) -> Self {
        self.cancellation = token;
        self
    }

    /// The event.
    #[must_use]
    pub fn event(&self) -> &E {
        &self.event
    }

    /// The event's metadata.
    #[must_use]
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// A state given to the bus with `.state(..)`.
    #[must_use]
    pub fn state<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.states.get::<T>()
    }

    /// Cancelled when the work should stop: at a timeout, when the lease is lost, or at the shutdown's deadline.
    #[must_use]
    pub fn cancellation(&self) -> &CancellationToken {
        &self.cancellation
    }
}

impl<E> Clone for Context<E> {
    fn clone(&self) -> Self {
        Self {
            event: Arc::clone(&self.event),
            metadata: Arc::clone(&self.metadata),
            states: Arc::clone(&self.states),
            cancellation: self.cancellation.clone(),
        }
    }
}

impl<E> fmt::Debug for Context<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Never the event: payloads do not belong in logs.
        f.debug_struct("Context").field("metadata", &self.metadata).finish_non_exhaustive()
    }
}
