//! What a subscriber may take as arguments, and how each is had from the context.

use std::any::{TypeId, type_name};
use std::fmt;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::context::{Context, Frame};
use crate::event::Event;
use crate::metadata::Metadata;

/// A type that can be an argument of a subscriber of `E`.
///
/// Implemented for `&E`, `Arc<E>`, `&Metadata`, `Metadata`, `&Context<E>`, [`State<T>`], `CancellationToken`, and
/// `Option` of these: `Option<State<T>>` is `None` if no such state was given to the bus, `Option<&A>` is `None` if a
/// subscriber of `[A, B]` runs for a `B`, and `Option<&Context<A>>` also if the event is only borrowed, on a
/// synchronous bus.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an argument of a subscriber of `{E}`",
    label = "not an argument of a subscriber of `{E}`",
    note = "arguments may be `&{E}`, `Arc<{E}>`, `&Metadata`, `&Context<{E}>`, `State<T>`, `CancellationToken`, or `Option` of these",
    note = "what you gave by `.state(..)` is a `State<T>`, where `T` is `Clone + Send + Sync`: put what is not into an `Arc`"
)]
pub trait FromContext<'cx, E: Event>: Sized {
    /// Takes the value from the frame of one run.
    ///
    /// # Errors
    /// If it is not available. What is declared in [`needs`](Self::needs) was already checked by `build()`, as far as
    /// it can be.
    fn from_context(cx: &'cx Frame<'cx, E>) -> Result<Self, ExtractError>;

    /// Declares what must be available, so that `build()` can check it before the first event.
    fn needs(needs: &mut Needs) {
        let _ = needs;
    }
}

/// A value given to the bus with `.state(..)`, at most one of each type. Every run gets a clone.
#[derive(Debug, Clone, Copy, Default)]
pub struct State<T>(pub T);

/// What a subscriber's arguments need from the bus it runs on.
#[derive(Debug, Default)]
pub struct Needs {
    pub(crate) states: Vec<Needed>,
    pub(crate) events: Vec<Needed>,
    pub(crate) shared: bool,
    pub(crate) metadata: bool,
}

/// A type that something needs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Needed {
    pub(crate) type_id: TypeId,
    pub(crate) type_name: &'static str,
}

impl Needed {
    fn of<T: 'static>() -> Self {
        Self { type_id: TypeId::of::<T>(), type_name: type_name::<T>() }
    }
}

impl Needs {
    /// A `State<T>` must be there.
    pub fn state<T: 'static>(&mut self) {
        self.states.push(Needed::of::<T>());
    }

    /// The event must be shared (in an `Arc`), not only borrowed.
    pub fn shared_event(&mut self) {
        self.shared = true;
    }

    /// The metadata must be taken when the event is published, not when it is asked for.
    pub fn metadata(&mut self) {
        self.metadata = true;
    }

    /// `A` must be among the events the subscriber listens to.
    pub fn listens_to<A: Event>(&mut self) {
        self.events.push(Needed::of::<A>());
    }
}

/// An argument is not available.
#[derive(Debug)]
pub struct ExtractError(String);

impl ExtractError {
    /// Because of what `reason` says.
    pub fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

impl fmt::Display for ExtractError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ExtractError {}

#[diagnostic::do_not_recommend]
impl<'cx, E: Event> FromContext<'cx, E> for &'cx E {
    fn from_context(cx: &'cx Frame<'cx, E>) -> Result<Self, ExtractError> {
        Ok(cx.event())
    }
}

#[diagnostic::do_not_recommend]
impl<'cx, E: Event> FromContext<'cx, E> for Arc<E> {
    fn from_context(cx: &'cx Frame<'cx, E>) -> Result<Self, ExtractError> {
        cx.shared().ok_or_else(|| ExtractError::new("the event is only borrowed here: take it as a reference"))
    }

    fn needs(needs: &mut Needs) {
        needs.shared_event();
    }
}

#[diagnostic::do_not_recommend]
impl<'cx, E: Event> FromContext<'cx, E> for &'cx Metadata {
    fn from_context(cx: &'cx Frame<'cx, E>) -> Result<Self, ExtractError> {
        Ok(cx.metadata())
    }

    fn needs(needs: &mut Needs) {
        needs.metadata();
    }
}

