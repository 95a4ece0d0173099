//! Every task of this repository, as `cargo xtask <task>`.
//!
//! It needs Rust, Python 3.10 or later and a C compiler; what else the tests use it brings along itself. What judges the
//! documents runs where there is Node.

mod bench;
mod checks;
mod documents;
mod environment;
mod lambda;
mod node;
mod plan;
mod problem;
mod python;
mod ready;
mod server;
mod soak;
mod summary;
mod tests;
mod workspace;

use std::process::ExitCode;

use problem::Result;

const USAGE: &str = "\
usage: cargo xtask <task>

  test [-- ARGS]   start the local AWS server, run all tests, print a summary; ARGS go to `cargo test`
  check            formatting, clippy and documentation, warnings denied
  ui [--bless]     the tests of compiler messages; --bless accepts what the compiler says now
  deny             licences, banned crates, sources and advisories of all dependencies
  bench [--counts] [NAME...]
                   what Melange costs in process, in ratios to baselines; --counts counts instructions, by valgrind
  soak --minutes N [--seed S] [--release]
                   processes that publish and consume, with faults on and off; fails if anything is lost or grows
  lambda [--cold-start]
                   functions in release with LTO and stripped: their tests, with every answer; cold start and size
  documents        the documents of the example, judged by the official AsyncAPI parser, a browser, Mermaid and Graphviz;
                   needs Node, and Chromium and Graphviz for a part of it
  server           start the local AWS server and keep it until Ctrl-C
  help             print this
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();

    let result: Result<bool> = match words.as_slice() {
        ["test"] => tests::run(&[]),
        ["test", "--", passed_on @ ..] => tests::run(passed_on),
        ["check"] => checks::check().map(|()| true),
        ["ui"] => checks::ui(false).map(|()| true),
        ["ui", "--bless"] => checks::ui(true).map(|()| true),
        ["deny"] => checks::deny().map(|()| true),
        ["bench", options @ ..] => bench::run(options),
        ["soak", options @ ..] => soak::run(options),
        ["lambda"] => lambda::run(false),
        ["lambda", "--cold-start"] => lambda::run(true),
        ["documents"] => documents::run(),
        ["server"] => server::keep_until_stopped().map(|()| true),
        ["help" | "--help" | "-h"] => {
            print!("{USAGE}");
            Ok(true)
        }
        [] => return refuse("no task given"),
        other => return refuse(&format!("unknown arguments: {}", other.join(" "))),
    };

    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

fn refuse(why: &str) -> ExitCode {
    eprint!("error: {why}\n\n{USAGE}");
    ExitCode::from(2)
}
