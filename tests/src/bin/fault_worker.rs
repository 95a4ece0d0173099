//! The child process of the fault tests: it says on standard output what it does, one line for each thing, and is killed,
//! stopped, frozen or told to stop by the tests.
//!
//! - `consume VISIBILITY_SECONDS GRACE_SECONDS` runs a worker: `began NUMBER`, `done NUMBER EVENT_ID ATTEMPT`, and at the
//!   end `stopped ..` or `failed ..`.
//! - `start` does the same, and is told to stop while it starts.
//! - `publish` publishes 25 at a time without end: `attempt NUMBER`, then `ok NUMBER` for what was acknowledged.

use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use melange::{CancellationToken, EventBus, MessagePublisher, Metadata};
use melange_aws::{Aws, Provision};

#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/faults/events.rs"]
mod events;

use events::{Job, jobs};

/// One write for the line: a kill cannot cut it in two.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    // Whoever reads it may be gone.
    let _ = out.write_all(format!("{line}\n").as_bytes()).and_then(|()| out.flush());
}

#[melange::subscriber(listens_to = Job, retry(attempts = 5, backoff = "1s..1s"))]
async fn work(job: &Job, meta: &Metadata, token: CancellationToken) {
    say(&format!("began {}", job.number));
    tokio::select! {
        () = tokio::time::sleep(Duration::from_millis(job.takes_ms)) => {
            say(&format!("done {} {} {}", job.number, meta.event_id, meta.attempt));
        }
        () = token.cancelled() => say(&format!("cancelled {}", job.number)),
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt().with_env_filter("melange=warn").with_writer(std::io::stderr).init();
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let seconds = |text: &str| Duration::from_secs(text.parse().unwrap_or(5));
    let aws = Aws::from_env().await;
    match args.as_slice() {
        ["consume", visibility, grace] => run(aws, seconds(visibility), seconds(grace), true).await,
        ["start"] => run(aws, Duration::from_secs(30), Duration::from_secs(5), false).await,
        ["publish"] => publish(aws).await,
        _ => {
            eprintln!("usage: fault_worker consume VISIBILITY_SECONDS GRACE_SECONDS | start | publish");
            ExitCode::from(2)
        }
    }
}

async fn run(aws: Aws, visibility: Duration, grace: Duration, start: bool) -> ExitCode {
    let transport = aws.queue("workers").provision(Provision::Create).visibility(visibility);
    let bus = match EventBus::builder().linked().transport(transport).concurrency(20).build() {
        Ok(bus) => bus,
        Err(problems) => {
            say(&format!("failed {problems}"));
            return ExitCode::FAILURE;
        }
    };
    if start && let Err(error) = bus.start().await {
        say(&format!("failed {error}"));
        return ExitCode::FAILURE;
    }
    say("ready");
    let ran = bus.run(grace).await;
    let unsettled = bus.metrics().unsettled;
    match ran {
        Ok(report) => {
            let (finished, released) = (report.finished, report.released);
            say(&format!("stopped finished {finished} released {released} unsettled {unsettled}"));
            ExitCode::SUCCESS
        }
        Err(error) => {
            say(&format!("failed {error}"));
            ExitCode::FAILURE
        }
    }
}

async fn publish(aws: Aws) -> ExitCode {
    let publisher = MessagePublisher::new(aws);
    say("ready");
    let mut first = 0;
    loop {
        let numbers = first..first + 25;
        numbers.clone().for_each(|number| say(&format!("attempt {number}")));
        let answers = publisher.publish_all(jobs(numbers.clone())).await;
        for (number, _) in numbers.zip(answers).filter(|(_, answer)| answer.is_ok()) {
            say(&format!("ok {number}"));
        }
        first += 25;
    }
}
