//! The command-line tool built into a program: it shows what is in the program, and what is in its queues.
//!
//! One line in `main`, once the bus is built and before it is started:
//!
//! ```rust,standalone_crate
//! # #[derive(serde::Serialize, serde::Deserialize, melange::Event)]
//! # #[event(topic = "orders")]
//! # struct OrderPlaced { total_cents: u64 }
//! # #[melange::subscriber(listens_to = OrderPlaced)]
//! # async fn receipt(_: &OrderPlaced) {}
//! # #[tokio::main(flavor = "current_thread")]
//! async fn main() -> Result<std::process::ExitCode, Box<dyn std::error::Error>> {
//!     let bus = melange::EventBus::builder().linked().build()?;
//!     if let Some(done) = melange::cli::run(&bus).await? { return done }
//!     // .. the service: bus.run(..)
//! #   Ok(std::process::ExitCode::SUCCESS)
//! }
//! ```
//!
//! `orders-service melange events` then lists its events. Without the word `melange` as its first argument the program
//! goes on as the service, whatever arguments of its own it has. A program that is the tool and nothing else calls
//! [`main`].
//!
//! The commands here work with any transport; those that list, check and describe call no broker, and need no
//! credentials. `melange_aws::cli` has all of these, and those for AWS. A transport of your own adds its commands with
//! [`Commands`] and [`run_commands`].
//!
//! `--output json` is for programs. Exit codes are those of [`Exit`]. There are no colours if the output is not a
//! terminal, or if `NO_COLOR` is set; a reader that closes the pipe, as `head` does, is not an error.

mod age;
mod arguments;
mod ask;
mod check;
mod command;
mod completions;
mod compose;
mod consume;
mod describe;
mod dlq;
mod document;
mod events;
mod exit;
mod failure;
mod glance;
mod named;
mod progress;
mod publish;
mod screen;
mod subscribers;
mod text;

use std::future::Future;
use std::process::ExitCode;

pub use crate::near::near;
pub use crate::signals::Signals;
pub use age::age;
pub use check::Check;
pub use command::Command;
pub use document::Destination;
pub use exit::{Exit, FromExit};
pub use failure::Failure;
pub use glance::Glance;
pub use named::event_named;
pub use progress::Progress;
pub use screen::{Format, Row, Screen};
pub use text::printable;

use crate::EventBus;
use arguments::Given;

/// A set of commands, a `Subcommand` of clap: for a crate with a transport, which adds its own commands to [`Command`],
/// included with `#[command(flatten)]`.
pub trait Commands: clap::Subcommand + Send {
    /// Runs the command.
    ///
    /// # Errors
    /// If it fails: the error is printed, and determines the exit code.
    fn perform(self, bus: &EventBus, screen: &mut Screen) -> impl Future<Output = Result<Exit, Failure>> + Send;
}

/// Runs the command in the process's arguments, if the first of them is `melange`, and returns what `main` should
/// return; `None` without that word: the program should go on as the service.
///
/// A command that failed has printed why, and the exit code tells. `T` is what `main` returns: see [`FromExit`].
///
/// # Errors
/// If the output could not be written, as on a full disk.
pub async fn run<T: FromExit>(bus: &EventBus) -> Result<Option<T>, Failure> {
    run_commands::<Command, T>(bus).await
}

/// Like [`run`], with commands of your own.
///
/// # Errors
/// As [`run`].
pub async fn run_commands<C: Commands, T: FromExit>(bus: &EventBus) -> Result<Option<T>, Failure> {
    match Given::after_the_word(std::env::args_os()) {
        Some(given) => arguments::perform::<C>(given, bus).await.map(T::from_exit).map(Some),
        None => Ok(None),
    }
}

/// Whether the process's arguments are for the tool, and are invalid or ask for help: for a transport that is created
/// before its bus, and need not make any calls then.
#[doc(hidden)]
#[must_use]
pub fn needs_no_bus<C: Commands>() -> bool {
    arguments::is_senseless::<C>()
}

/// The `main` of a program that is only the tool: its arguments are the commands, with or without the word `melange`
/// before them.
///
/// ```no_run
/// # async fn built() -> Result<melange::EventBus, Box<dyn std::error::Error>> { todo!() }
/// # #[tokio::main(flavor = "current_thread")]
/// async fn main() -> Result<std::process::ExitCode, Box<dyn std::error::Error>> {
///     let bus = built().await?;
///     Ok(melange::cli::main(&bus).await)
/// }
/// ```
pub async fn main(bus: &EventBus) -> ExitCode {
    main_commands::<Command>(bus).await
}

/// Like [`main`], with commands of your own.
pub async fn main_commands<C: Commands>(bus: &EventBus) -> ExitCode {
    let exit = arguments::perform::<C>(Given::everything(std::env::args_os()), bus).await;
    exit.unwrap_or_else(|failure| failure.report()).into()
}
