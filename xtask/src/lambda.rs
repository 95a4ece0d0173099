//! `cargo xtask lambda`: functions built as they are deployed, run as Lambda runs them, and measured.

use std::env;
use std::path::PathBuf;

use crate::problem::{Problem, Result};
use crate::workspace::{self, cargo};

/// What is measured, each behind the one by hand that it is compared with.
const MEASURED: [[&str; 2]; 2] = [["lambda_bare", "lambda_least"], ["lambda_bare_on_aws", "lambda_on_aws"]];

/// Builds with LTO and stripped, runs the tests of functions against that build with every answer shown, and measures cold
/// start and size; says whether all was well. `--cold-start` only measures.
pub(crate) fn run(only_measure: bool) -> Result<bool> {
    let mut build = cargo(["build", "--locked", "--profile", "lambda", "--package", "melange-lambda-functions"]);
    step(&mut build, "the functions do not build")?;

    let mut well = true;
    if !only_measure {
        let mut tests = cargo(["test", "--locked", "--package", "melange-tests", "--test", "lambda", "--"]);
        tests.args(["--nocapture", "--test-threads=1"]).env("MELANGE_LAMBDA_FUNCTION", built("lambda_tested"));
        well = workspace::succeeds(&mut tests)?;
    }
    let mut measure = cargo(["run", "--locked", "--quiet", "--release", "--package", "melange-lambda-stub"]);
    measure.args(["--bin", "cold_start", "--"]).args(MEASURED.iter().flatten().map(|function| built(function)));
    // The region that Lambda says.
    measure.env("AWS_REGION", "us-east-1");
    step(&mut measure, "the functions were not measured")?;
    Ok(well)
}

fn built(function: &str) -> PathBuf {
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace::root().join("target"), PathBuf::from);
    target.join("lambda").join(format!("{function}{}", env::consts::EXE_SUFFIX))
}

fn step(command: &mut std::process::Command, what: &str) -> Result<()> {
    if workspace::succeeds(command)? { Ok(()) } else { Err(Problem::new(what, "mend what the lines above name")) }
}
