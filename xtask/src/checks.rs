//! The tasks that are a few cargo commands and need no server.

use std::process::{Command, Stdio};

use crate::problem::{Problem, Result};
use crate::workspace::{self, cargo};

/// Formatting, lints, documentation and packages; all run, so that one report names all that is wrong.
pub(crate) fn check() -> Result<()> {
    let mut docs = cargo(["doc", "--locked", "--workspace", "--all-features", "--no-deps"]);
    docs.env("RUSTDOCFLAGS", "-D warnings");
    run_all(vec![
        ("formatting", cargo(["fmt", "--all", "--check"])),
        (
            "clippy",
            cargo(["clippy", "--locked", "--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"]),
        ),
        // What only tests and debug builds use is seen as unused here.
        (
            "clippy of the core as it is released",
            cargo(["clippy", "--locked", "--release", "--package", "melange", "--", "-D", "warnings"]),
        ),
        // Nobody's first command is to end in warnings: here the core has the features that the examples ask for, and no others.
        ("clippy of the quickstart", cargo(["clippy", "--locked", "--example", "quickstart", "--", "-D", "warnings"])),
        ("documentation", docs),
        // A package has only what lies in its folder. Offline, as what it needs was downloaded for the steps before.
        (
            "packages",
            cargo([
                "package",
                "--locked",
                "--offline",
                "--allow-dirty",
                "--package",
                "melange-derive",
                "--package",
                "melange",
            ]),
        ),
    ])
}

/// The tests that compare what the compiler tells a user with what it told before.
pub(crate) fn ui(bless: bool) -> Result<()> {
    // With all features, as the other tests: what the compiler says may depend on them.
    let mut tests = cargo(["test", "--package", "melange", "--all-features", "--test", "ui"]);
    if bless {
        tests.env("TRYBUILD", "overwrite");
    }
    if workspace::succeeds(&mut tests)? {
        Ok(())
    } else {
        Err(Problem::new(
            "the compiler's messages are not the recorded ones",
            "if the new ones are as good: cargo xtask ui --bless, and read the difference before you commit it",
        ))
    }
}

/// Licences, banned crates, sources and advisories, by cargo-deny and `deny.toml`.
pub(crate) fn deny() -> Result<()> {
    let mut probe = cargo(["deny", "--version"]);
    probe.stdout(Stdio::null()).stderr(Stdio::null());
    if !workspace::succeeds(&mut probe)? {
        return Err(Problem::new("cargo-deny is not installed", "cargo install cargo-deny --locked"));
    }
    run_all(vec![
        ("licences, bans and sources", cargo(["deny", "--all-features", "check", "licenses", "bans", "sources"])),
        // Apart from the others, as it alone needs the network: it downloads the advisory database.
        ("advisories", cargo(["deny", "--all-features", "check", "advisories"])),
    ])
}

fn run_all(steps: Vec<(&str, Command)>) -> Result<()> {
    let mut failed = Vec::new();
    for (name, mut command) in steps {
        eprintln!("== {name}");
        if !workspace::succeeds(&mut command)? {
            failed.push(name);
        }
    }
    if failed.is_empty() {
        Ok(())
    } else {
        Err(Problem::new(
            format!("not in order: {}", failed.join(", ")),
            "mend what the lines above name; `cargo fmt --all` mends the formatting",
        ))
    }
}
