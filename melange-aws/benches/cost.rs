//! What a consumed message costs in instructions and allocations, from the body of the HTTP answer to its deletion, the
//! SDK included, beside the raw loop.
//!
//! The bench runs itself under valgrind: callgrind counts instructions, DHAT allocations. Each is counted for two numbers
//! of messages, and the difference leaves out what is done once. There is no server: answers are made beforehand, all of
//! them in every run, and handed to the SDK within the process. One thread, so that the count is the same each time.

mod support;

use std::path::Path;
use std::process::Command;
use std::time::Duration;
use std::{env, fs};

use melange::Event as _;
use support::canned::Canned;
use support::events::{Order, bodies};
use support::report::figure;
use support::server::Server;
use support::{Result, marks, melange_side, raw, setting};

const ROLE: &str = "MELANGE_BENCH_ROLE";
const COUNT: &str = "MELANGE_BENCH_COUNT";
/// What ruststream-sqs-sns 0.7 publishes of itself: its `benchmarks/results.json` of 2026-09-23, one delete for each
/// message. Measured by its authors on another machine, so it is no more than an order of magnitude here.
const RUSTSTREAM: (f64, f64) = (494_759.0, 461.0);

fn main() -> Result<()> {
    let most = setting("MELANGE_BENCH_MESSAGES", 4_000) / 10 * 10;
    let least = most / 40 * 10;
    match (env::var(ROLE).as_deref(), env::var(COUNT).map(|count| count.parse())) {
        (Ok(role), Ok(Ok(count))) => {
            // Under valgrind only one thread runs at a time anyhow.
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(consume(role == "raw", most, count))
        }
        _ => compare(least, most),
    }
}

fn compare(least: usize, most: usize) -> Result<()> {
    if Command::new("valgrind").arg("--version").output().is_err() {
        println!("valgrind is not installed (`apt-get install valgrind`): nothing was measured");
        return Ok(());
    }
    let between = (most - least) as f64;
    let cost = |role: &str, counted: fn(&str, usize) -> Result<f64>| -> Result<f64> {
        Ok((counted(role, most)? - counted(role, least)?) / between)
    };
    let (raw, melange) = (cost("raw", instructions)?, cost("melange", instructions)?);
    let (raw_allocations, melange_allocations) = (cost("raw", allocations)?, cost("melange", allocations)?);
    println!("a consumed message of 512 B, of {between} between {least} and {most}");
    println!("{:<34}{:>14}{:>14}", "", "instructions", "allocations");
    let row = |name: &str, (instructions, allocations): (f64, f64)| {
        println!("{name:<34}{instructions:>14.0}{allocations:>14.1}");
    };
    row("raw loop", (raw, raw_allocations));
    row("Melange", (melange, melange_allocations));
    row("Melange's own share", (melange - raw, melange_allocations - raw_allocations));
    row("ruststream-sqs-sns, as published", RUSTSTREAM);
    println!(
        "Melange/raw: {:.3} instructions, {:.3} allocations; Melange/ruststream: {:.3}, {:.3}",
        melange / raw,
        melange_allocations / raw_allocations,
        melange / RUSTSTREAM.0,
        melange_allocations / RUSTSTREAM.1
    );
    figure("instructions_vs_raw", melange / raw);
    figure("allocations_vs_raw", melange_allocations / raw_allocations);
    Ok(())
}

async fn consume(by_hand: bool, most: usize, count: usize) -> Result<()> {
    let bodies = bodies::<Order>(most as u64, 512)?;
    let canned = Canned::new(&bodies, Order::DESCRIPTOR.name(), count)?;
    drop(bodies);
    let server = Server::of(canned.config());
    marks::begin(count as u64);
    if by_hand {
        let url = server.sqs.get_queue_url().queue_name("billing").send().await?.queue_url.ok_or("no queue")?;
        let consumer =
            raw::Consumer::start::<Order>(&server.sqs, &url, raw::RECEIVES, |_| marks::handled(), Duration::ZERO);
        marks::all_handled().await?;
        consumer.stop().await;
    } else {
        let bus = melange_side::consume::<Order>(&server, "billing", |_| marks::handled()).await?;
        marks::all_handled().await?;
        melange_side::stop(bus, count as u64).await?;
    }
    Ok(())
}

fn instructions(role: &str, count: usize) -> Result<f64> {
    let folder = env::temp_dir().join(format!("melange-bench-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let out = folder.join("callgrind.out");
    valgrind(&["--tool=callgrind", &format!("--callgrind-out-file={}", out.display())], role, count)?;
    let counted = summary(&out);
    fs::remove_dir_all(&folder)?;
    counted
}

/// The line of callgrind's file that says how many instructions there were.
fn summary(out: &Path) -> Result<f64> {
    let text = fs::read_to_string(out)?;
    let line = text.lines().find_map(|line| line.strip_prefix("totals:").or_else(|| line.strip_prefix("summary:")));
    Ok(line.and_then(|total| total.split_whitespace().next()).ok_or("callgrind counted nothing")?.parse()?)
}

/// As DHAT says it at its end: `Total: 12,345 bytes in 678 blocks`.
fn allocations(role: &str, count: usize) -> Result<f64> {
    let said = valgrind(&["--tool=dhat", "--dhat-out-file=/dev/null"], role, count)?;
    let line = said.lines().find_map(|line| line.split_once("Total:")).ok_or("DHAT counted nothing")?.1;
    let blocks = line.split(" in ").nth(1).and_then(|blocks| blocks.split_whitespace().next());
    Ok(blocks.ok_or("DHAT counted no blocks")?.replace(',', "").parse()?)
}

/// Runs this program under valgrind, and gives what valgrind says.
fn valgrind(options: &[&str], role: &str, count: usize) -> Result<String> {
    let mut command = Command::new("valgrind");
    command.args(options).arg(env::current_exe()?).env(ROLE, role).env(COUNT, count.to_string());
    let output = command.output()?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() { Ok(said) } else { Err(format!("valgrind {options:?} failed: {said}").into()) }
}
