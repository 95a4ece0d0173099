//! The tool, run as a program: what it says, how it ends, and what scripts get of it. Over queues in memory.

mod check;
mod consume;
mod dlq;
mod documents;
mod ends;
mod lists;
mod publish;
mod wrong;

use std::process::Command;

use melange_tests::ran::Ran;

/// `cli_memory melange ARGS`.
fn tool(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cli_memory"));
    command.arg("melange").args(arguments).env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
    command
}

fn ran(arguments: &[&str]) -> Ran {
    Ran::of(&mut tool(arguments))
}

/// The same, with an environment variable.
fn ran_with(variable: (&str, &str), arguments: &[&str]) -> Ran {
    Ran::of(tool(arguments).env(variable.0, variable.1))
}
