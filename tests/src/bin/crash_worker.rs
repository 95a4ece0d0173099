//! A worker that notes on standard output every event it has handled, one number a line, and is killed by the test.

use std::io::Write as _;
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

#[melange::subscriber(listens_to = Job)]
async fn note(job: &Job) -> Result<(), std::io::Error> {
    tokio::time::sleep(Duration::from_millis(20)).await;
    // One write for the line: a kill cannot cut it in two.
    let mut out = std::io::stdout().lock();
    out.write_all(format!("{}\n", job.number).as_bytes())?;
    out.flush()
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let prefix = std::env::args().nth(1).ok_or("usage: crash_worker PREFIX")?;
    let aws = Aws::from_config(&server::config().await).prefix(prefix);
    let queue = aws.queue("workers").provision(Provision::Create).visibility(Duration::from_secs(5));
    let bus = EventBus::builder().linked().transport(queue).concurrency(20).build()?;
    bus.start().await?;
    println!("ready");
    tokio::signal::ctrl_c().await?;
    bus.shutdown(Duration::from_secs(10)).await?;
    Ok(())
}
