//! `check`: what is wrong with what was linked.

use serde::Serialize;

use super::{Exit, Failure, Screen};
use crate::{BuildErrors, EventBus, Problem, Registry};

/// What `check` is told.
#[derive(Debug, clap::Args)]
pub struct Check {}

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
    pub(super) fn perform(self, bus: &EventBus, screen: &mut Screen) -> Result<Exit, Failure> {
        let Self {} = self;
        let found = found();
        let exit = if found.is_ok() { Exit::Done } else { Exit::Different };
        let (events, subscribers) = (bus.events().count(), bus.subscribers().count());
        let queues = bus.topology().queues.len();
        if screen.is_json() {
            let problems =
                found.as_ref().err().map(|errors| errors.iter().map(Found::of).collect()).unwrap_or_default();
            screen.json(&Report { problems, events, subscribers, queues })?;
        } else if let Err(errors) = &found {
            screen.line(errors)?;
        } else {
            let over = bus.capabilities().name;
            screen.line(format_args!(
                "no problems: {events} events, {subscribers} subscribers, {queues} queues over {over}"
            ))?;
        }
        Ok(exit)
    }
}

/// What the bus is made of was found right when it was built; what it left out may not be.
fn found() -> Result<(), BuildErrors> {
    Registry::everything_linked().check()
}
