//! `cargo xtask test`: all tests, against a server of their own, with a summary at the end.

use std::env;
use std::io::{self, IsTerminal, Read, Write};
use std::process::Command;

use crate::node::Tools;
use crate::problem::{Problem, Result};
use crate::server::Server;
use crate::summary::Summary;
use crate::{environment, node, plan, workspace};

/// Runs everything; says whether all of it passed. The summary's last line is the last of the output.
pub(crate) fn run(passed_on: &[&str]) -> Result<bool> {
    let mut server = Server::start()?;
    eprintln!("local AWS server at {}", server.endpoint());

    let mut summary = Summary::default();
    let (tools, not_run) = document_tools();
    let skipped: Vec<&str> = not_run.iter().map(|(tests, _)| *tests).collect();
    for args in plan::commands(passed_on, &skipped) {
        println!("\n== cargo {}", args.join(" "));
        let mut command = workspace::cargo(&args);
        environment::lead_to(&server.endpoint(), &mut command);
        if let Some(tools) = &tools {
            tools.lead_to(&mut command);
        }
        let succeeded = stream(&mut command, &mut summary)?;
        summary.end_command(&args.join(" "), succeeded);
    }
    let server_ended = server.has_ended();
    drop(server);

    if let Some(problem) = server_ended {
        // The tests that failed did so for this reason, or will not count: say it before the summary.
        eprintln!("\n{problem}");
        summary.add_failure("the local AWS server");
    }
    if summary.matched_nothing() {
        summary
            .add_failure("no test has such a name: NAME is a part of a test's name; a file of tests is `--test FILE`");
    }
    for (_, what) in not_run {
        summary.add_not_run(what);
    }
    println!("\n{summary}");
    Ok(summary.failed() == 0)
}

/// What judges documents, if it can be had, and what is not run without it.
fn document_tools() -> (Option<Tools>, Vec<(&'static str, String)>) {
    match Tools::install() {
        Ok(tools) => {
            let missing = tools.missing().into_iter().map(|(tests, what)| (tests, what.to_owned())).collect();
            (Some(tools), missing)
        }
        Err(problem) => (None, node::without_tools(&problem)),
    }
}

/// Shows what the command prints as it comes and lets the summary read along.
fn stream(command: &mut Command, summary: &mut Summary) -> Result<bool> {
    // Through a pipe cargo sees no terminal; what it would have coloured for one, it still does.
    if io::stdout().is_terminal() && env::var_os("CARGO_TERM_COLOR").is_none() && env::var_os("NO_COLOR").is_none() {
        command.env("CARGO_TERM_COLOR", "always");
    }
    let lost = |error: io::Error| Problem::new(format!("lost the output of cargo test: {error}"), "run it again");

    // One pipe for both: cargo's headers go to standard error, the results to standard output,
    // and only together do they stay in order.
    let (mut output, input) = io::pipe().map_err(lost)?;
    command.stdout(input.try_clone().map_err(lost)?).stderr(input);
    let spawned = command.spawn();
    let mut child = spawned.map_err(|error| workspace::cannot_run(command, &error))?;
    // The command holds our copies of the writing end, and while it does the pipe has no end.
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());

    let mut chunk = [0; 8192];
    loop {
        let count = match output.read(&mut chunk) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(lost(error)),
        };
        let mut screen = io::stdout().lock();
        screen.write_all(&chunk[..count]).and_then(|()| screen.flush()).map_err(lost)?;
        summary.read(&chunk[..count]);
    }
    Ok(child.wait().map_err(lost)?.success())
}
