//! What the builders of all buses have in common: collecting subscribers and states, and finding everything that is
//! wrong before the first event.

use std::sync::Arc;

use crate::context::States;
use crate::error::build::{Problem, ProblemKind};
use crate::event::EventDescriptor;
use crate::handler::HandlerFn;
use crate::registry::{Crates, Functions, Registry, check_events, check_subscribers};
use crate::subscriber::{IntoSubscriptions, SubscriberDescriptor, Subscription};

/// What has been given to a builder so far.
#[derive(Default)]
pub(crate) struct Wiring {
    registry: Registry,
    /// Linked subscribers that are wanted.
    linked: Vec<&'static SubscriberDescriptor>,
    /// Given as values, closures or functions.
    given: Vec<Subscription>,
    states: States,
    problems: Vec<Problem>,
}

/// What a bus is made of, once nothing is wrong.
#[derive(Clone)]
pub(crate) struct Wired {
    pub(crate) subscriptions: Vec<Subscription>,
    pub(crate) states: Arc<States>,
    pub(crate) events: Vec<&'static EventDescriptor>,
}

impl Wiring {
    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn link(&mut self, wanted: impl Fn(&SubscriberDescriptor) -> bool) {
        let linked = Registry::everything_linked();
        for subscriber in linked.subscribers().filter(|subscriber| wanted(subscriber)) {
            if !self.linked.iter().any(|known| std::ptr::eq(*known, subscriber)) {
                self.linked.push(subscriber);
            }
        }
        let crates = std::mem::take(&mut self.registry).named_crates();
        self.registry = crates.into_iter().fold(linked, Registry::crates);
    }

    pub(crate) fn crates(&mut self, crates: Crates) {
        self.registry = std::mem::take(&mut self.registry).crates(crates);
    }

    pub(crate) fn functions(&mut self, functions: Functions) {
        for descriptor in functions.iter() {
            self.given.push(Subscription::of_function(descriptor));
        }
    }

    pub(crate) fn subscriber<M>(&mut self, value: impl IntoSubscriptions<M>) {
        let new = value.into_subscriptions();
        if let Some(first) = new.first().map(Subscription::descriptor)
            && let Some(instance) = first.instance()
            && self.given.iter().any(|known| known.descriptor.instance().is_some_and(|i| i.type_id == instance.type_id))
        {
            let what = format!("a value of `{}` was given twice", instance.name);
            let fix = "give one value: each event would be handled by both";
            self.problems.push(Problem::new(ProblemKind::GivenTwice, what, fix).at(first.location()));
        }
        self.given.extend(new);
    }

    #[track_caller]
    pub(crate) fn closure<M>(&mut self, closure: impl HandlerFn<M>) {
        self.given.push(closure.into_subscription());
    }

    pub(crate) fn state<T: Clone + Send + Sync + 'static>(&mut self, value: T) {
        if !self.states.insert(value) {
            let what = format!("a state of type `{}` was given twice", std::any::type_name::<T>());
            let fix = "give one value of each type; wrap one of them in a type of its own";
            self.problems.push(Problem::new(ProblemKind::GivenTwice, what, fix));
        }
    }

    /// What these subscribers need, and is not among these states.
    #[cfg(feature = "test-util")]
    pub(crate) fn missing(subscriptions: &[Subscription], states: &States) -> Vec<Problem> {
        missing_states(subscriptions, states)
    }

    /// Everything there is, and everything that is wrong with it.
    pub(crate) fn finish(self) -> (Wired, Vec<Problem>) {
        let Self { registry, linked, given, states, mut problems } = self;
        let mut subscriptions = Vec::new();
        for descriptor in linked {
            match descriptor.instance() {
                None if !is_given(&given, descriptor) => subscriptions.push(Subscription::of_function(descriptor)),
                // Runs on a value, which brings its own subscriptions when it is given.
                Some(instance)
                    if !given
                        .iter()
                        .any(|known| known.descriptor.instance().is_some_and(|i| i.type_id == instance.type_id)) =>
                {
                    let what =
                        format!("`{}` is a linked subscriber, but there is no value to run it on", instance.name);
                    let fix = format!(
                        "add `.subscriber({}..)` to the builder, or leave it out with `.linked_where(..)`",
                        instance.name
                    );
                    problems.push(Problem::new(ProblemKind::MissingInstance, what, fix).at(first_place(descriptor)));
                }
                _ => {}
            }
        }
        subscriptions.extend(given);
        let mut events: Vec<_> = registry.events().collect();
        for subscription in &subscriptions {
            let event = subscription.descriptor.event();
            if !events.iter().any(|known| known.is_same_type(event)) {
                events.push(event);
            }
        }
        problems.extend(check_events(&events));
        problems.extend(check_subscribers(&events, subscriptions.iter().map(Subscription::descriptor)));
        problems.extend(missing_states(&subscriptions, &states));
        problems.extend(registry.silent_crates());
        (Wired { subscriptions, states: Arc::new(states), events }, problems)
    }
}

