//! The child process of the fault tests: it says on standard output what it does, one line for each thing, and is killed,
//! stopped, frozen or told to stop by the tests.
//!
//! - `consume VISIBILITY_SECONDS GRACE_SECONDS` runs a worker: `began NUMBER`, `done NUMBER EVENT_ID ATTEMPT` or `cancelled
//!   NUMBER`; `stopping` once it was told to stop, and at the end `stopped ..` or `failed ..`.
//! - `hold VISIBILITY_SECONDS GRACE_SECONDS` does the same, and is done with nothing: it holds all that it gets.
//! - `start` does the same, and is told to stop while it starts.
//! - `publish FIRST` publishes 25 at a time without end, numbered from `FIRST`: `attempt NUMBER`, then `ok NUMBER` for what
//!   was acknowledged.

use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use melange::{CancellationToken, EventBus, MessagePublisher, Metadata, QueueState, State};
use melange_aws::{Aws, Provision};

#[path = "../../tests/faults/events.rs"]
mod events;

use events::{Job, jobs};

/// One write for the line: a kill cannot cut it in two.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    // Whoever reads it may be gone.
    let _ = out.write_all(format!("{line}\n").as_bytes()).and_then(|()| out.flush());
}

/// Whether handlers go on until they are told to stop, however long their job takes.
#[derive(Clone, Copy)]
struct Hold(bool);

#[melange::subscriber(listens_to = Job, retry(attempts = 5, backoff = "1s..1s"))]
async fn work(job: &Job, meta: &Metadata, token: CancellationToken, State(Hold(hold)): State<Hold>) {
    say(&format!("began {}", job.number));
    tokio::select! {
        () = tokio::time::sleep(Duration::from_millis(job.takes_ms)), if !hold => {
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
        [how @ ("consume" | "hold"), visibility, grace] => {
            run(aws, seconds(visibility), seconds(grace), Hold(*how == "hold"), true).await
        }
        ["start"] => run(aws, Duration::from_secs(30), Duration::from_secs(5), Hold(false), false).await,
        ["publish", first] => publish(aws, first.parse().unwrap_or(0)).await,
        _ => {
            eprintln!("usage: fault_worker consume|hold VISIBILITY_SECONDS GRACE_SECONDS | start | publish FIRST");
            ExitCode::from(2)
        }
    }
}

async fn run(aws: Aws, visibility: Duration, grace: Duration, hold: Hold, start: bool) -> ExitCode {
    let transport = aws.queue("workers").provision(Provision::Create).visibility(visibility);
    let bus = match EventBus::builder().linked().state(hold).transport(transport).concurrency(20).build() {
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
    let told = async {
        while bus.health().queues.iter().any(|queue| queue.state != QueueState::Stopped) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        say("stopping");
        std::future::pending().await
    };
    let ran = tokio::select! {
        ran = bus.run(grace) => ran,
        () = told => return ExitCode::FAILURE,
    };
    let (unsettled, leases_lost) = (bus.metrics().unsettled, bus.metrics().leases_lost);
    match ran {
        Ok(report) => {
            let (finished, released) = (report.finished, report.released);
            let went_wrong = format!("unsettled {unsettled} leases_lost {leases_lost}");
            say(&format!("stopped finished {finished} released {released} {went_wrong}"));
            ExitCode::SUCCESS
        }
        Err(error) => {
            say(&format!("failed {error}"));
            ExitCode::FAILURE
        }
    }
}

async fn publish(aws: Aws, mut first: u64) -> ExitCode {
    let publisher = MessagePublisher::new(aws);
    say("ready");
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
