//! All commands.

use melange::EventBus;
use melange::cli::{Commands, Exit, Failure, Screen};

use super::check;
use super::code::{Cloudformation, Iam, Terraform};
use super::plan::{Apply, Plan};
use super::tail::Tail;

/// All commands.
#[derive(Debug, clap::Subcommand)]
#[non_exhaustive]
pub enum Command {
    #[command(flatten)]
    #[doc(hidden)]
    Any(melange::cli::Command),
    /// Writes topics, queues, policies and subscriptions in Terraform's language
    Terraform(Terraform),
    /// Writes topics, queues, policies and subscriptions as a CloudFormation template
    Cloudformation(Cloudformation),
    /// Writes the IAM policies of publishers, consumers, verifiers, provisioners and redrive operators
    Iam(Iam),
    /// Shows what differs between the account and what this program needs; exits with 2 if something does
    Plan(Plan),
    /// Makes what is missing in the account, and mends what has drifted
    Apply(Apply),
    /// Shows an event's messages as they come, until Ctrl-C: through a queue of its own, which is removed in the end
    Tail(Tail),
}

impl Commands for Command {
    async fn perform(self, bus: &EventBus, screen: &mut Screen) -> Result<Exit, Failure> {
        match self {
            Self::Any(melange::cli::Command::Check(command)) => check::perform(command, bus, screen),
            Self::Any(command) => command.perform(bus, screen).await,
            Self::Terraform(command) => command.perform(bus, screen),
            Self::Cloudformation(command) => command.perform(bus, screen),
            Self::Iam(command) => command.perform(bus, screen),
            Self::Plan(command) => command.perform(bus, screen).await,
            Self::Apply(command) => command.perform(bus, screen).await,
            Self::Tail(command) => command.perform(bus, screen).await,
        }
    }
}
