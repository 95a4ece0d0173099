//! The soak: a publisher and two consumers, as processes of their own, against the stub of AWS, with faults of every kind
//! on and off and one consumer killed now and then. `cargo xtask soak --minutes N [--seed S]` runs it.
//!
//! It fails if an acknowledged event had no effect, if one had an effect that nobody published, if the order of a FIFO key
//! was broken, or if memory or tasks grew beyond what [`growth`] says.

mod chaos;
mod child;
mod conductor;
mod consumer;
mod events;
mod growth;
mod line;
mod publisher;
mod tally;

use std::process::ExitCode;
use std::time::Duration;

const USAGE: &str = "usage: soak --minutes N [--seed S]";

#[tokio::main]
async fn main() -> ExitCode {
    if std::env::var_os("RUST_LOG").is_some() {
        let filter = tracing_subscriber::EnvFilter::from_default_env();
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    }
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["publish"] => publisher::run().await,
        ["consume", name] => consumer::run(name).await,
        options => match read(options) {
            Some((time, seed)) => conductor::run(time, seed).await,
            None => {
                eprintln!("{USAGE}");
                ExitCode::from(2)
            }
        },
    }
}

/// How long, and with which seed: a random one unless it is given.
fn read(options: &[&str]) -> Option<(Duration, u64)> {
    let (mut minutes, mut seed) = (None, None);
    for pair in options.chunks(2) {
        match pair {
            ["--minutes", given] => minutes = Some(given.parse::<f64>().ok().filter(|minutes| *minutes > 0.0)?),
            ["--seed", given] => seed = Some(given.parse().ok()?),
            _ => return None,
        }
    }
    let time = Duration::try_from_secs_f64(minutes? * 60.0).ok()?;
    Some((time, seed.unwrap_or_else(|| fastrand::u64(0..1_000_000))))
}
