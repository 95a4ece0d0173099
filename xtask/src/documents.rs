//! `cargo xtask documents`: the documents of the example, written and judged by the programs they are made for.

use crate::node::Tools;
use crate::problem::Result;
use crate::workspace;

/// Where the example writes to.
const FOLDER: &str = "target/documents";

/// Writes them, then runs the tests that need Node, a browser or Graphviz; says whether all of it passed.
pub(crate) fn run() -> Result<bool> {
    let tools = Tools::install()?;
    let mut example = workspace::cargo(["run", "--quiet", "--package", "melange-examples", "--example", "documents"]);
    example.args(["--features", "schema", "--", FOLDER]);
    if !workspace::succeeds(&mut example)? {
        return Ok(false);
    }

    let mut tests =
        workspace::cargo(["test", "--package", "melange-tests", "--no-default-features", "--test", "documents"]);
    tests.args(["--", "--include-ignored"]);
    let missing = tools.missing();
    for (skipped, _) in &missing {
        tests.args(["--skip", skipped]);
    }
    tools.lead_to(&mut tests);
    let passed = workspace::succeeds(&mut tests)?;
    for (_, what) in &missing {
        println!("not run: {what}");
    }
    println!("the documents of the example are in {FOLDER}");
    Ok(passed)
}
