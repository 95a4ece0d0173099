//! How values become subscriptions: one for each event they listen to.

use std::any::type_name;
use std::sync::Arc;

use super::{
    BoxFuture, Call, Described, Instance, Subscriber, SubscriberDescriptor, Subscribers, Subscription, mismatch,
};
use crate::Location;
use crate::context::RawContext;
use crate::event::Event;
use crate::extract::Needs;
use crate::outcome::Outcome;

/// A value that can be given to `.subscriber(..)`: it has an impl under `#[subscriber]`, or implements
/// [`Subscriber`] for one event; or it is an `Arc` of such a value. The compiler infers `M`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a subscriber",
    label = "not a subscriber",
    note = "for a value of your own: `#[melange::subscriber]` on its impl, or `impl melange::Subscriber<SomeEvent> for` its type",
    note = "a function under `#[subscriber]` is given by its name: `.subscribers(melange::subscribers![some_function])`"
)]
pub trait IntoSubscriptions<M> {
    /// One subscription for each event.
    fn into_subscriptions(self) -> Vec<Subscription>;
}

/// Marks a value whose impl is under `#[subscriber]`.
#[derive(Debug)]
pub struct ByMacro;
/// Marks a value that implements [`Subscriber`].
#[derive(Debug)]
pub struct ByHand<E>(E);
/// Marks an `Arc` of what `M` marks.
#[derive(Debug)]
pub struct Shared<M>(M);

#[diagnostic::do_not_recommend]
impl<T: Subscribers + 'static> IntoSubscriptions<ByMacro> for T {
    fn into_subscriptions(self) -> Vec<Subscription> {
        Arc::new(self).into_subscriptions()
    }
}

#[diagnostic::do_not_recommend]
impl<T: Subscribers + 'static> IntoSubscriptions<Shared<ByMacro>> for Arc<T> {
    fn into_subscriptions(self) -> Vec<Subscription> {
        let mut descriptors = T::SUBSCRIBERS.iter().chain(T::PARTS.iter().copied().flatten()).peekable();
        let shared = descriptors.peek().and_then(|first| first.instance()?.share(&self));
        // One that is of another type says so when it is called.
        let instance = shared.unwrap_or_else(|| Arc::new(()));
        let bind = |descriptor: &'static SubscriberDescriptor| Subscription {
            descriptor: Described::Constant(descriptor),
            instance: Arc::clone(&instance),
        };
        descriptors.map(bind).collect()
    }
}

#[diagnostic::do_not_recommend]
impl<E: Event, T: Subscriber<E>> IntoSubscriptions<ByHand<E>> for T {
    fn into_subscriptions(self) -> Vec<Subscription> {
        Arc::new(self).into_subscriptions()
    }
}

#[diagnostic::do_not_recommend]
impl<E: Event, T: Subscriber<E>> IntoSubscriptions<Shared<ByHand<E>>> for Arc<T> {
    fn into_subscriptions(self) -> Vec<Subscription> {
        let options = self.options();
        let location = Location::new(type_name::<T>(), "(a value given to `.subscriber(..)`)", 0);
        let call = Call::Async(call_by_hand::<E, T>);
        let descriptor = SubscriberDescriptor::new(type_name::<T>(), E::DESCRIPTOR, location, Needs::metadata, call);
        vec![Subscription::made(descriptor.with_options(options), self)]
    }
}

fn call_by_hand<'cx, E: Event, T: Subscriber<E>>(
    instance: &'cx Instance,
    raw: &'cx RawContext<'cx>,
) -> BoxFuture<'cx, Outcome> {
    Box::pin(async move {
        match (instance.downcast_ref::<T>(), raw.typed::<E>()) {
            (Some(subscriber), Some(frame)) => match frame.context() {
                Some(cx) => subscriber.process(frame.event(), cx).await,
                None => mismatch(),
            },
            _ => mismatch(),
        }
    })
}
