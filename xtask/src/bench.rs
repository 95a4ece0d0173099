//! `cargo xtask bench`: what Melange costs in process, beside baselines and peers, in time or in instructions.

use std::process::{Command, Stdio};

use crate::problem::{Problem, Result};
use crate::workspace::{self, cargo};

/// Each kind of work is counted for so many, and for so many more: the difference has no start-up in it.
const FEW: u64 = 1_000;
const MORE: u64 = 5_000;

/// The bench of `melange-aws` that needs no server, and goes on where that of `melange` ends.
const OF_AWS: &str = "wire";

/// The benches beside other crates are a workspace of their own: nothing else is to depend on those.
const PEERS: &str = "melange/benches/peers/Cargo.toml";

/// Runs the benches of `melange`, or only those that are named; with `--peers` those beside other crates, with `--counts` it
/// counts instructions instead of time.
pub(crate) fn run(options: &[&str]) -> Result<bool> {
    let (options, names): (Vec<&str>, Vec<&str>) = options.iter().partition(|option| option.starts_with('-'));
    if let Some(unknown) = options.iter().find(|option| !matches!(**option, "--counts" | "--peers")) {
        return Err(Problem::new(
            format!("`bench` has no option `{unknown}`"),
            "it takes `--peers`, `--counts` and names of benches",
        ));
    }
    let (counts, peers) = (options.contains(&"--counts"), options.contains(&"--peers"));
    let is_wanted = |name: &str| names.is_empty() || names.contains(&name);
    let mut all = if peers {
        programs(&["--manifest-path", PEERS, "--benches"])?
    } else {
        programs(&["--package", "melange", "--benches"])?
    };
    if !peers && is_wanted(OF_AWS) {
        all.extend(programs(&["--package", "melange-aws", "--bench", OF_AWS])?);
    }
    for (name, path) in all {
        if is_wanted(&name) {
            println!("\n== {name}");
            if counts {
                count(&name, &path)?;
            } else if !workspace::succeeds(Command::new(&path).arg("--bench"))? {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// The benches that these options choose, as they were built: name and program.
fn programs(options: &[&str]) -> Result<Vec<(String, String)>> {
    let mut programs = Vec::new();
    let mut build = cargo(["bench", "--locked", "--no-run", "--message-format=json"]);
    build.args(options).stderr(Stdio::inherit());
    let built = output(&mut build, "the benches do not build")?;
    for line in built.lines() {
        let Ok(message) = serde_json::from_str::<serde_json::Value>(line) else { continue };
        let is_bench =
            message["target"]["kind"].as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind == "bench"));
        if let (true, Some(name), Some(path)) =
            (is_bench, message["target"]["name"].as_str(), message["executable"].as_str())
        {
            programs.push((name.to_owned(), path.to_owned()));
        }
    }
    programs.sort();
    Ok(programs)
}

/// Every comparison of a bench: instructions for each side, over those of the first of them. It ends as benches do: with its
/// figures as one line of JSON, then as a line each.
fn count(bench: &str, program: &str) -> Result<()> {
    let listed = output(Command::new(program).arg("--counted"), "the bench does not list what can be counted")?;
    let mut baseline: Option<(String, f64)> = None;
    let mut figures: Vec<(String, f64)> = Vec::new();
    for name in listed.lines().filter_map(|line| line.strip_prefix("counted ")) {
        let each = (instructions(program, name, FEW + MORE)? - instructions(program, name, FEW)?) / MORE as f64;
        let (what, side) = name.split_once('/').unwrap_or((name, ""));
        match &baseline {
            Some((known, least)) if known == what => {
                println!("{what:<32}{side:<16}{each:>12.1}{:>8.2}", each / least);
                let side = side.strip_prefix("melange").unwrap_or(side);
                let separator = if side.is_empty() || side.starts_with('_') { "" } else { "_" };
                figures.push((format!("{what}_instructions{separator}{side}"), each / least));
            }
            _ => {
                println!("{what:<32}{side:<16}{each:>12.1}");
                baseline = Some((what.to_owned(), each));
            }
        }
    }
    let of_each: Vec<String> = figures.iter().map(|(name, value)| format!("\"{name}\":{value:.4}")).collect();
    println!("{{\"bench\":\"{bench}\",\"figures\":{{{}}}}}", of_each.join(","));
    figures.iter().for_each(|(name, value)| println!("figure {name} {value:.4}"));
    Ok(())
}

fn instructions(program: &str, name: &str, times: u64) -> Result<f64> {
    let mut valgrind = Command::new("valgrind");
    valgrind
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null", program, "--count", name])
        .arg(times.to_string());
    let ran = valgrind.output().map_err(|error| {
        Problem::new(
            format!("valgrind does not start: {error}"),
            "install it: instructions are counted by its callgrind",
        )
    })?;
    let said = String::from_utf8_lossy(&ran.stderr);
    let total = said.lines().find_map(|line| line.split_once("Collected :"));
    match total.and_then(|(_, total)| total.trim().parse().ok()) {
        Some(total) if ran.status.success() => Ok(total),
        _ => Err(Problem::new(
            format!("`{name}` could not be counted:\n{said}"),
            "run the bench without `--counts` first",
        )),
    }
}

fn output(command: &mut Command, what: &str) -> Result<String> {
    let ran = command.stderr(Stdio::inherit()).output();
    match ran {
        Ok(ran) if ran.status.success() => Ok(String::from_utf8_lossy(&ran.stdout).into_owned()),
        _ => Err(Problem::new(what, "mend what the lines above name")),
    }
}
