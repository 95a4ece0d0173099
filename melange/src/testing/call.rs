//! One subscriber on its own, run once.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::fail::fail_at;
use super::is_called;
use super::names::{Listener, no_listener};
use crate::context::States;
use crate::dispatch::{Failed, Run, SubscriberError, SubscriberErrorKind, run};
use crate::error::build::BuildErrors;
use crate::event::Event;
use crate::metadata::Metadata;
use crate::outcome::Then;
use crate::subscriber::{IntoSubscriptions, Subscription};
use crate::wiring::Wiring;
use crate::{Functions, HandlerFn};

/// Runs one subscriber once, on its own: with its states, its timeout, and as any attempt, but without queues.
///
/// A `#[subscriber]` function is still a function, and a test can call it. This runs it as a bus does: with the same
/// argument extraction; a panic is a failure, and its timeout applies.
///
/// ```
/// use melange::testing::TestCall;
/// use melange::{Event, Metadata, Outcome, State, subscriber, subscribers};
///
/// # #[derive(serde::Serialize, serde::Deserialize, Event)]
/// # #[event(topic = "orders")]
/// # struct OrderPlaced { total_cents: u64 }
/// #[subscriber(listens_to = OrderPlaced)]
/// async fn charge(order: &OrderPlaced, meta: &Metadata, State(limit): State<u64>) -> Outcome {
///     match meta.attempt {
///         _ if order.total_cents <= limit => Outcome::Done,
///         1..3 => Outcome::retry("the bank does not answer"),
///         _ => Outcome::reject("too much"),
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// let charge = TestCall::function(subscribers![charge]).state(100_u64);
/// assert!(charge.run(OrderPlaced { total_cents: 42 }).await.is_done());
/// let third = charge.attempt(3).run(OrderPlaced { total_cents: 4200 }).await;
/// assert!(third.is_rejected());
/// assert_eq!(third.reason().as_deref(), Some("too much"));
/// # }
/// ```
#[must_use = "call `.run(event).await`"]
pub struct TestCall {
    subscriptions: Vec<Subscription>,
    name: Option<String>,
    states: States,
    metadata: Option<Metadata>,
    attempt: Option<u32>,
    cancellation: CancellationToken,
}

impl TestCall {
    /// A `#[subscriber]` function: `TestCall::function(subscribers![send_receipt])`.
    pub fn function(function: Functions) -> Self {
        Self::of(function.iter().map(Subscription::of_function).collect())
    }

    /// A value that subscribes, as given to a bus.
    pub fn value<M>(value: impl IntoSubscriptions<M>) -> Self {
        Self::of(value.into_subscriptions())
    }

    /// A closure that subscribes, as given to a bus.
    #[track_caller]
    pub fn closure<M>(closure: impl HandlerFn<M>) -> Self {
        Self::of(vec![closure.into_subscription()])
    }

    fn of(subscriptions: Vec<Subscription>) -> Self {
        let (states, cancellation) = (States::default(), CancellationToken::new());
        Self { subscriptions, name: None, states, metadata: None, attempt: None, cancellation }
    }

