//! What a subscriber is run with: the event, its metadata, the states, and the token that says stop.

use std::any::{Any, TypeId};
use std::fmt;
use std::sync::{Arc, OnceLock};

use tokio_util::sync::CancellationToken;

use crate::event::{Erased, Event};
use crate::metadata::Metadata;
use crate::type_map::TypeMap;

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
    /// A context of this event, without states: for tests that call a subscriber directly.
    #[must_use]
    pub fn new(event: impl Into<Arc<E>>, metadata: Metadata) -> Self {
        let (metadata, states) = (Arc::new(metadata), Arc::new(States::default()));
        Self { event: event.into(), metadata, states, cancellation: CancellationToken::new() }
    }

    /// With this state, in place of one of the same type: for tests that call a subscriber directly.
    #[must_use]
    pub fn with_state<T: Clone + Send + Sync + 'static>(mut self, value: T) -> Self {
        Arc::make_mut(&mut self.states).insert(value);
        self
    }

    /// With this token, to be cancelled when the work should stop: for tests that call a subscriber directly.
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

    /// What is known of the event beside its own fields.
    #[must_use]
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// A state given to the bus with `.state(..)`.
    #[must_use]
    pub fn state<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.states.get::<T>()
    }

    /// Cancelled when the work should stop: at a time-out, a lost lease, or the shutdown's deadline.
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

/// One run of a subscriber of `E`: what its arguments are taken from. On a synchronous bus the event is only borrowed, and
/// there is no [`Context`], which owns a share of it.
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
    /// What is known of the event beside its own fields.
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

    /// The event as what queues share, when it is not merely borrowed.
    #[must_use]
    pub fn shared(&self) -> Option<Arc<E>> {
        Arc::clone(self.parts.shared?.event).downcast().ok()
    }

    /// All of it, when the event is not merely borrowed.
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

#[derive(Clone, Copy)]
struct Parts<'a> {
    shared: Option<Shared<'a>>,
    metadata: Known<'a>,
    states: &'a States,
    cancellation: Cancellation<'a>,
}

/// Metadata as a run has it.
#[derive(Clone, Copy)]
pub(crate) enum Known<'a> {
    Now(&'a Arc<Metadata>),
    OnceAsked(&'a LateMetadata<'a>),
    OnceAskedShared(&'a SharedMetadata<'a>),
}

impl<'a> Known<'a> {
    pub(crate) fn get(self) -> &'a Metadata {
        match self {
            Self::Now(metadata) => metadata,
            Self::OnceAsked(late) => late.get(),
            Self::OnceAskedShared(late) => late.get(),
        }
    }

    /// The same as what contexts share, when the event is not merely borrowed.
    pub(crate) fn shared(self) -> Option<&'a Arc<Metadata>> {
        match self {
            Self::Now(metadata) => Some(metadata),
            Self::OnceAsked(_) => None,
            Self::OnceAskedShared(late) => Some(late.get()),
        }
    }
}

/// Metadata that is made when it is asked for: an id and a moment cost many times what it costs to call a subscriber.
pub(crate) struct LateMetadata<'a> {
    make: &'a (dyn Fn() -> Metadata + Sync),
    made: OnceLock<Metadata>,
}

impl<'a> LateMetadata<'a> {
    pub(crate) fn new(make: &'a (dyn Fn() -> Metadata + Sync)) -> Self {
        Self { make, made: OnceLock::new() }
    }

    pub(crate) fn get(&self) -> &Metadata {
        self.made.get_or_init(self.make)
    }
}

/// The same for an event that subscribers share.
pub(crate) struct SharedMetadata<'a> {
    make: &'a (dyn Fn() -> Metadata + Sync),
    made: OnceLock<Arc<Metadata>>,
}

impl<'a> SharedMetadata<'a> {
    /// Made when somebody asks, unless it is there already.
    pub(crate) fn new(make: &'a (dyn Fn() -> Metadata + Sync), made: Option<Arc<Metadata>>) -> Self {
        Self { make, made: made.map_or_else(OnceLock::new, OnceLock::from) }
    }

    pub(crate) fn get(&self) -> &Arc<Metadata> {
        self.made.get_or_init(|| Arc::new((self.make)()))
    }
}

#[derive(Clone, Copy)]
enum Cancellation<'a> {
    Bus(&'a CancellationToken),
    Run(&'a RunToken<'a>),
}

impl<'a> Cancellation<'a> {
    fn token(self) -> &'a CancellationToken {
        match self {
            Self::Bus(token) => token,
            Self::Run(run) => run.get(),
        }
    }
}

/// What can cancel runs: a token, which may be made when somebody asks for it.
pub(crate) trait Stop: Sync {
    /// Cancelled when runs are to stop.
    fn token(&self) -> &CancellationToken;
}

impl Stop for CancellationToken {
    fn token(&self) -> &CancellationToken {
        self
    }
}

/// The token of one run, a child of what can cancel it. Few subscribers ask for it, so it is made when one does.
pub(crate) struct RunToken<'a> {
    parent: &'a dyn Stop,
    own: OnceLock<CancellationToken>,
}

impl<'a> RunToken<'a> {
    pub(crate) fn new(parent: &'a dyn Stop) -> Self {
        Self { parent, own: OnceLock::new() }
    }

    pub(crate) fn get(&self) -> &CancellationToken {
        self.own.get_or_init(|| self.parent.token().child_token())
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
        let (metadata, cancellation) = (Known::OnceAsked(metadata), Cancellation::Bus(cancellation));
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
        Arc::clone(self.parts.shared?.event).downcast().ok()
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

/// The values given with `.state(..)`, one of each type.
#[derive(Clone, Default)]
pub(crate) struct States(TypeMap<Arc<dyn Any + Send + Sync>>);

impl States {
    /// Adds a value; false if there was one of this type already.
    pub(crate) fn insert<T: Send + Sync + 'static>(&mut self, value: T) -> bool {
        self.0.insert(TypeId::of::<T>(), Arc::new(value)).is_none()
    }

    pub(crate) fn get<T: 'static>(&self) -> Option<&T> {
        self.0.get(&TypeId::of::<T>())?.downcast_ref()
    }

    pub(crate) fn contains(&self, type_id: TypeId) -> bool {
        self.0.contains_key(&type_id)
    }
}
