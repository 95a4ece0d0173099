//! Where the workspace is, and how to run cargo and other programs in it.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::problem::{Problem, Result};

/// The folder that holds the workspace's `Cargo.toml`.
pub(crate) fn root() -> PathBuf {
    // `cargo run` says it at run time, which stays right when the clone is moved with its target folder.
    let xtask = env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let xtask = Path::new(&xtask);
    xtask.parent().unwrap_or(xtask).to_path_buf()
}

/// A cargo command in the workspace, by the same cargo that runs this task.
pub(crate) fn cargo<I>(args: I) -> Command
where
    I: IntoIterator,
    I::Item: AsRef<OsStr>,
{
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(args).current_dir(root()).stdin(Stdio::null());
    // `cargo run` describes xtask to us in these; a nested cargo and the tests must not see them.
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    command
}

/// Runs a command to its end with its output shown as it comes; says whether it succeeded.
pub(crate) fn succeeds(command: &mut Command) -> Result<bool> {
    match command.status() {
        Ok(status) => Ok(status.success()),
        Err(error) => Err(cannot_run(command, &error)),
    }
}

/// The problem of a program that could not even be started.
pub(crate) fn cannot_run(command: &Command, error: &std::io::Error) -> Problem {
    let program = command.get_program().display();
    Problem::new(format!("cannot run {program}: {error}"), "install it or put its folder on PATH")
}
