//! Messages in a second, consumed and published, beside the raw loop on the same server in the same run.
//!
//! The server is the stub, in a thread of its own. Its answers take 5 ms longer than it needs, about as long as those of
//! AWS; then all is measured again without that, where nothing counts but the time that each spends on a processor. Rounds
//! alternate, so that whatever else the machine does meets both; the ratio is the median of those of each round. Words after
//! `--` choose rows, as in `cargo bench -p melange-aws --bench throughput -- consumed FIFO`.

mod support;

use std::collections::HashMap;
use std::time::Duration;

use melange_aws_stub::Stub;
use support::events::{Order, Payment, Sample, bodies};
use support::rates::{Rate, Side, consume, publish};
use support::report::{Measured, figure};
use support::server::Server;
use support::{Result, setting};

/// How long answers take beyond what the stub needs.
const AWAY: Duration = Duration::from_millis(5);

#[tokio::main(flavor = "multi_thread")]
async fn main() -> Result<()> {
    let rounds = setting("MELANGE_BENCH_ROUNDS", 7);
    let count = setting("MELANGE_BENCH_MESSAGES", 10_000) as u64;
    let stub = Stub::start().await;
    let mut server = Server::stub(&stub);

    let mut figures = Vec::new();
    for (suffix, delay, count) in [("", AWAY, count), ("_without_distance", Duration::ZERO, 3 * count)] {
        server.delay = delay;
        println!("{rounds} rounds, {count} messages of 512 B or {} of 10 KiB in each", count / 4);
        println!(
            "{:<34}{:>14}{:>14}{:>15}{:>12}{:>12}{:>15}",
            format!("answers delayed by {delay:?}"),
            "raw/s",
            "melange/s",
            "melange/raw",
            "raw CPU us",
            "CPU us",
            "CPU/raw"
        );
        let (mut consumed, mut published, mut tens) = (f64::INFINITY, f64::INFINITY, f64::INFINITY);
        for (bytes, count) in [(512, count), (10 * 1024, count / 4)] {
            consumed = consumed.min(consuming::<Order>(&server, rounds, count, bytes).await?);
            consumed = consumed.min(consuming::<Payment>(&server, rounds, count, bytes).await?);
            for (one, ten) in [
                publishing::<Order>(&server, rounds, count, bytes).await?,
                publishing::<Payment>(&server, rounds, count, bytes).await?,
            ] {
                published = published.min(one);
                tens = tens.min(ten);
            }
        }
        figures.push((format!("consumed_vs_raw{suffix}"), consumed));
        figures.push((format!("published_vs_raw{suffix}"), published));
        figures.push((format!("published_by_tens_vs_raw{suffix}"), tens));
    }
    println!("the figures are the least of the four ratios each");
    for (name, ratio) in figures.iter().filter(|(_, ratio)| ratio.is_finite()) {
        figure(name, *ratio);
    }
    Ok(())
}

/// Whether every word that was given stands in the row's name.
fn is_chosen(what: &str) -> bool {
    std::env::args().skip(1).filter(|word| !word.starts_with("--")).all(|word| what.contains(&word))
}

fn kind<E: Sample>() -> &'static str {
    if E::TOPIC.ends_with(".fifo") { "FIFO" } else { "standard" }
}

async fn consuming<E: Sample>(server: &Server, rounds: usize, count: u64, bytes: usize) -> Result<f64> {
    let what = format!("consumed, {bytes} B, {}", kind::<E>());
    if !is_chosen(&what) {
        return Ok(f64::NAN);
    }
    let bodies = bodies::<E>(count, bytes)?;
    let mut table = Table::default();
    for round in 0..rounds {
        for side in in_turn(round, [Side::Raw, Side::Melange]) {
            table.add(side, consume::<E>(server, side, &bodies).await?);
        }
    }
    Ok(table.print(&what, Side::Raw, Side::Melange))
}

/// The ratio with one event at a call, and that with ten.
async fn publishing<E: Sample>(server: &Server, rounds: usize, count: u64, bytes: usize) -> Result<(f64, f64)> {
    let what = format!("published, {bytes} B, {}", kind::<E>());
    if !is_chosen(&what) {
        return Ok((f64::NAN, f64::NAN));
    }
    let sample = E::sized(bytes)?;
    let mut table = Table::default();
    for round in 0..rounds {
        for side in in_turn(round, [Side::Raw, Side::RawGathering, Side::Melange, Side::MelangeAll]) {
            table.add(side, publish(server, side, &sample, count).await?);
        }
    }
    // The same batches by the same means: both gather what comes one by one, or both have ten at hand.
    let singly = table.print(&what, Side::RawGathering, Side::Melange);
    let tens = table.print("  ten at a call, ten at hand", Side::Raw, Side::MelangeAll);
    table.print("  one at a call, ten at hand", Side::Raw, Side::Melange);
    Ok((singly, tens))
}

/// The other way round every other time.
fn in_turn<const N: usize>(round: usize, mut sides: [Side; N]) -> [Side; N] {
    if round % 2 == 1 {
        sides.reverse();
    }
    sides
}

/// What was measured of each side.
#[derive(Default)]
struct Table(HashMap<Side, Rates>);

#[derive(Default)]
struct Rates {
    rate: Measured,
    cpu: Measured,
}

impl Table {
    fn add(&mut self, side: Side, measured: Rate) {
        let rates = self.0.entry(side).or_default();
        rates.rate.add(measured.rate);
        rates.cpu.add(measured.cpu);
    }

    /// Prints the row, and gives the ratio.
    fn print(&self, what: &str, raw: Side, melange: Side) -> f64 {
        let (Some(raw), Some(melange)) = (self.0.get(&raw), self.0.get(&melange)) else { return f64::NAN };
        let ratio = melange.rate.over(&raw.rate);
        let cpu = melange.cpu.over(&raw.cpu);
        println!(
            "{what:<34}{:>14}{:>14}{:>15}{:>12}{:>12}{:>15}",
            raw.rate.to_string(),
            melange.rate.to_string(),
            ratio.to_string(),
            raw.cpu.to_string(),
            melange.cpu.to_string(),
            cpu.to_string()
        );
        ratio.median()
    }
}