fn is_given(given: &[Subscription], descriptor: &SubscriberDescriptor) -> bool {
    given.iter().any(|known| {
        let known = known.descriptor();
        known.instance().is_none()
            && known.name() == descriptor.name()
            && known.location() == descriptor.location()
            && known.event().is_same_type(descriptor.event())
    })
}

/// The first handler of the impl a descriptor belongs to stands for all, so that one missing value is one problem.
fn first_place(descriptor: &'static SubscriberDescriptor) -> crate::Location {
    #[cfg(not(target_family = "wasm"))]
    let first = Registry::everything_linked()
        .subscribers()
        .filter(|other| other.instance().map(|i| i.type_id) == descriptor.instance().map(|i| i.type_id))
        .map(SubscriberDescriptor::location)
        .min();
    #[cfg(target_family = "wasm")]
    let first = None;
    first.unwrap_or_else(|| descriptor.location())
}

fn missing_states(subscriptions: &[Subscription], states: &States) -> Vec<Problem> {
    let mut problems = Vec::new();
    for subscription in subscriptions {
        let descriptor = subscription.descriptor();
        for wanted in descriptor.needs().states {
            if !states.contains(wanted.type_id) {
                let what = format!(
                    "subscriber `{}` takes `State<{}>`, which was not given",
                    descriptor.name(),
                    wanted.type_name
                );
                let fix =
                    format!("add `.state(..)` with a `{}` to the builder, or take it as an `Option`", wanted.type_name);
                problems.push(Problem::new(ProblemKind::MissingState, what, fix).at(descriptor.location()));
            }
        }
    }
    problems
}

/// Writes the methods that every builder with a field `wiring: Wiring` has.
macro_rules! wiring_methods {
    () => {
        /// Everything the linker brought: all events, and all subscribers. Impls under `#[subscriber]` also need
        /// their value, by [`subscriber`](Self::subscriber).
        ///
        /// A crate that nobody names is dropped by the linker without a word, with all its subscribers: name it in
        /// [`crates`](Self::crates).
        #[cfg(not(target_family = "wasm"))]
        pub fn linked(self) -> Self {
            self.linked_where(|_| true)
        }

        /// The linked subscribers that `wanted` says yes to, for a binary with several buses:
        /// `.linked_where(|s| s.queue() == Some("domain"))`.
        #[cfg(not(target_family = "wasm"))]
        pub fn linked_where(mut self, wanted: impl Fn(&crate::SubscriberDescriptor) -> bool) -> Self {
            self.wiring.link(wanted);
            self
        }

        /// Checks that each of these crates brought something: `.crates(melange::crates![orders, billing])`.
        pub fn crates(mut self, crates: crate::Crates) -> Self {
            self.wiring.crates(crates);
            self
        }

        /// These functions, without the linker's help: `.subscribers(melange::subscribers![send_receipt])`.
        pub fn subscribers(mut self, functions: crate::Functions) -> Self {
            self.wiring.functions(functions);
            self
        }

        /// A value that subscribes: with an impl under `#[subscriber]`, or a [`Subscriber`](crate::Subscriber) written
        /// by hand; or an `Arc` of one, to keep a hold of it.
        pub fn subscriber<M>(mut self, value: impl crate::IntoSubscriptions<M>) -> Self {
            self.wiring.subscriber(value);
            self
        }

        /// A closure that subscribes: `|order: Arc<OrderPlaced>| async move { .. }` or `|order: &OrderPlaced| { .. }`.
        #[track_caller]
        pub fn subscribe<M>(mut self, closure: impl crate::HandlerFn<M>) -> Self {
            self.wiring.closure(closure);
            self
        }

        /// A value that subscribers take as `State<T>`; one of each type.
        pub fn state<T: Clone + Send + Sync + 'static>(mut self, value: T) -> Self {
            self.wiring.state(value);
            self
        }
    };
}
pub(crate) use wiring_methods;
