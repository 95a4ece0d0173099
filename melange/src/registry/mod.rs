//! What a binary knows about itself before the first message: its events and its subscribers.

mod check;
mod fingerprint;
#[cfg(not(target_family = "wasm"))]
pub(crate) mod linked;
mod named;
mod order;
mod table;
pub(crate) mod versions;

use std::collections::BTreeSet;

use crate::Checks;
use crate::error::build::{BuildErrors, Problem};
use crate::event::{Event, EventDescriptor};
use crate::subscriber::SubscriberDescriptor;

pub use fingerprint::Fingerprint;
pub use named::{Crates, Functions};
pub(crate) use versions::{Readers, Reading};

/// The events and subscribers of a binary, sorted: by name and version, and by crate, module, line.
///
/// ```rust,standalone_crate
/// use melange::Registry;
///
/// let registry = Registry::linked()?;
/// registry.check()?;
/// println!("{registry}");                  // a table, the same on every run: keep it as a snapshot test
/// # Ok::<(), melange::BuildErrors>(())
/// ```
///
/// The linker silently drops a crate that is in `Cargo.toml` but named nowhere in the source, with all its subscribers.
/// Name it: `use orders as _;`, or [`melange::crates![orders]`](crate::crates).
#[derive(Debug, Clone, Default)]
pub struct Registry {
    events: Vec<&'static EventDescriptor>,
    subscribers: Vec<&'static SubscriberDescriptor>,
    crates: Vec<Crates>,
}

impl Registry {
    /// Everything that is linked into this binary. Not available on wasm, whose linker drops registrations: use
    /// [`Registry::of`] there.
    ///
    /// # Errors
    /// If two events have the same name and version, so that a message of that name would be ambiguous.
    #[cfg(not(target_family = "wasm"))]
    pub fn linked() -> Result<Self, BuildErrors> {
        let registry = Self::everything_linked();
        BuildErrors::check(check::duplicates(&registry.events))?;
        Ok(registry)
    }

    /// The same, whatever is wrong with it.
    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn everything_linked() -> Self {
        let mut registry = Self::default();
        for entry in linked::entries() {
            match entry {
                linked::Entry::Event(event) => registry.events.push(event),
                linked::Entry::Subscribers(subscribers) => registry.subscribers.extend(*subscribers),
            }
        }
        registry.sort();
        registry
    }

    /// These functions and the events they listen to, without the linker's help: `Registry::of(subscribers![f, g])`.
    #[must_use]
    pub fn of(functions: Functions) -> Self {
        let subscribers: Vec<_> = functions.iter().collect();
        let mut registry = Self { events: Vec::new(), subscribers, crates: Vec::new() };
        registry.events.extend(registry.subscribers.iter().map(|subscriber| subscriber.event()));
        registry.sort();
        registry
    }

    /// Adds `E`: for tests, and, where the linker cannot be relied on, for events that no subscriber here listens to.
    ///
    /// ```
    /// # #[derive(serde::Serialize, serde::Deserialize, melange::Event)]
    /// # #[event(topic = "orders")]
    /// # struct OrderPlaced { order_id: String }
    /// let registry = melange::Registry::default().with::<OrderPlaced>();
    /// assert_eq!(registry.events().count(), 1);
    /// ```
    #[must_use]
    pub fn with<E: Event>(mut self) -> Self {
        self.events.push(E::DESCRIPTOR);
        self.sort();
        self
    }

    /// Also checks that each of these crates registered something: `.crates(melange::crates![orders])`.
    #[must_use]
    pub fn crates(mut self, crates: Crates) -> Self {
        self.crates.push(crates);
        self
    }

    /// The events, by name and version.
    pub fn events(&self) -> impl Iterator<Item = &'static EventDescriptor> {
        self.events.iter().copied()
    }

    /// The subscribers, by crate, module and line; one entry for each event they listen to.
    pub fn subscribers(&self) -> impl Iterator<Item = &'static SubscriberDescriptor> {
        self.subscribers.iter().copied()
    }

    /// Tells this registry apart from others: see [`Fingerprint`].
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.events, self.subscribers.iter().copied())
    }

    /// Checks these events and subscribers, as far as that is possible without a bus: for a test. For more checks there
    /// are [`Checks`] and [`assert_topology!`](crate::assert_topology).
    ///
    /// # Errors
    /// All problems at once, each with file, line and fix.
    pub fn check(&self) -> Result<(), BuildErrors> {
        Checks::of(self.clone()).run()
    }

    /// What is wrong whatever else is asked for, and whatever queue is the bus's own.
    pub(crate) fn problems(&self) -> Vec<Problem> {
        let mut problems = check::events(&self.events);
        problems.extend(check::unregistered(&self.events, &self.subscribers));
        problems.extend(check::subscribers(self.subscribers.iter().copied(), |_, _| Vec::new()));
        problems.extend(check::fifo(self.subscribers(), None));
        problems.extend(self.silent_crates());
        problems
    }

    pub(crate) fn silent_crates(&self) -> Vec<Problem> {
        let named: Vec<_> = self.crates.iter().flat_map(|crates| crates.iter()).collect();
        if named.is_empty() {
            return Vec::new();
        }
        let events = self.events.iter().map(|event| event.location());
        let subscribers = self.subscribers.iter().map(|subscriber| subscriber.location());
        let brought: BTreeSet<&str> = events.chain(subscribers).map(|location| location.crate_name()).collect();
        check::silent(&named, |name| brought.contains(name))
    }

    pub(crate) fn named_crates(self) -> Vec<Crates> {
        self.crates
    }

    fn sort(&mut self) {
        order::sort_events(&mut self.events);
        order::sort_subscribers(&mut self.subscribers);
    }
}

pub(crate) use check::{events as check_events, fifo as check_fifo, subscribers as check_subscribers};
pub(crate) use order::sort_events;
