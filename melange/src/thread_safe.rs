//! What threads may share, asked for so that what they may not is one error.

use std::any::Any;
use std::future::{Future, ready};
use std::marker::PhantomData;
use std::sync::Arc;

use crate::event::Event;
use crate::in_process::asynchronous::direct::direct_async;
use crate::in_process::direct::direct;
use crate::outcome::{IntoOutcome, Outcome};
use crate::subscriber::{BoxFuture, Instance, InstanceType, mismatch};

/// What is `Send` and `Sync`, and nothing else.
///
/// Of a type that is neither the compiler would say both, each in an error of its own. Under one name it says one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be shared between threads safely",
    label = "not `Send` and `Sync`",
    note = "what is in it must be both: take an `Arc` for an `Rc`, an atomic for a `Cell`, a `Mutex` for a `RefCell`, `dyn Trait + Send + Sync` for `dyn Trait`"
)]
pub trait ThreadSafe: Send + Sync {}

#[diagnostic::do_not_recommend]
impl<T: Send + Sync + ?Sized> ThreadSafe for T {}

/// Asks of a type whether threads may share it, without an error where they may not: it has the constants below if they may, and
/// otherwise those of the trait [`Unshared`]. Generated code only.
#[derive(Debug)]
pub struct Sharing<T: ?Sized>(PhantomData<T>);

impl<T: Sync> Sharing<T> {
    /// The value of a subscriber must still be `Send`.
    pub const VALUE: AskSend<T> = AskSend(PhantomData);
}

impl<T: ThreadSafe + ?Sized> Sharing<T> {
    /// They may.
    pub const IS_SHARED: bool = true;
    /// A value and an event that a handler may be run with.
    pub const RUN: Shareable = Shareable;
}

/// What there is of any type.
pub trait Unshared {
    /// The type.
    type Type: ?Sized;
    /// They may not.
    const IS_SHARED: bool = false;
    /// The value of a subscriber must be `Sync`, and is not. What else it is not is not said at the same time.
    const VALUE: AskSync<Self::Type> = AskSync(PhantomData);
    /// A value or an event of which it has been said that it is none. It is not said again of each handler that has it.
    const RUN: Unshareable = Unshareable;
}

impl<T: ?Sized> Unshared for Sharing<T> {
    type Type = T;
}

/// Asks the type of a value whether it is `Send`.
#[derive(Debug)]
pub struct AskSend<T>(PhantomData<T>);

impl<T> AskSend<T> {
    /// `T`, which is called `name`.
    #[must_use]
    pub const fn instance(self, name: &'static str) -> InstanceType
    where
        T: Send + Sync + 'static,
    {
        InstanceType::of::<T>(name)
    }
}

/// Asks the type of a value whether it is `Sync`.
#[derive(Debug)]
pub struct AskSync<T: ?Sized>(PhantomData<T>);

impl<T: ?Sized> AskSync<T> {
    /// Nothing: there is no `T` that comes here.
    #[must_use]
    pub const fn instance(self, name: &'static str) -> InstanceType
    where
        T: Sync,
    {
        InstanceType::of::<()>(name)
    }
}

/// The value and the event of a handler.
#[derive(Debug)]
pub struct Shareable;

impl Shareable {
    /// The future of one run.
    pub fn boxed<'cx>(self, run: impl Future<Output = Outcome> + Send + 'cx) -> BoxFuture<'cx, Outcome> {
        Box::pin(run)
    }

    /// See [`direct`].
    pub fn direct<T, E, R>(
        self,
        instance: Arc<Instance>,
        call: impl Fn(&T, &E) -> R + Send + Sync + 'static,
    ) -> Option<Box<dyn Any>>
    where
        T: Send + Sync + 'static,
        E: Event,
        R: IntoOutcome,
    {
        direct(instance, call)
    }

    /// See [`direct_async`].
    pub fn direct_async<T, E, R>(
        self,
        instance: Arc<Instance>,
        call: impl Fn(&Arc<T>, Arc<E>) -> R + Send + 'static,
    ) -> Option<Box<dyn Any>>
    where
        T: Send + Sync + 'static,
        E: Event,
        R: Future<Output: IntoOutcome> + Send + 'static,
    {
        direct_async(instance, call)
    }
}

/// What should have been one. A program that has it does not compile.
#[derive(Debug)]
pub struct Unshareable;

impl Unshareable {
    /// No future.
    pub fn boxed<'cx>(self, _: impl Future<Output = Outcome> + 'cx) -> BoxFuture<'cx, Outcome> {
        Box::pin(ready(mismatch()))
    }

    /// Nothing.
    pub fn direct<T, E, R>(self, _: Arc<Instance>, _: impl Fn(&T, &E) -> R) -> Option<Box<dyn Any>> {
        None
    }

    /// Nothing.
    pub fn direct_async<T, E, R>(self, _: Arc<Instance>, _: impl Fn(&Arc<T>, Arc<E>) -> R) -> Option<Box<dyn Any>> {
        None
    }
}
