//! The whole of a binary's topology, checked in a test: what the start would find, and what is only wrong if you say so.

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

/// What is to be checked of a registry, for a test. [`assert_topology!`](crate::assert_topology) writes it in one line.
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
/// Always checked is what [`Registry::check`] lists: two events of one name and version, aliases that collide, holes in
/// versions, subscribers of events that are not registered, FIFO topics without a key, FIFO queues at topics that are not, too many
/// attributes, illegal names, options that make no sense, and crates that brought nothing. What needs the bus, such as a missing
/// `State<T>` or value, `build()` finds. The rest is opted into, and the limits of a broker are [rules](Self::rule) of its crate:
/// `melange_aws::assert_topology!` has those of AWS.
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
    /// Of everything the linker brought, whatever is wrong with it.
    #[cfg(not(target_family = "wasm"))]
    pub fn linked() -> Self {
        Self::of(Registry::everything_linked())
    }

    /// Of this registry.
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

    /// Of what `bus` is made of, with its own queue. What was linked and left out of it is checked too, but for what depends on a
    /// bus: the subscribers of another one may consume from another queue.
    #[cfg(feature = "cli")]
    pub(crate) fn of_bus(bus: &EventBus) -> Self {
        let mut subscribers: Vec<_> = bus.subscribers().map(|(_, subscriber)| subscriber.clone()).collect();
        subscribers.sort_by_key(|subscriber| (subscriber.location(), subscriber.name(), subscriber.event().name()));
        let events = bus.events().collect();
        Self { events, subscribers, ..Self::linked() }.queue(bus.engine().transport.own_queue())
    }

    /// The bus's own queue: that of subscribers that name none.
    pub fn queue(mut self, name: impl Into<String>) -> Self {
        self.queue = Some(name.into());
        self
    }

    /// What the transport puts before the names of topics and queues: the longest of your environments, for rules about names.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Each of these crates must have brought something: `.crates(melange::crates![orders])`.
    pub fn crates(mut self, crates: Crates) -> Self {
        self.registry = self.registry.crates(crates);
        self
    }

    /// Every event must have a subscriber here, itself or by way of a newer version. Events that are for others only are named
    /// by [`handled_elsewhere`](Self::handled_elsewhere).
    pub fn handled(mut self) -> Self {
        self.handled = true;
        self
    }

    /// Every event must have a subscriber here, but for this one, which others listen to.
    pub fn handled_elsewhere<E: Event>(self) -> Self {
        self.handled_elsewhere_of(E::DESCRIPTOR)
    }

    pub(crate) fn handled_elsewhere_of(mut self, event: &'static EventDescriptor) -> Self {
        self.handled_elsewhere.push(event);
        self.handled()
    }

    /// This binary publishes `E`. Once there is such a list, every event that is listened to must be in it: published here, or
    /// [elsewhere](Self::published_elsewhere). The linker cannot know who publishes, so the list is yours.
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

    /// Events of FIFO topics must be consumed from FIFO queues. A standard queue takes them too, and forgets their order.
    pub fn ordered(mut self) -> Self {
        self.ordered = true;
        self
    }

    /// No event may be consumed from more than one queue: where each queue is a service of its own, an event that two of them
    /// handle in one binary is a slip.
    pub fn one_queue_per_event(mut self) -> Self {
        self.one_queue = true;
        self
    }

    /// Another rule: of a broker's crate, or your own.
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

    /// Checks all of it.
    ///
    /// # Errors
    /// Everything that is wrong, at once, each with file, line and fix.
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

    /// The bus's own queue, if it was said.
    #[must_use]
    pub fn own_queue(&self) -> Option<&str> {
        self.queue.as_deref()
    }

    /// What is put before the names of topics and queues.
    #[must_use]
    pub fn name_prefix(&self) -> &str {
        &self.prefix
    }

    /// The queues and topics that there would be. The bus's own queue has an empty name if none was said.
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
