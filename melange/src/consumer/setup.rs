//! The settings of a consumer, and everything that can be wrong with one before it runs.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::budget::Budget;
use super::engine::Engine;
use super::queue::Queue;
use super::report::Counters;
use super::{UnknownEvents, UnknownVersions};
use crate::error::build::{BuildErrors, Problem, ProblemKind};
use crate::registry::{check_fifo, sort_events};
use crate::subscriber::{SubscriberDescriptor, Subscription};
use crate::transport::{DynTransport, QueuePlan, Topology};
use crate::wiring::{Wired, Wiring};

/// The default maximum number of messages in flight, over all queues.
const CONCURRENCY: usize = 64;

/// Longest wait of a poll; SQS allows no more.
const WAIT: Duration = Duration::from_secs(20);

/// The settings of a consumer, whether of a bus or on its own.
#[derive(Clone)]
pub(crate) struct Setup {
    pub(crate) concurrency: usize,
    pub(crate) wait: Duration,
    pub(crate) unknown_events: UnknownEvents,
    pub(crate) unknown_versions: UnknownVersions,
    /// By queue; 1 for those that are not here.
    pub(crate) weights: BTreeMap<String, usize>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            concurrency: CONCURRENCY,
            wait: WAIT,
            unknown_events: UnknownEvents::default(),
            unknown_versions: UnknownVersions::default(),
            weights: BTreeMap::new(),
        }
    }
}

impl Setup {
    /// Builds the engine, or returns all problems.
    pub(crate) fn build(self, transport: DynTransport, wiring: Wiring) -> Result<Engine, BuildErrors> {
        let (wired, problems) = wiring.finish();
        self.build_wired(transport, wired, problems)
    }

    /// The same of what was collected, in which these problems were found.
    pub(crate) fn build_wired(
        self,
        transport: DynTransport,
        wired: Wired,
        mut problems: Vec<Problem>,
    ) -> Result<Engine, BuildErrors> {
        let Wired { subscriptions, states, mut events, events_in_order } = wired;
        let descriptors = subscriptions.iter().map(Subscription::descriptor);
        let visibility = transport.capabilities().visibility;
        let topology = Topology::planned(transport.own_queue(), visibility, &events, descriptors.clone());
        problems.extend(self.problems(&topology));
        problems.extend(against_transport(&transport, &topology, descriptors));
        BuildErrors::check(problems)?;

        if !events_in_order {
            sort_events(&mut events);
        }
        let own_queue = transport.own_queue().to_owned();
        let mut by_queue: BTreeMap<&str, Vec<Subscription>> = BTreeMap::new();
        for subscription in subscriptions {
            by_queue.entry(subscription.descriptor.queue().unwrap_or(&own_queue)).or_default().push(subscription);
        }
        let weight = |plan: &QueuePlan| self.weights.get(&plan.name).copied().unwrap_or(1);
        let weights: Vec<usize> = topology.queues.iter().map(weight).collect();
        let longest = transport.capabilities().max_in_hand;
        let queue =
            |plan: &QueuePlan| Queue::new(plan, longest, by_queue.remove(plan.name.as_str()).unwrap_or_default());
        let queues = topology.queues.iter().map(queue).collect();
        let stop = CancellationToken::new();
        Ok(Engine {
            transport,
            topology,
            events,
            queues,
            states,
            fingerprint: OnceLock::new(),
            unknown_events: self.unknown_events,
            unknown_versions: self.unknown_versions,
            budget: Budget::new(self.concurrency, weights),
            wait: self.wait,
            counters: Counters::default(),
            polls: TaskTracker::new(),
            lanes: TaskTracker::new(),
            settlers: TaskTracker::new(),
            runtime: OnceLock::new(),
            hurry: stop.child_token(),
            stop,
            abort: CancellationToken::new(),
            settled: CancellationToken::new(),
        })
    }

    fn problems(&self, topology: &Topology) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut problem = |what: String, fix: &str| problems.push(Problem::new(ProblemKind::IllegalOption, what, fix));
        if self.concurrency == 0 {
            problem("a concurrency of zero handles nothing".to_owned(), "give it at least 1");
        }
        for (name, weight) in &self.weights {
            if *weight == 0 {
                problem(format!("queue `{name}` has a weight of zero, so it could starve"), "give it at least 1");
            }
            if !topology.queues.iter().any(|queue| queue.name == *name) {
                problem(
                    format!("queue `{name}` was given a weight, and no subscriber consumes from it"),
                    "use the name that the subscribers' `queue = \"...\"` or the transport has, without any prefix",
                );
            }
        }
        problems
    }
}

/// What this transport cannot do.
fn against_transport<'a>(
    transport: &DynTransport,
    topology: &Topology,
    subscribers: impl Iterator<Item = &'a SubscriberDescriptor> + Clone,
) -> Vec<Problem> {
    let capabilities = transport.capabilities();
    let mut problems = Vec::new();
    for subscriber in subscribers.clone() {
        let event = subscriber.event();
        if capabilities.wire && event.is_local() {
            let what = format!(
                "subscriber `{}` listens to {event}, which is local, over {}",
                subscriber.name(),
                capabilities.name
            );
            let fix = "derive serde on the event, drop `local` and give it a topic; or consume it on an in-process bus";
            problems.push(Problem::new(ProblemKind::LocalOnWire, what, fix).at(subscriber.location()));
        }
        if let Some(timeout) = subscriber.options().timeout.filter(|timeout| *timeout >= capabilities.max_in_hand) {
            let what = format!(
                "subscriber `{}` may take {timeout:?}, but a message can be kept in hand for {:?} only",
                subscriber.name(),
                capabilities.max_in_hand
            );
            let fix = "shorten its `timeout`: the message would come again while it is still being handled";
            problems.push(Problem::new(ProblemKind::TimeoutTooLong, what, fix).at(subscriber.location()));
        }
    }
    let mut refused = transport.check(topology).err().unwrap_or_default();
    // A transport knows queues and topics. The same is said of the subscribers that want them, with their locations.
    if refused.iter().any(is_fifo_mismatch) {
        let placed = check_fifo(subscribers, Some(transport.own_queue()));
        if !placed.is_empty() {
            refused.retain(|problem| !is_fifo_mismatch(problem));
            problems.extend(placed);
        }
    }
    problems.extend(refused);
    problems
}

fn is_fifo_mismatch(problem: &Problem) -> bool {
    problem.kind() == ProblemKind::FifoMismatch
}

/// Writes the methods that every builder with a field `setup: Setup` has.
macro_rules! setup_methods {
    () => {
        /// The maximum number of messages in flight, over all queues; 64 by default.
        pub fn concurrency(mut self, messages: usize) -> Self {
            self.setup.concurrency = messages;
            self
        }

        /// How long a poll waits for a message; 20 seconds by default, which is also the most SQS allows.
        pub fn wait(mut self, wait: std::time::Duration) -> Self {
            self.setup.wait = wait;
            self
        }

        /// What to do with events nobody listens to.
        pub fn unknown_events(mut self, unknown_events: crate::UnknownEvents) -> Self {
            self.setup.unknown_events = unknown_events;
            self
        }

        /// What to do with events of a version that no subscriber here can read.
        pub fn unknown_versions(mut self, unknown_versions: crate::UnknownVersions) -> Self {
            self.setup.unknown_versions = unknown_versions;
            self
        }

        /// This queue's share of the concurrency, relative to the other queues (1 by default), when demand exceeds it.
        pub fn weight(mut self, queue: impl Into<String>, weight: usize) -> Self {
            self.setup.weights.insert(queue.into(), weight);
            self
        }
    };
}
pub(crate) use setup_methods;
