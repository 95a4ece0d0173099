//! `plan` and `apply`: the account against what the program needs.

use melange::EventBus;
use melange::cli::{Exit, Failure, Screen};

use crate::topology;

/// What `plan` is told.
#[derive(Debug, clap::Args)]
pub struct Plan {
    /// With the commands of the AWS CLI that do the same
    #[arg(long)]
    commands: bool,
}

impl Plan {
    pub(super) async fn perform(self, bus: &EventBus, screen: &mut Screen) -> Result<Exit, Failure> {
        let plan = topology::of(bus)?.plan().await?;
        show(&plan, self.commands, screen)?;
        Ok(if plan.has_drift() { Exit::Different } else { Exit::Done })
    }
}

/// What `apply` is told.
#[derive(Debug, clap::Args)]
pub struct Apply {
    /// Only shows what would be done, as `plan` does
    #[arg(long)]
    dry_run: bool,
}

impl Apply {
    pub(super) async fn perform(self, bus: &EventBus, screen: &mut Screen) -> Result<Exit, Failure> {
        if self.dry_run {
            return Plan { commands: false }.perform(bus, screen).await;
        }
        let topology = topology::of(bus)?;
        // It looks, makes and looks again, which takes its time.
        let progress = screen.progress("applying", None);
        let done = topology.apply().await;
        progress.end(done.as_ref().map_or(0, |done| done.len() as u64));
        let done = done?;
        show(&done, false, screen)?;
        if !screen.is_json() && !done.is_empty() {
            screen.note("that has been done");
        }
        Ok(Exit::Done)
    }
}

fn show(plan: &crate::Plan, commands: bool, screen: &mut Screen) -> Result<(), Failure> {
    if screen.is_json() {
        return screen.json(plan);
    }
    screen.diff(&if commands { format!("{plan:#}") } else { plan.to_string() })
}
