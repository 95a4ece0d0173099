//! The tool that a program brings along: what is in it, and what lies in its queues.
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
//! `orders-service melange events` then lists its events. Without the word `melange` as its first argument the program goes
//! on as the service, whatever arguments of its own it has. A program that is the tool and nothing else calls [`main`].
//!
//! The commands here go with any transport; those that list, check and describe ask no broker, and need no credentials.
//! `melange_aws::cli` has all of these, and those that go with AWS. A transport of your own adds its commands by
//! [`Commands`] and [`run_commands`].
//!
//! `--output json` is there for programs. Exit codes are those of [`Exit`]. Colours are left out where the output is no
//! terminal, and where `NO_COLOR` is set; a reader that goes away, as `head` does, is no error.

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

/// A set of commands, by clap's `Subcommand`: for a crate that brings a transport, and has commands of its own beside
/// [`Command`]. Those it puts in by `#[command(flatten)]`.
pub trait Commands: clap::Subcommand + Send {
    /// Does what the command says.
    ///
    /// # Errors
    /// Why it could not: that is printed, and is what the exit code says.
    fn perform(self, bus: &EventBus, screen: &mut Screen) -> impl Future<Output = Result<Exit, Failure>> + Send;
}

/// Does what the process's arguments say, if the first of them is `melange`, and gives what `main` is to return; `None`
/// without that word: the program is to go on as the service.
///
/// What a command could not do has been printed then, and is in the exit code. `T` is what `main` returns: see
/// [`FromExit`].
///
/// # Errors
/// If the output could not be written, as on a full disk.
pub async fn run<T: FromExit>(bus: &EventBus) -> Result<Option<T>, Failure> {
    run_commands::<Command, T>(bus).await
}

/// As [`run`], with commands of your own.
///
/// # Errors
/// As [`run`].
pub async fn run_commands<C: Commands, T: FromExit>(bus: &EventBus) -> Result<Option<T>, Failure> {
    match Given::after_the_word(std::env::args_os()) {
        Some(given) => arguments::perform::<C>(given, bus).await.map(T::from_exit).map(Some),
        None => Ok(None),
    }
}

/// Whether the process's arguments are for the tool, and can be made no sense of or ask for help: for a transport that is
/// made before its bus, and need not ask anybody for anything then.
#[doc(hidden)]
#[must_use]
pub fn needs_no_bus<C: Commands>() -> bool {
    arguments::is_senseless::<C>()
}

/// All of a program that is the tool and nothing else: its arguments are the commands, without the word `melange` before
/// them, which may stand there all the same.
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

/// As [`main`], with commands of your own.
pub async fn main_commands<C: Commands>(bus: &EventBus) -> ExitCode {
    let exit = arguments::perform::<C>(Given::everything(std::env::args_os()), bus).await;
    exit.unwrap_or_else(|failure| failure.report()).into()
}
