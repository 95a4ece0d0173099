//! `cargo melange`: what it has cargo do, with a script in the place of cargo.
#![cfg(unix)]
#![allow(clippy::expect_used, reason = "tests say what they expect by panicking")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Output};

/// A cargo that says how it was called, and ends with the last word as its exit code if that is a number.
const CARGO: &str = r#"#!/bin/sh
echo "called as $MELANGE_CALLED_AS"
for word in "$@"; do echo "[$word]"; done
case "$word" in [0-9]*) exit "$word";; esac
"#;

fn cargo() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let path = folder.join("cargo.sh");
    if !path.exists() {
        let new = folder.join(format!("cargo-{:?}.sh", std::thread::current().id()));
        fs::write(&new, CARGO).expect("it can be written");
        fs::set_permissions(&new, fs::Permissions::from_mode(0o755)).expect("it can be run");
        fs::rename(new, &path).expect("it can be put there");
    }
    path
}

/// As cargo calls it for `cargo melange ARGUMENTS`.
fn cargo_melange(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-melange"));
    command.arg("melange").args(arguments).env("CARGO", cargo()).output().expect("it starts")
}

fn words(arguments: &[&str]) -> String {
    let output = cargo_melange(arguments);
    assert!(output.status.success(), "{output:?}");
    let out = String::from_utf8(output.stdout).expect("text");
    let mut lines = out.lines();
    assert_eq!(lines.next(), Some("called as cargo melange"));
    lines.map(|line| line.trim_matches(['[', ']'])).collect::<Vec<_>>().join(" ")
}

#[test]
fn cargo_runs_the_program_with_what_it_is_told() {
    assert_eq!(words(&["events"]), "run --quiet -- melange events");
    assert_eq!(
        words(&["-p", "orders", "dlq", "redrive", "--dry-run"]),
        "run --quiet --package orders -- melange dlq redrive --dry-run"
    );
    assert_eq!(
        words(&["--package=orders", "--bin", "worker", "--features", "aws", "-F", "a,b", "--release", "tail", "A"]),
        "run --quiet --package orders --bin worker --features aws --features a,b --release -- melange tail A"
    );
    assert_eq!(
        words(&[
            "--example",
            "tool",
            "--manifest-path",
            "x/Cargo.toml",
            "--all-features",
            "--profile",
            "fast",
            "check"
        ]),
        "run --quiet --example tool --profile fast --all-features --manifest-path x/Cargo.toml -- melange check"
    );
}

#[test]
fn what_stands_behind_the_command_is_the_tools_own() {
    assert_eq!(words(&["events", "--help"]), "run --quiet -- melange events --help");
    assert_eq!(words(&["events", "-p", "x", "--", "y"]), "run --quiet -- melange events -p x -- y");
    // What cargo-melange does not know is for the tool to judge.
    assert_eq!(words(&["--output", "json", "events"]), "run --quiet -- melange --output json events");
    assert_eq!(words(&["--", "--output", "json", "events"]), "run --quiet -- melange --output json events");
    assert_eq!(words(&["publish", "A", "--json", "{\"a\": 1}"]), "run --quiet -- melange publish A --json {\"a\": 1}");
}

#[test]
fn exit_codes_are_the_programs_own() {
    for code in [0, 1, 2, 64, 101, 130] {
        assert_eq!(cargo_melange(&["plan", &code.to_string()]).status.code(), Some(code));
    }
}

#[test]
fn called_wrongly_it_says_so() {
    let help = cargo_melange(&["--help"]);
    assert_eq!(help.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&help.stdout).contains("Usage: cargo melange [OPTIONS] <COMMAND>..."), "{help:?}");
    for wrong in [&[][..], &["--bin", "a", "--example", "b", "events"]] {
        assert_eq!(cargo_melange(wrong).status.code(), Some(64), "{wrong:?}");
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-melange"));
    let none = command.args(["melange", "events"]).env("CARGO", "/no/such/cargo").output().expect("it starts");
    assert_eq!(none.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&none.stderr).contains("cargo could not be started"), "{none:?}");
}
