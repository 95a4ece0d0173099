//! What is wrong before the first event: all of it at once.

use std::fmt;

use crate::Location;

/// Everything that is wrong with how a bus is set up, each problem with its location and fix.
#[derive(Clone, PartialEq, Eq)]
pub struct BuildErrors(Vec<Problem>);

impl BuildErrors {
    /// `Ok` when there are no problems; otherwise all of them, in the order of their places.
    pub(crate) fn check(mut problems: Vec<Problem>) -> Result<(), Self> {
        if problems.is_empty() {
            return Ok(());
        }
        problems.sort_by(|a, b| (a.at, a.kind, &a.what).cmp(&(b.at, b.kind, &b.what)));
        problems.dedup();
        Err(Self(problems))
    }

    /// Each problem.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.0.iter()
    }

    /// Whether there is a problem of this kind.
    #[must_use]
    pub fn has(&self, kind: ProblemKind) -> bool {
        self.0.iter().any(|problem| problem.kind == kind)
    }
}

impl fmt::Display for BuildErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [one] => write!(f, "1 problem: {one}"),
            many => {
                write!(f, "{} problems:", many.len())?;
                many.iter().enumerate().try_for_each(|(i, problem)| write!(f, "\n  {}. {problem}", i + 1))
            }
        }
    }
}

impl fmt::Debug for BuildErrors {
    /// As `Display`: this is what a `main` that returns the error prints.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for BuildErrors {}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    kind: ProblemKind,
    what: String,
    fix: String,
    at: Option<Location>,
}

impl Problem {
    /// A problem, in one sentence, and how to fix it: for [rules](crate::Checks::rule) of your own.
    #[must_use]
    pub fn new(kind: ProblemKind, what: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { kind, what: what.into(), fix: fix.into(), at: None }
    }

    /// Sets the location.
    #[must_use]
    pub fn at(mut self, location: Location) -> Self {
        self.at = Some(location);
        self
    }

    /// What kind of problem it is.
    #[must_use]
    pub fn kind(&self) -> ProblemKind {
        self.kind
    }

    /// What is wrong, in one sentence.
    #[must_use]
    pub fn what(&self) -> &str {
        &self.what
    }

    /// Where it is, if it has one location.
    #[must_use]
    pub fn location(&self) -> Option<Location> {
        self.at
    }

    /// How to fix it.
    #[must_use]
    pub fn fix(&self) -> &str {
        &self.fix
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(at) = self.at {
            write!(f, "{at}: ")?;
        }
        write!(f, "{}\n     fix: {}", self.what, self.fix)
    }
}

/// The kind of a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ProblemKind {
    /// Two events have the same name and version.
    DuplicateEvent,
    /// An alias is also another event's name or alias.
    AliasCollision,
    /// A chain of versions has a gap, runs backwards, or joins events with other names.
    UpcastGap,
    /// A subscriber listens to an event that is not registered.
    UnknownEvent,
    /// A subscriber takes a `State<T>` that was not given.
    MissingState,
    /// The same state, or a subscriber value of the same type, was given twice.
    GivenTwice,
    /// An impl under `#[subscriber]` is linked, but no value was given to run it on.
    MissingInstance,
    /// A subscriber's argument can never be provided.
    ImpossibleArgument,
    /// A local event would have to leave the process.
    LocalOnWire,
    /// A FIFO topic whose event has no key.
    FifoWithoutKey,
    /// More attributes than brokers allow.
    TooManyAttributes,
    /// A name the broker would refuse.
    IllegalName,
    /// A timeout longer than a message can be kept in flight.
    TimeoutTooLong,
    /// An option that is meaningless, or that the broker refuses: no workers, no capacity, no attempts, a transport
    /// that only publishes.
    IllegalOption,
    /// A crate was named, but registered neither events nor subscribers.
    SilentCrate,
    /// A synchronous bus cannot run async subscribers.
    AsyncSubscriber,
    /// There is no tokio runtime.
    NoRuntime,
    /// A FIFO queue would be subscribed to a topic that keeps no order.
    FifoMismatch,
    /// Opt-in check: ordered events go to a queue that does not keep order.
    OrderLost,
    /// Opt-in check: nobody listens to an event.
    Unhandled,
    /// Opt-in check: nobody publishes an event that is listened to.
    Unpublished,
    /// Opt-in check: an event is consumed from several queues.
    SeveralQueues,
    /// More event names than a filter policy can hold.
    TooManyNames,
    /// A policy that the broker would refuse.
    IllegalPolicy,
    /// Retries that exceed what the broker allows, or how long it keeps a message.
    RetryTooLong,
    /// One queue has two purposes.
    QueueConflict,
    /// A custom rule: see [`Checks::rule`](crate::Checks::rule).
    Custom,
}
