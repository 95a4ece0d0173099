//! `cargo xtask soak`: processes that publish and consume for as long as is wanted, with faults on and off.

use crate::problem::Result;
use crate::workspace::{self, cargo};

/// Builds it and runs it; says whether all was well. `--release` is for cargo, the rest for the soak.
pub(crate) fn run(options: &[&str]) -> Result<bool> {
    let mut build = vec!["run", "--quiet", "--package", "melange-tests", "--features", "aws", "--bin", "soak"];
    if options.contains(&"--release") {
        build.push("--release");
    }
    build.push("--");
    build.extend(options.iter().filter(|option| **option != "--release"));
    workspace::succeeds(&mut cargo(build))
}
