//! All commands.

use melange::EventBus;
use melange::cli::{Commands, Exit, Failure, Screen};

use super::tail::Tail;

/// All commands.
#[derive(Debug, clap::Subcommand)]
#[non_exhaustive]
pub enum Command {
    #[command(flatten)]
    #[doc(hidden)]
    Any(melange::cli::Command),
    /// Shows an event's messages as they come, until Ctrl-C: through a queue of its own, which is removed in the end
    Tail(Tail),
}

impl Commands for Command {
    async fn perform(self, bus: &EventBus, screen: &mut Screen) -> Result<Exit, Failure> {
        match self {
            Self::Any(command) => command.perform(bus, screen).await,
            Self::Tail(command) => command.perform(bus, screen).await,
        }
    }
}
