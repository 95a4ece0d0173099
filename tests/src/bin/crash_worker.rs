//! A worker that notes on standard output every event it has handled, one number a line, and is killed by the test. After
//! so many it only holds what it gets, so that it is killed in the middle however slow the test is.

use std::io::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use melange::EventBus;
use melange_aws::{Aws, Provision};
use melange_tests::server;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, melange::Event)]
#[event(topic = "jobs")]
struct Job {
    number: u64,
}

/// How many it handles yet.
static LEFT: AtomicUsize = AtomicUsize::new(0);

#[melange::subscriber(listens_to = Job)]
async fn note(job: &Job) -> Result<(), std::io::Error> {
    tokio::time::sleep(Duration::from_millis(20)).await;
    if LEFT.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_err() {
        return std::future::pending().await;
    }
    // One write for the line: a kill cannot cut it in two.
    let mut out = std::io::stdout().lock();
    out.write_all(format!("{}\n", job.number).as_bytes())?;
    out.flush()
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let usage = "usage: crash_worker PREFIX MESSAGES";
    let (prefix, messages) = (std::env::args().nth(1).ok_or(usage)?, std::env::args().nth(2).ok_or(usage)?);
    LEFT.store(messages.parse()?, Ordering::Relaxed);
    let aws = Aws::from_config(&server::config().await).prefix(prefix);
    let queue = aws.queue("workers").provision(Provision::Create).visibility(Duration::from_secs(5));
    let bus = EventBus::builder().linked().transport(queue).concurrency(20).build()?;
    bus.start().await?;
    println!("ready");
    tokio::signal::ctrl_c().await?;
    bus.shutdown(Duration::from_secs(10)).await?;
    Ok(())
}