#[diagnostic::do_not_recommend]
impl<'cx, E: Event> FromContext<'cx, E> for Metadata {
    fn from_context(cx: &'cx Frame<'cx, E>) -> Result<Self, ExtractError> {
        Ok(cx.metadata().clone())
    }

    fn needs(needs: &mut Needs) {
        needs.metadata();
    }
}

#[diagnostic::do_not_recommend]
impl<'cx, E: Event> FromContext<'cx, E> for &'cx Context<E> {
    fn from_context(cx: &'cx Frame<'cx, E>) -> Result<Self, ExtractError> {
        cx.context().ok_or_else(|| ExtractError::new("the event is only borrowed here: take `&Metadata` instead"))
    }

    fn needs(needs: &mut Needs) {
        needs.shared_event();
        needs.metadata();
    }
}

#[diagnostic::do_not_recommend]
impl<'cx, E: Event> FromContext<'cx, E> for CancellationToken {
    fn from_context(cx: &'cx Frame<'cx, E>) -> Result<Self, ExtractError> {
        Ok(cx.cancellation().clone())
    }
}

#[diagnostic::do_not_recommend]
impl<'cx, E: Event, T: Clone + Send + Sync + 'static> FromContext<'cx, E> for State<T> {
    fn from_context(cx: &'cx Frame<'cx, E>) -> Result<Self, ExtractError> {
        let missing = || ExtractError::new(format!("no `{}` was given with `.state(..)`", type_name::<T>()));
        cx.state::<T>().cloned().map(State).ok_or_else(missing)
    }

    fn needs(needs: &mut Needs) {
        needs.state::<T>();
    }
}

#[diagnostic::do_not_recommend]
impl<'cx, E: Event, T: Clone + Send + Sync + 'static> FromContext<'cx, E> for Option<State<T>> {
    fn from_context(cx: &'cx Frame<'cx, E>) -> Result<Self, ExtractError> {
        Ok(cx.state::<T>().cloned().map(State))
    }
}

/// One of the several events that a subscriber listens to: `Some` when this is it.
#[diagnostic::do_not_recommend]
impl<'cx, E: Event, A: Event> FromContext<'cx, E> for Option<&'cx A> {
    fn from_context(cx: &'cx Frame<'cx, E>) -> Result<Self, ExtractError> {
        Ok((cx.event() as &dyn std::any::Any).downcast_ref())
    }

    fn needs(needs: &mut Needs) {
        needs.listens_to::<A>();
    }
}

/// One of the several events that a subscriber listens to, shared: `Some` when this is it.
#[diagnostic::do_not_recommend]
impl<'cx, E: Event, A: Event> FromContext<'cx, E> for Option<Arc<A>> {
    fn from_context(cx: &'cx Frame<'cx, E>) -> Result<Self, ExtractError> {
        Ok(cx.shared().and_then(|event: Arc<E>| (event as crate::event::Erased).downcast().ok()))
    }

    fn needs(needs: &mut Needs) {
        needs.listens_to::<A>();
        needs.shared_event();
    }
}

/// The context of one of the several events that a subscriber listens to: `Some` when this is it, and it is shared.
#[diagnostic::do_not_recommend]
impl<'cx, E: Event, A: Event> FromContext<'cx, E> for Option<&'cx Context<A>> {
    fn from_context(cx: &'cx Frame<'cx, E>) -> Result<Self, ExtractError> {
        Ok(cx.context().and_then(|context| (context as &dyn std::any::Any).downcast_ref()))
    }

    fn needs(needs: &mut Needs) {
        needs.listens_to::<A>();
        needs.metadata();
    }
}

macro_rules! always_there {
    ($($argument:ty),*) => {$(
        #[diagnostic::do_not_recommend]
        impl<'cx, E: Event> FromContext<'cx, E> for Option<$argument> {
            fn from_context(cx: &'cx Frame<'cx, E>) -> Result<Self, ExtractError> {
                <$argument>::from_context(cx).map(Some)
            }

            fn needs(needs: &mut Needs) {
                <$argument as FromContext<'_, E>>::needs(needs);
            }
        }
    )*};
}

always_there!(&'cx Metadata, Metadata, CancellationToken);
