//! How long functions take from their start to their first answer, in turn, and how large they are: each second one beside
//! the one before it, `cold_start BARE OTHER BARE OTHER...`. `cargo xtask lambda` builds them and runs it.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use melange_lambda_stub::{Answer, Runtime};
use tokio::process::Command;

const ROUNDS: usize = 41;

const PAYLOAD: &str = r#"{"Records": [{
    "messageId": "059f36b4-87a3-44ab-83d2-661975830a7d", "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
    "body": "{\"event_type_name\": \"OrderPlaced\", \"order_id\": \"o-1\", \"total_cents\": 4200}",
    "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "1795459037733"},
    "messageAttributes": {}, "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:billing",
    "awsRegion": "eu-west-1"}]}"#;

/// Of one start: until it asked for its first invocation, and until it had answered it.
#[derive(Debug, Clone, Copy)]
struct Start {
    ready: Duration,
    answered: Duration,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let programs: Vec<PathBuf> = std::env::args().skip(1).map(PathBuf::from).collect();
    let mut starts = vec![Vec::new(); programs.len()];
    for round in 0..ROUNDS {
        for (program, starts) in programs.iter().zip(&mut starts) {
            let start = start(program).await?;
            // The first reads the program from disk.
            if round > 0 {
                starts.push(start);
            }
        }
    }
    let mut bare = None;
    for (program, starts) in programs.iter().zip(&starts) {
        let name = program.file_stem().unwrap_or_default().to_string_lossy();
        let ready = median(starts.iter().map(|start| start.ready));
        let answered = median(starts.iter().map(|start| start.answered));
        let bytes = std::fs::metadata(program)?.len();
        println!("{name}: ready after {ready:.2} ms, first answer after {answered:.2} ms, {bytes} bytes");
        match bare.take() {
            None => bare = Some((answered, bytes)),
            Some((bare_answered, bare_bytes)) => {
                println!("figure {name}_cold_start_vs_bare {:.3}", answered / bare_answered);
                println!("figure {name}_binary_size_vs_bare {:.3}", bytes as f64 / bare_bytes as f64);
            }
        }
    }
    Ok(())
}

async fn start(program: &Path) -> Result<Start, Box<dyn Error>> {
    let runtime = Runtime::start().await?;
    let begun = Instant::now();
    let mut function = Command::new(program)
        .envs(runtime.environment())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    tokio::time::timeout(Duration::from_secs(10), runtime.ready()).await.map_err(|_| "the function does not start")?;
    let ready = begun.elapsed();
    let answer = runtime.invoke(PAYLOAD).await;
    let answered = begun.elapsed();
    function.kill().await?;
    match answer {
        Answer::Response(response) if response == r#"{"batchItemFailures":[]}"# => Ok(Start { ready, answered }),
        other => Err(format!("{}: {other}", program.display()).into()),
    }
}

/// In milliseconds.
fn median(times: impl Iterator<Item = Duration>) -> f64 {
    let mut times: Vec<Duration> = times.collect();
    times.sort();
    times.get(times.len() / 2).map_or(f64::NAN, |time| time.as_secs_f64() * 1_000.0)
}
