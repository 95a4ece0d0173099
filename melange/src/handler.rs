//! Closures as subscribers.

use std::any::{Any, type_name};
use std::future::{Future, ready};
use std::panic::Location as Caller;
use std::sync::Arc;

use futures_util::FutureExt as _;

use crate::Location;
use crate::context::RawContext;
use crate::event::Event;
use crate::extract::{ExtractError, FromContext, Needs};
use crate::in_process::asynchronous::direct::direct_async;
use crate::in_process::direct::direct;
use crate::outcome::{IntoOutcome, Outcome};
use crate::subscriber::{BoxFuture, Call, Instance, SubscriberDescriptor, Subscription, mismatch};
use crate::thread_safe::ThreadSafe;

/// A closure that can be given to `.subscribe(..)`. The compiler infers `M`.
///
/// Either async, taking the event as `Arc<E>` and then any of `State<T>`, `Metadata` and `CancellationToken`:
/// `|order: Arc<OrderPlaced>, meta: Metadata| async move { .. }`; or sync, taking the event by reference:
/// `|order: &OrderPlaced| { .. }`.
#[diagnostic::on_unimplemented(
    message = "this closure cannot be a subscriber",
    label = "not a subscriber",
    note = "write `|event: Arc<SomeEvent>| async move {{ .. }}` or `|event: &SomeEvent| {{ .. }}`, with the type spelled out, and return `()`, `Outcome` or `Result<(), E>`",
    note = "after the event an async closure may take up to three of `Metadata`, `State<T>` and `CancellationToken`, by value",
    note = "it is called many times, by many threads: it takes what it captures by `move`, captures only what is `Send + Sync`, and changes nothing but behind a `Mutex` or an atomic",
    note = "a function under `#[subscriber]` is given by its name: `.subscribers(melange::subscribers![some_function])`"
)]
pub trait HandlerFn<M>: Send + Sync + Sized + 'static {
    /// The subscription, declared where the caller stands.
    #[track_caller]
    fn into_subscription(self) -> Subscription;
}

/// Marks a sync closure.
#[derive(Debug)]
pub struct ByRef<E, R>(E, R);
/// Marks an async closure with these arguments after the event.
#[derive(Debug)]
pub struct ByArc<E, Fut, Args>(E, Fut, Args);

#[track_caller]
fn here() -> Location {
    let caller = Caller::caller();
    Location::new("", caller.file(), caller.line())
}

impl<E, R, F> HandlerFn<ByRef<E, R>> for F
where
    E: Event,
    R: IntoOutcome,
    F: Fn(&E) -> R + ThreadSafe + 'static,
{
    fn into_subscription(self) -> Subscription {
        fn call<E: Event, R: IntoOutcome, F: Fn(&E) -> R + 'static>(
            closure: &Instance,
            raw: &RawContext<'_>,
        ) -> Outcome {
            match (closure.downcast_ref::<F>(), raw.typed::<E>()) {
                (Some(closure), Some(cx)) => closure(cx.event()).into_outcome(),
                _ => mismatch(),
            }
        }
        fn by_ref<E: Event, R: IntoOutcome, F: Fn(&E) -> R + Send + Sync + 'static>(
            closure: Arc<Instance>,
        ) -> Option<Box<dyn Any>> {
            direct::<F, E, R>(closure, |closure, event| closure(event))
        }
        let call = Call::Sync(call::<E, R, F>);
        let descriptor = SubscriberDescriptor::new(type_name::<F>(), E::DESCRIPTOR, here(), |_| (), call);
        Subscription::made(descriptor.with_direct(by_ref::<E, R, F>), Arc::new(self))
    }
}

/// How a worker runs an async closure that takes nothing but the event.
fn by_arc<E, R, Fut, F>(closure: Arc<Instance>) -> Option<Box<dyn Any>>
where
    E: Event,
    R: IntoOutcome + 'static,
    Fut: Future<Output = R> + Send + 'static,
    F: Fn(Arc<E>) -> Fut + Send + Sync + 'static,
{
    direct_async(closure, |closure: &Arc<F>, event| closure(event))
}

macro_rules! async_closures {
    (@direct $descriptor:expr;) => {
        $descriptor.with_direct(by_arc::<E, R, Fut, F>)
    };
    (@direct $descriptor:expr; $($arg:ident)+) => {
        $descriptor
    };
    ($(($($arg:ident $value:ident),*))*) => {$(
        impl<E, R, Fut, F, $($arg,)*> HandlerFn<ByArc<E, Fut, ($($arg,)*)>> for F
        where
            E: Event,
            R: IntoOutcome + 'static,
            Fut: Future<Output = R> + Send + 'static,
            $($arg: for<'cx> FromContext<'cx, E> + Send + 'static,)*
            F: Fn(Arc<E>, $($arg,)*) -> Fut + ThreadSafe + 'static,
        {
            fn into_subscription(self) -> Subscription {
                fn call<'cx, E, R, Fut, F, $($arg,)*>(
                    closure: &'cx Instance,
                    raw: &'cx RawContext<'cx>,
                ) -> BoxFuture<'cx, Outcome>
                where
                    E: Event,
                    R: IntoOutcome + 'static,
                    Fut: Future<Output = R> + Send + 'static,
                    $($arg: for<'a> FromContext<'a, E> + Send + 'static,)*
                    F: Fn(Arc<E>, $($arg,)*) -> Fut + Send + Sync + 'static,
                {
                    let started = || {
                        let closure = closure.downcast_ref::<F>()?;
                        let event = raw.shared_event::<E>()?;
                        $(let $value = match <$arg as FromContext<'_, E>>::from_context(&raw.typed::<E>()?) {
                            Ok(value) => value,
                            Err(error) => return Some(Err(error)),
                        };)*
                        Some(Ok::<_, ExtractError>(closure(event, $($value,)*)))
                    };
                    let started = started();
                    // An `async` block around it would hold the future twice.
                    match started {
                        Some(Ok(future)) => Box::pin(future.map(IntoOutcome::into_outcome)),
                        Some(Err(error)) => Box::pin(ready(Outcome::retry(error))),
                        None => Box::pin(ready(mismatch())),
                    }
                }
                #[allow(clippy::extra_unused_type_parameters, reason = "without arguments there is nothing that needs it")]
                fn needs<E: Event, $($arg: for<'a> FromContext<'a, E>,)*>(needs: &mut Needs) {
                    needs.shared_event();
                    $(<$arg as FromContext<'_, E>>::needs(needs);)*
                }
                let (needs, call) = (needs::<E, $($arg,)*>, Call::Async(call::<E, R, Fut, F, $($arg,)*>));
                let descriptor = SubscriberDescriptor::new(type_name::<F>(), E::DESCRIPTOR, here(), needs, call);
                Subscription::made(async_closures!(@direct descriptor; $($arg)*), Arc::new(self))
            }
        }
    )*};
}

async_closures! {
    ()
    (A a)
    (A a, B b)
    (A a, B b, C c)
}
