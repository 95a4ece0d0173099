//! `dlq`: what subscribers gave up.

mod choice;
mod drop;
mod ls;
mod redrive;
mod show;

use drop::Drop;
use ls::Ls;
use redrive::Redrive;
use show::Show;

use super::{Exit, Failure, Screen, near};
use crate::EventBus;

/// Dead letters: what subscribers gave up
#[derive(Debug, clap::Subcommand)]
#[non_exhaustive]
pub enum Dlq {
    /// Lists dead letters, without what they say
    Ls(Ls),
    /// Shows dead letters, with what they say
    Show(Show),
    /// Puts dead letters back into their queue, each for the subscriber that gave it up
    Redrive(Redrive),
    /// Deletes dead letters, for ever
    Drop(Drop),
}

impl Dlq {
    pub(super) async fn perform(self, bus: &EventBus, screen: &mut Screen) -> Result<Exit, Failure> {
        match self {
            Self::Ls(command) => command.perform(bus, screen).await,
            Self::Show(command) => command.perform(bus, screen).await,
            Self::Redrive(command) => command.perform(bus, screen).await,
            Self::Drop(command) => command.perform(bus, screen).await,
        }
    }
}

/// The queues whose dead letters are meant: the one that was named, or all of this program.
fn queues(bus: &EventBus, named: Option<&str>, screen: &Screen) -> Result<Vec<String>, Failure> {
    let own: Vec<String> = bus.topology().queues.iter().map(|queue| queue.name.clone()).collect();
    match named {
        Some(queue) if own.iter().any(|known| known == queue) => Ok(vec![queue.to_owned()]),
        Some(queue) => {
            // Its subscribers may be gone, and its dead letters not.
            let near = near(queue, own.iter().map(String::as_str)).map(|near| format!("; {near}")).unwrap_or_default();
            screen.note(format_args!("note: no subscriber of this program consumes from the queue {queue:?}{near}"));
            Ok(vec![queue.to_owned()])
        }
        None if own.is_empty() => Err(Failure::usage("this program has no subscribers, and so no queues")
            .help("`--queue NAME` says which queue's dead letters are meant")),
        None => Ok(own),
    }
}

/// The queue that was named, or the only one of this program.
fn queue(bus: &EventBus, named: Option<&str>, screen: &Screen) -> Result<String, Failure> {
    let mut queues = queues(bus, named, screen)?;
    match (queues.pop(), queues.is_empty()) {
        (Some(one), true) => Ok(one),
        (last, _) => {
            queues.extend(last);
            Err(Failure::usage("this program consumes from several queues")
                .help(format!("`--queue NAME` says which one is meant: {}", queues.join(", "))))
        }
    }
}
