//! Checks of a binary's whole topology in a test: what the start would find, and opt-in rules.

mod asked_for;
mod assert;

use std::fmt;
use std::time::Duration;

#[cfg(feature = "cli")]
use crate::EventBus;
use crate::error::build::{BuildErrors, Problem};
use crate::event::{Event, EventDescriptor};
use crate::registry::{Crates, Registry, check_fifo};
use crate::subscriber::SubscriberDescriptor;
use crate::transport::Topology;

/// A rule: everything that it finds wrong.
type Rule = Box<dyn Fn(&Checks) -> Vec<Problem> + Send + Sync>;

/// Checks of a registry, for a test. [`assert_topology!`](crate::assert_topology) is the one-line form.
///
/// ```rust,standalone_crate
/// # #[derive(serde::Serialize, serde::Deserialize, melange::Event)]
/// # #[event(topic = "orders")]
/// # struct OrderPlaced { order_id: String }
/// # #[melange::subscriber(listens_to = OrderPlaced)]
/// # async fn receipt(_: &OrderPlaced) {}
/// use melange::Checks;
///
/// Checks::linked().queue("billing").handled().publishes::<OrderPlaced>().run()?;
/// # Ok::<(), melange::BuildErrors>(())
/// ```
///
/// The checks of [`Registry::check`] always run: two events with the same name and version, colliding aliases, gaps in
/// versions, subscribers of events that are not registered, FIFO topics without a key, FIFO queues on standard topics,
/// too many attributes, illegal names, meaningless options, and crates that registered nothing. Problems that only a
/// bus can see, such as a missing `State<T>` or value, are found by `build()`. The other checks are opt-in, and the
/// limits of a broker are [rules](Self::rule) in its crate: `melange_aws::assert_topology!` has those of AWS.
#[must_use = "nothing is checked before `run()`"]
pub struct Checks {
    /// What each thing in it says of itself.
    registry: Registry,
    events: Vec<&'static EventDescriptor>,
    subscribers: Vec<SubscriberDescriptor>,
    queue: Option<String>,
    prefix: String,
    handled: bool,
    ordered: bool,
    one_queue: bool,
    handled_elsewhere: Vec<&'static EventDescriptor>,
    /// Events that are published, once somebody has said which.
    published: Option<Vec<&'static EventDescriptor>>,
    rules: Vec<Rule>,
}

impl Checks {
    /// Checks of everything that is linked, even if it is inconsistent.
    #[cfg(not(target_family = "wasm"))]
    pub fn linked() -> Self {
        Self::of(Registry::everything_linked())
    }

    /// Checks of this registry.
    pub fn of(registry: Registry) -> Self {
        let (events, subscribers) = (registry.events().collect(), registry.subscribers().cloned().collect());
        Self {
            registry,
            events,
            subscribers,
            queue: None,
            prefix: String::new(),
            handled: false,
            ordered: false,
            one_queue: false,
            handled_elsewhere: Vec::new(),
            published: None,
            rules: Vec::new(),
        }
    }

    /// Checks of what `bus` consists of, with its own queue. What is linked but not part of it is checked too, except
    /// for rules that depend on a bus: the subscribers of another bus may consume from another queue.
    #[cfg(feature = "cli")]
    pub(crate) fn of_bus(bus: &EventBus) -> Self {
        let mut subscribers: Vec<_> = bus.subscribers().map(|(_, subscriber)| subscriber.clone()).collect();
        subscribers.sort_by_key(|subscriber| (subscriber.location(), subscriber.name(), subscriber.event().name()));
        let events = bus.events().collect();
        Self { events, subscribers, ..Self::linked() }.queue(bus.engine().transport.own_queue())
    }

    /// Sets the bus's own queue: that of subscribers that name none.
    pub fn queue(mut self, name: impl Into<String>) -> Self {
        self.queue = Some(name.into());
        self
    }

    /// Sets the prefix that the transport adds to the names of topics and queues: for rules about names, use the
    /// longest of your environments.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Each of these crates must have registered something: `.crates(melange::crates![orders])`.
    pub fn crates(mut self, crates: Crates) -> Self {
        self.registry = self.registry.crates(crates);
        self
    }

