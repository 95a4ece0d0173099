//! The tool that a program brings along, with all commands: those of [`melange::cli`], and those that go with AWS.
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
//! `orders-service melange --help` lists the commands; `cargo melange --help` runs it for a package of a workspace. Which
//! commands call AWS, what they may do there, and what they show is in the guide below.
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

/// Does what the process's arguments say, if the first of them is `melange`, and gives what `main` is to return; `None`
/// without that word: the program is to go on as the service.
///
/// What a command could not do has been printed then, and is in the exit code. `T` is what `main` returns: see
/// [`FromExit`].
///
/// # Errors
/// If the output could not be written, as on a full disk.
pub async fn run<T: FromExit>(bus: &EventBus) -> Result<Option<T>, Failure> {
    melange::cli::run_commands::<Command, T>(bus).await
}

/// All of a program that is the tool and nothing else: its arguments are the commands, without the word `melange` before
/// them, which may stand there all the same: with it, [`Aws::from_env`](crate::Aws::from_env) knows a command that makes no
/// call, and asks nobody for a region.
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
