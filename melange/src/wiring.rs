//! What the builders of all buses have in common: collecting subscribers and states, and finding everything that is
//! wrong before the first event.

use std::collections::HashSet;
use std::sync::Arc;

use crate::context::States;
use crate::error::build::{Problem, ProblemKind};
use crate::event::EventDescriptor;
use crate::extract::{Needed, Needs};
use crate::handler::HandlerFn;
use crate::registry::{Crates, Functions, Registry, check_events, check_subscribers};
use crate::subscriber::{IntoSubscriptions, SubscriberDescriptor, Subscription};
use crate::type_map::TypeMap;

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
    /// By name and version: as a registry has them.
    pub(crate) events_in_order: bool,
}

impl Wiring {
    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn link(&mut self, wanted: impl Fn(&SubscriberDescriptor) -> bool) {
        let linked = Registry::everything_linked();
        let known: HashSet<_> = self.linked.iter().map(|known| std::ptr::from_ref(*known)).collect();
        let new = linked.subscribers().filter(|subscriber| wanted(subscriber));
        self.linked.extend(new.filter(|subscriber| !known.contains(&std::ptr::from_ref(*subscriber))));
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
        let of = |subscription: &Subscription| {
            missing_states(&subscription.descriptor, &subscription.descriptor.needs(), states)
        };
        subscriptions.iter().flat_map(of).collect()
    }

    /// Everything there is, and everything that is wrong with it.
    pub(crate) fn finish(self) -> (Wired, Vec<Problem>) {
        let Self { registry, linked, given, states, mut problems } = self;
        let mut subscriptions = Vec::with_capacity(linked.len() + given.len());
        let given_values: TypeMap<()> = given
            .iter()
            .filter_map(|known| known.descriptor.instance())
            .map(|instance| (instance.type_id, ()))
            .collect();
        // Asked for by what is linked alone.
        let given_functions: HashSet<_> = given
            .iter()
            .filter(|_| !linked.is_empty())
            .map(Subscription::descriptor)
            .filter(|known| known.instance().is_none())
            .map(SubscriberDescriptor::identity)
            .collect();
        for descriptor in linked {
            match descriptor.instance() {
                None if given_functions.is_empty() || !given_functions.contains(&descriptor.identity()) => {
                    subscriptions.push(Subscription::of_function(descriptor));
                }
                // Runs on a value, which brings its own subscriptions when it is given.
                Some(instance) if !given_values.contains_key(&instance.type_id) => {
                    let what =
                        format!("`{}` is a linked subscriber, but there is no value to run it on", instance.name);
                    let fix = format!(
                        "add `.subscriber({}..)` to the builder, or leave it out with `.linked_where(..)`",
                        instance.name
                    );
                    problems.push(
                        Problem::new(ProblemKind::MissingInstance, what, fix).at(first_place(descriptor, &registry)),
                    );
                }
                _ => {}
            }
        }
        subscriptions.extend(given);
        let mut events: Vec<_> = registry.events().collect();
        let mut known: TypeMap<()> = events.iter().map(|event| (event.type_id(), ())).collect();
        let registered = events.len();
        let listened = subscriptions.iter().map(|subscription| subscription.descriptor.event());
        events.extend(listened.filter(|event| known.insert(event.type_id(), ()).is_none()));
        problems.extend(check_events(&events));
        let descriptors = subscriptions.iter().map(Subscription::descriptor);
        problems.extend(check_subscribers(descriptors, |descriptor, needs| missing_states(descriptor, needs, &states)));
        problems.extend(registry.silent_crates());
        let events_in_order = events.len() == registered;
        (Wired { subscriptions, states: Arc::new(states), events, events_in_order }, problems)
    }
}

/// The first handler of the impl a descriptor belongs to stands for all, so that one missing value is one problem.
fn first_place(descriptor: &'static SubscriberDescriptor, registry: &Registry) -> crate::Location {
    let is_of_one = |other: &SubscriberDescriptor| {
        other.instance().map(|other| other.type_id) == descriptor.instance().map(|instance| instance.type_id)
    };
    let first = registry.subscribers().find(|other| is_of_one(other));
    first.unwrap_or(descriptor).location()
}

fn missing_states(descriptor: &SubscriberDescriptor, needs: &Needs, states: &States) -> Vec<Problem> {
    let missing = needs.states.iter().filter(|wanted| !states.contains(wanted.type_id));
    let problem = |wanted: &Needed| {
        let (name, state) = (descriptor.name(), wanted.type_name);
        let what = format!("subscriber `{name}` takes `State<{state}>`, which was not given");
        let fix = format!("add `.state(..)` with a `{state}` to the builder, or take it as an `Option`");
        Problem::new(ProblemKind::MissingState, what, fix).at(descriptor.location())
    };
    missing.map(problem).collect()
}

/// Writes the methods that every builder with a field `wiring: Wiring` has.
macro_rules! wiring_methods {
    () => {
        /// Takes everything that is linked: all events, and all subscribers. Impl blocks under `#[subscriber]` also
        /// need their value, given with [`subscriber`](Self::subscriber).
        ///
        /// The linker silently drops a crate that the source never names, with all its subscribers: name it in
        /// [`crates`](Self::crates).
        #[cfg(not(target_family = "wasm"))]
        pub fn linked(self) -> Self {
            self.linked_where(|_| true)
        }

        /// Takes the linked subscribers for which `wanted` returns true, for a binary with several buses:
        /// `.linked_where(|s| s.queue() == Some("domain"))`.
        #[cfg(not(target_family = "wasm"))]
        pub fn linked_where(mut self, wanted: impl Fn(&crate::SubscriberDescriptor) -> bool) -> Self {
            self.wiring.link(wanted);
            self
        }

        /// Checks that each of these crates registered something: `.crates(melange::crates![orders, billing])`.
        pub fn crates(mut self, crates: crate::Crates) -> Self {
            self.wiring.crates(crates);
            self
        }

        /// Takes these functions, without relying on the linker: `.subscribers(melange::subscribers![send_receipt])`.
        pub fn subscribers(mut self, functions: crate::Functions) -> Self {
            self.wiring.functions(functions);
            self
        }

        /// Adds a value that subscribes: with an impl block under `#[subscriber]`, or a hand-written
        /// [`Subscriber`](crate::Subscriber); or an `Arc` of one, to keep access to it.
        pub fn subscriber<M>(mut self, value: impl crate::IntoSubscriptions<M>) -> Self {
            self.wiring.subscriber(value);
            self
        }

        /// Adds a closure that subscribes: `|order: Arc<OrderPlaced>| async move { .. }` or `|order: &OrderPlaced| { ..
        /// }`.
        #[track_caller]
        pub fn subscribe<M>(mut self, closure: impl crate::HandlerFn<M>) -> Self {
            self.wiring.closure(closure);
            self
        }

        /// Adds a value that subscribers take as `State<T>`; one of each type.
        pub fn state<T: Clone + crate::ThreadSafe + 'static>(mut self, value: T) -> Self {
            self.wiring.state(value);
            self
        }
    };
}
pub(crate) use wiring_methods;