    /// Adds a value that the subscriber takes as `State<T>`, replacing one of the same type.
    pub fn state<T: Clone + Send + Sync + 'static>(mut self, value: T) -> Self {
        self.states.insert(value);
        self
    }

    /// Sets the number of the attempt, from 1.
    pub fn attempt(mut self, attempt: u32) -> Self {
        self.attempt = Some(attempt);
        self
    }

    /// Sets the metadata, instead of that of an event published now.
    pub fn metadata(mut self, metadata: Metadata) -> Self {
        self.metadata = Some(metadata);
        self
    }

    /// Sets the token that tells the work to stop.
    pub fn cancellation(mut self, token: CancellationToken) -> Self {
        self.cancellation = token;
        self
    }

    /// Chooses this subscriber, if several listen to the event.
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Runs it on `event`. May be called repeatedly.
    ///
    /// # Panics
    /// If no subscriber, or more than one, listens to the event, or if a state is missing.
    #[track_caller]
    pub fn run<E: Event>(&self, event: E) -> impl Future<Output = Called> + Send + use<E> {
        let place = Location::caller();
        let chosen = self.subscriber_of::<E>();
        let mut metadata = self.metadata.clone().unwrap_or_else(|| Metadata::of(&event));
        metadata.attempt = self.attempt.unwrap_or(metadata.attempt);
        let with = Run {
            event: Arc::new(event) as Arc<dyn Any + Send + Sync>,
            metadata: Arc::new(metadata),
            states: Arc::new(self.states.clone()),
            cancellation: self.cancellation.clone(),
        };
        async move {
            let subscription = chosen.unwrap_or_else(|why| fail_at(place, why));
            Called(run(&subscription, &with).await.err())
        }
    }

    fn subscriber_of<E: Event>(&self) -> Result<Subscription, String> {
        let is_named =
            |one: &&Subscription| self.name.as_deref().is_none_or(|name| is_called(one.descriptor().name(), name));
        let listens = |one: &&Subscription| one.descriptor().event().is_same_type(E::DESCRIPTOR);
        let all: Vec<&Subscription> = self.subscriptions.iter().filter(listens).filter(is_named).collect();
        let event = E::DESCRIPTOR.name();
        let one = match all.as_slice() {
            [one] => *one,
            [] => {
                let listeners: Vec<Listener> =
                    self.subscriptions.iter().map(|one| Listener::of(one.descriptor())).collect();
                let misnamed = self.name.as_deref().and_then(|name| no_listener(&listeners, Some(E::DESCRIPTOR), name));
                return Err(misnamed.unwrap_or_else(|| {
                    let known = self.subscriptions.iter().map(Subscription::descriptor);
                    let known: Vec<String> =
                        known.map(|one| format!("`{}` on {}", one.name(), one.event().name())).collect();
                    format!("no subscriber here listens to {event}; there are: {}", known.join(", "))
                }));
            }
            several => {
                let names: Vec<&str> = several.iter().map(|one| one.descriptor().name()).collect();
                let names = names.join("`, `");
                return Err(format!("several subscribers listen to {event}: say which by `.named(..)`: `{names}`"));
            }
        };
        let missing = Wiring::missing(std::slice::from_ref(one), &self.states);
        BuildErrors::check(missing).map_err(|problems| problems.to_string())?;
        Ok(one.clone())
    }
}

impl fmt::Debug for TestCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestCall").field("subscribers", &self.subscriptions).finish_non_exhaustive()
    }
}

/// The outcome of a subscriber.
pub struct Called(Option<Failed>);

impl Called {
    /// Whether it handled the event.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.0.is_none()
    }

    /// Whether it asked for a retry.
    #[must_use]
    pub fn is_retried(&self) -> bool {
        matches!(&self.0, Some(Failed { then: Then::Retry { .. }, .. }))
    }

    /// Whether it rejected the event.
    #[must_use]
    pub fn is_rejected(&self) -> bool {
        matches!(&self.0, Some(Failed { then: Then::Reject, .. }))
    }

    /// The retry delay, if it asked for one itself.
    #[must_use]
    pub fn retry_after(&self) -> Option<std::time::Duration> {
        match &self.0 {
            Some(Failed { then: Then::Retry { after }, .. }) => *after,
            _ => None,
        }
    }

    /// How it failed, if it did.
    #[must_use]
    pub fn kind(&self) -> Option<SubscriberErrorKind> {
        self.error().map(SubscriberError::kind)
    }

    /// Why it failed, if it did.
    #[must_use]
    pub fn reason(&self) -> Option<String> {
        self.error().map(|error| error.reason().to_string())
    }

    /// How and why it failed, if it did.
    #[must_use]
    pub fn error(&self) -> Option<&SubscriberError> {
        self.0.as_ref().map(|failed| &failed.error)
    }
}

impl fmt::Debug for Called {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            None => f.write_str("Done"),
            Some(failed) => write!(f, "{}: {} ({:?})", failed.error, failed.error.reason(), failed.then),
        }
    }
}