    /// Every event must have a subscriber here, of itself or of a newer version. Name events that are only for others
    /// with [`handled_elsewhere`](Self::handled_elsewhere).
    pub fn handled(mut self) -> Self {
        self.handled = true;
        self
    }

    /// Every event must have a subscriber here, except this one, which others listen to.
    pub fn handled_elsewhere<E: Event>(self) -> Self {
        self.handled_elsewhere_of(E::DESCRIPTOR)
    }

    pub(crate) fn handled_elsewhere_of(mut self, event: &'static EventDescriptor) -> Self {
        self.handled_elsewhere.push(event);
        self.handled()
    }

    /// This binary publishes `E`. With the first such call, every event that is listened to must be named: as published
    /// here, or [elsewhere](Self::published_elsewhere). The linker cannot know who publishes, so you list it.
    pub fn publishes<E: Event>(self) -> Self {
        self.publishes_of(E::DESCRIPTOR)
    }

    pub(crate) fn publishes_of(mut self, event: &'static EventDescriptor) -> Self {
        self.published.get_or_insert_default().push(event);
        self
    }

    /// Somebody else publishes `E`: see [`publishes`](Self::publishes).
    pub fn published_elsewhere<E: Event>(self) -> Self {
        self.publishes::<E>()
    }

    /// Events of FIFO topics must be consumed from FIFO queues. A standard queue takes them too, but loses their order.
    pub fn ordered(mut self) -> Self {
        self.ordered = true;
        self
    }

    /// No event may be consumed from more than one queue: where each queue is its own service, an event that two of
    /// them handle in one binary is probably a mistake.
    pub fn one_queue_per_event(mut self) -> Self {
        self.one_queue = true;
        self
    }

    /// Adds a rule: from a broker's crate, or your own.
    ///
    /// ```
    /// use melange::{Checks, Problem, ProblemKind, Registry};
    ///
    /// let no_events = |checks: &Checks| match checks.events().next() {
    ///     Some(_) => Vec::new(),
    ///     None => vec![Problem::new(ProblemKind::Custom, "there are no events", "name their crate: `use orders as _;`")],
    /// };
    /// assert!(Checks::of(Registry::default()).rule(no_events).run().is_err());
    /// ```
    pub fn rule(mut self, rule: impl Fn(&Self) -> Vec<Problem> + Send + Sync + 'static) -> Self {
        self.rules.push(Box::new(rule));
        self
    }

    /// Runs all checks.
    ///
    /// # Errors
    /// All problems at once, each with file, line and fix.
    pub fn run(&self) -> Result<(), BuildErrors> {
        let mut problems = self.registry.problems();
        problems.extend(check_fifo(self.subscribers(), self.own_queue()));
        problems.extend(self.asked_for());
        problems.extend(self.rules.iter().flat_map(|rule| rule(self)));
        BuildErrors::check(problems)
    }

    /// The events, by name and version.
    pub fn events(&self) -> impl Iterator<Item = &'static EventDescriptor> {
        self.events.iter().copied()
    }

    /// The subscribers, by crate, module and line.
    pub fn subscribers(&self) -> impl Iterator<Item = &SubscriberDescriptor> {
        self.subscribers.iter()
    }

    /// The bus's own queue, if it was set.
    #[must_use]
    pub fn own_queue(&self) -> Option<&str> {
        self.queue.as_deref()
    }

    /// The prefix of the names of topics and queues.
    #[must_use]
    pub fn name_prefix(&self) -> &str {
        &self.prefix
    }

    /// The queues and topics that there would be. The bus's own queue has an empty name if none was set.
    #[must_use]
    pub fn topology(&self) -> Topology {
        let own_queue = self.own_queue().unwrap_or_default();
        Topology::of(own_queue, Duration::from_secs(30), &self.events, &self.subscribers)
    }
}

impl fmt::Debug for Checks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checks").field("queue", &self.queue).field("prefix", &self.prefix).finish_non_exhaustive()
    }
}
