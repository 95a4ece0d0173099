//! Melange beside the raw loop on rustack, a server of another make, in a thread of its own: consumed from a standard and
//! from a FIFO queue. Nothing is published there: its SNS takes no raw delivery with attributes, and its SQS no group on a
//! standard queue, which AWS takes.

#[path = "../../support/mod.rs"]
mod support;

#[path = "../rustack_server.rs"]
mod rustack_server;

use support::events::{Order, Payment, Sample, bodies};
use support::rates::{Side, consume};
use support::report::{Measured, figure};
use support::server::Server;
use support::{Result, setting};

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<()> {
    let rounds = setting("MELANGE_BENCH_ROUNDS", 9);
    let count = setting("MELANGE_BENCH_MESSAGES", 10_000) as u64;
    let server = rustack_server::start()?;
    println!("on rustack: {rounds} rounds, {count} messages of 512 B or {} of 10 KiB in each", count / 4);
    println!("{:<34}{:>14}{:>14}{:>16}{:>16}", "", "raw/s", "melange/s", "melange/raw", "CPU/raw");
    let mut least = f64::INFINITY;
    for (bytes, count) in [(512, count), (10 * 1024, count / 4)] {
        least = least.min(consuming::<Order>(&server, rounds, count, bytes, "standard").await?);
        least = least.min(consuming::<Payment>(&server, rounds, count, bytes, "FIFO").await?);
    }
    figure("consumed_vs_raw_on_rustack", least);
    Ok(())
}

async fn consuming<E: Sample>(server: &Server, rounds: usize, count: u64, bytes: usize, kind: &str) -> Result<f64> {
    let bodies = bodies::<E>(count, bytes)?;
    let (mut raw, mut melange) = <((Measured, Measured), (Measured, Measured))>::default();
    for round in 0..rounds {
        let sides = if round % 2 == 0 { [Side::Raw, Side::Melange] } else { [Side::Melange, Side::Raw] };
        for side in sides {
            let measured = consume::<E>(server, side, &bodies).await?;
            let (rate, cpu) = if side == Side::Raw { &mut raw } else { &mut melange };
            rate.add(measured.rate);
            cpu.add(measured.cpu);
        }
    }
    let (ratio, cpu) = (melange.0.over(&raw.0), melange.1.over(&raw.1));
    println!(
        "{:<34}{:>14}{:>14}{:>16}{:>16}",
        format!("consumed, {bytes} B, {kind}"),
        raw.0.to_string(),
        melange.0.to_string(),
        ratio.to_string(),
        cpu.to_string()
    );
    Ok(ratio.median())
}
