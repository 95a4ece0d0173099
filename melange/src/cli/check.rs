//! `check`: what is wrong with what was linked, and with what the bus is made of.

use serde::Serialize;

use super::{Exit, Failure, Screen, event_named};
use crate::{Checks, EventBus, Problem};

/// What `check` is told: the options of [`assert_topology!`](crate::assert_topology).
///
/// A crate that brings a transport gives it the limits of its broker:
///
/// ```
/// use melange::cli::{Command, Commands as _, Exit, Failure, Screen};
/// use melange::{Checks, EventBus, Problem};
///
/// fn limits(_checks: &Checks) -> Vec<Problem> {
///     Vec::new() // .. what the broker would refuse
/// }
///
/// async fn perform(command: Command, bus: &EventBus, screen: &mut Screen) -> Result<Exit, Failure> {
///     match command {
///         Command::Check(check) => check.perform(bus, screen, |checks| checks.prefix("staging-").rule(limits)),
///         other => other.perform(bus, screen).await,
///     }
/// }
/// ```
#[derive(Debug, clap::Args)]
pub struct Check {
    /// What goes before the names of topics and queues, in the longest of your environments; that of the bus unless said otherwise
    #[arg(long)]
    prefix: Option<String>,

    /// Every event must have a subscriber here
    #[arg(long)]
    handled: bool,

    /// Every event must have a subscriber here, but for these, which others listen to
    #[arg(long, value_name = "EVENT", value_delimiter = ',')]
    handled_elsewhere: Vec<String>,

    /// Every event that is listened to must be published: these are, by this program
    #[arg(long, value_name = "EVENT", value_delimiter = ',')]
    publishes: Vec<String>,

    /// Every event that is listened to must be published: these are, by others
    #[arg(long, value_name = "EVENT", value_delimiter = ',')]
    published_elsewhere: Vec<String>,

    /// Events of FIFO topics must be consumed from FIFO queues
    #[arg(long)]
    ordered: bool,

    /// No event may be consumed from more than one queue
    #[arg(long)]
    one_queue_per_event: bool,
}

#[derive(Serialize)]
struct Found {
    kind: String,
    what: String,
    fix: String,
    file: Option<&'static str>,
    line: Option<u32>,
}

#[derive(Serialize)]
struct Report {
    problems: Vec<Found>,
    events: usize,
    subscribers: usize,
    queues: usize,
}

impl Found {
    fn of(problem: &Problem) -> Self {
        let at = problem.location();
        Self {
            kind: format!("{:?}", problem.kind()),
            what: problem.what().to_owned(),
            fix: problem.fix().to_owned(),
            file: at.map(|at| at.file()),
            line: at.map(|at| at.line()),
        }
    }
}

impl Check {
    /// Checks `bus`, with what `with` adds: the prefix and the limits of its broker, for a transport that has commands of its
    /// own. What the command was told comes after that.
    ///
    /// # Errors
    /// If it was told of events that are not there, or the output cannot be written. What is wrong with the bus is no error: it
    /// is shown, and ends with [`Exit::Different`].
    pub fn perform(
        self,
        bus: &EventBus,
        screen: &mut Screen,
        with: impl FnOnce(Checks) -> Checks,
    ) -> Result<Exit, Failure> {
        let found = self.asked_for(with(Checks::of_bus(bus)), bus)?.run();
        let exit = if found.is_ok() { Exit::Done } else { Exit::Different };
        let (events, subscribers) = (bus.events().count(), bus.subscribers().count());
        let queues = bus.topology().queues.len();
        if screen.is_json() {
            let problems =
                found.as_ref().err().map(|errors| errors.iter().map(Found::of).collect()).unwrap_or_default();
            screen.json(&Report { problems, events, subscribers, queues })?;
        } else if let Err(errors) = &found {
            screen.line(format_args!("the topology has {errors}"))?;
        } else {
            let over = bus.capabilities().name;
            screen.line(format_args!(
                "no problems: {events} events, {subscribers} subscribers, {queues} queues over {over}"
            ))?;
        }
        Ok(exit)
    }

    fn asked_for(&self, mut checks: Checks, bus: &EventBus) -> Result<Checks, Failure> {
        if let Some(prefix) = &self.prefix {
            checks = checks.prefix(prefix);
        }
        if self.handled {
            checks = checks.handled();
        }
        for name in &self.handled_elsewhere {
            checks = checks.handled_elsewhere_of(event_named(bus, name)?);
        }
        for name in self.publishes.iter().chain(&self.published_elsewhere) {
            checks = checks.publishes_of(event_named(bus, name)?);
        }
        if self.ordered {
            checks = checks.ordered();
        }
        if self.one_queue_per_event {
            checks = checks.one_queue_per_event();
        }
        Ok(checks)
    }
}
