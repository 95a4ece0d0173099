//! The command-line tool built into a program, with all commands: those of [`melange::cli`], and those for AWS.
//!
//! One line in `main`, once the bus is built and before it is started:
//!
//! ```no_run
//! # #[derive(serde::Serialize, serde::Deserialize, melange::Event)]
//! # #[event(topic = "orders")]
//! # struct OrderPlaced { total_cents: u64 }
//! # #[melange::subscriber(listens_to = OrderPlaced)]
//! # async fn receipt(_: &OrderPlaced) {}
//! use std::{error::Error, process::ExitCode, time::Duration};
//!
//! use melange::EventBus;
//! use melange_aws::Aws;
//!
//! #[tokio::main]
//! async fn main() -> Result<ExitCode, Box<dyn Error>> {
//!     let aws = Aws::from_env().await;
//!     let bus = EventBus::builder().linked().transport(aws.queue("billing")).build()?;
//!     if let Some(done) = melange_aws::cli::run(&bus).await? { return done }
//!
//!     bus.start().await?; // the service
//! #   Ok(ExitCode::SUCCESS)
//! }
//! ```
//!
//! `orders-service melange --help` lists the commands; `cargo melange --help` runs it for a package of a workspace. The
//! guide below says which commands call AWS, which permissions they need, and what they show.
#![doc = ""]
#![doc = include_str!("../../docs/tool.md")]

mod account;
mod check;
mod code;
mod command;
mod offline;
mod plan;
mod tail;

use std::process::ExitCode;

use melange::EventBus;
use melange::cli::{Failure, FromExit};

pub use command::Command;
pub(crate) use offline::without_calls;

/// Runs the command in the process's arguments, if the first of them is `melange`, and returns what `main` should
/// return; `None` without that word: the program should go on as the service.
///
/// A command that failed has printed why, and the exit code tells. `T` is what `main` returns: see [`FromExit`].
///
/// # Errors
/// If the output could not be written, as on a full disk.
pub async fn run<T: FromExit>(bus: &EventBus) -> Result<Option<T>, Failure> {
    melange::cli::run_commands::<Command, T>(bus).await
}

/// The `main` of a program that is only the tool: its arguments are the commands, with or without the word `melange`
/// before them. With it, [`Aws::from_env`](crate::Aws::from_env) recognises a command that makes no calls, and does not
/// look for a region.
///
/// ```no_run
/// use std::{error::Error, process::ExitCode};
///
/// use melange::EventBus;
/// use melange_aws::Aws;
///
/// #[tokio::main]
/// async fn main() -> Result<ExitCode, Box<dyn Error>> {
///     let aws = Aws::from_env().await;
///     let bus = EventBus::builder().linked().transport(aws.queue("billing")).build()?;
///     Ok(melange_aws::cli::main(&bus).await)
/// }
/// ```
pub async fn main(bus: &EventBus) -> ExitCode {
    melange::cli::main_commands::<Command>(bus).await
}
