//! What the linker brings: the same in every profile, nothing of a crate that nobody names.
//!
//! Builds the binaries of `fixtures/apps` three times, each profile in the same directory below cargo's own for tests.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

const PROFILES: [(&str, &str); 3] = [("dev", "debug"), ("release", "release"), ("thin-lto", "thin-lto")];

/// Where the binaries of each profile are.
fn built() -> &'static [PathBuf; 3] {
    static BUILT: OnceLock<[PathBuf; 3]> = OnceLock::new();
    BUILT.get_or_init(|| {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("linking");
        PROFILES.map(|(profile, directory)| {
            let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
            let output = Command::new(cargo)
                .args(["build", "--quiet", "--locked", "--offline", "--package", "fixture-apps", "--profile", profile])
                .current_dir(env!("CARGO_MANIFEST_DIR"))
                .env("CARGO_TARGET_DIR", &target)
                .output()
                .unwrap();
            assert!(output.status.success(), "{profile}: {}", String::from_utf8_lossy(&output.stderr));
            target.join(directory)
        })
    })
}

/// What a binary prints, which must be the same in every profile.
fn output_of(binary: &str) -> String {
    let outputs = built().each_ref().map(|directory| {
        let output = Command::new(directory.join(binary)).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    });
    let [debug, release, thin_lto] = outputs;
    assert_eq!(debug, release, "in debug and in release");
    assert_eq!(debug, thin_lto, "in debug and with thin LTO");
    debug
}

#[test]
fn the_table_is_the_same_in_every_profile() {
    insta::assert_snapshot!(output_of("app"));
}

#[test]
fn crates_that_nobody_names_are_missing_without_a_word() {
    insta::assert_snapshot!(output_of("forgets"));
}

#[test]
fn a_crate_that_is_named_once_is_there() {
    insta::assert_snapshot!(output_of("remembers"));
}

#[test]
fn a_crate_that_is_listed_is_there_and_checked() {
    let listed = output_of("lists");
    assert_eq!(listed, format!("{}no problem\n", output_of("remembers")));
}

#[test]
fn a_listed_crate_that_brings_nothing_is_a_problem() {
    insta::assert_snapshot!(output_of("hollow"));
}

#[test]
fn one_name_and_version_in_two_crates_is_a_problem_that_names_both_places() {
    insta::assert_snapshot!(output_of("clash"));
}
