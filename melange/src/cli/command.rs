//! The commands that go with any transport.

use super::check::Check;
use super::completions::Completions;
use super::consume::Consume;
use super::describe::{Asyncapi, Catalogue, Diagram, Schema};
use super::dlq::Dlq;
use super::events::Events;
use super::publish::Publish;
use super::subscribers::Subscribers;
use super::{Commands, Exit, Failure, Screen};
use crate::EventBus;

/// The commands that go with any transport.
#[derive(Debug, clap::Subcommand)]
#[non_exhaustive]
pub enum Command {
    /// Lists the events of this program
    Events(Events),
    /// Lists the subscribers of this program, with the queues they consume from
    Subscribers(Subscribers),
    /// Checks the events and subscribers of this program
    Check(Check),
    /// Writes the JSON Schema of each event, as it is on the wire
    Schema(Schema),
    /// Writes an AsyncAPI 3.0 document
    Asyncapi(Asyncapi),
    /// Writes a catalogue of all events, topics, queues and subscribers: one HTML page
    Catalogue(Catalogue),
    /// Draws the topology
    Diagram(Diagram),
    /// Publishes an event: its key, deduplication id and attributes are taken from its fields, as ever
    Publish(Publish),
    /// Consumes messages: runs the subscribers of this program on each, and settles it
    Consume(Consume),
    /// Dead letters: what subscribers gave up
    #[command(subcommand)]
    Dlq(Dlq),
    /// Writes a script that has a shell complete these commands
    #[command(display_order = 999)]
    Completions(Completions),
}

impl Commands for Command {
    async fn perform(self, bus: &EventBus, screen: &mut Screen) -> Result<Exit, Failure> {
        match self {
            Self::Events(command) => command.perform(bus, screen),
            Self::Subscribers(command) => command.perform(bus, screen),
            Self::Check(command) => command.perform(bus, screen, |checks| checks),
            Self::Schema(command) => command.perform(bus, screen),
            Self::Asyncapi(command) => command.perform(bus, screen),
            Self::Catalogue(command) => command.perform(bus, screen),
            Self::Diagram(command) => command.perform(bus, screen),
            Self::Publish(command) => command.perform(bus, screen).await,
            Self::Consume(command) => command.perform(bus, screen).await,
            Self::Dlq(command) => command.perform(bus, screen).await,
            Self::Completions(command) => command.perform(screen),
        }
    }
}
