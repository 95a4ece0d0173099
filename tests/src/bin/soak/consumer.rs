//! A process that consumes, from a standard and from a FIFO queue, until SIGTERM or until it is killed.

use std::process::ExitCode;
use std::time::Duration;

use melange::{EventBus, Outcome};
use melange_aws::{Aws, Provision};
use tokio::time::sleep;

use crate::events::{Job, QUEUE, Step};
use crate::line::{Id, Line, tell_tasks};

/// Short, so that what a killed process had in hand comes again soon.
const VISIBILITY: Duration = Duration::from_secs(6);

/// So many that only what is lost for another reason would come to the dead-letter queue.
const RECEIVES: u32 = 1000;

#[melange::subscriber(listens_to = Job, retry(attempts = 900, backoff = "1s..2s"))]
async fn work(job: &Job) -> Outcome {
    handle(Id { key: None, number: job.number }).await
}

#[melange::subscriber(listens_to = Step, queue = "soak-steps.fifo", retry(attempts = 900, backoff = "1s..2s"))]
async fn step(step: &Step) -> Outcome {
    handle(Id { key: Some(step.key), number: step.number }).await
}

/// Most are done soon; some take longer, a few longer than the visibility, and some fail or panic before their effect.
async fn handle(id: Id) -> Outcome {
    match fastrand::u32(0..1000) {
        0..3 => sleep(VISIBILITY + Duration::from_secs(2)).await,
        3..20 => sleep(Duration::from_millis(fastrand::u64(50..800))).await,
        20..40 => return Outcome::retry("the soak says so"),
        #[allow(clippy::panic, reason = "a handler that panics is one of the faults")]
        40..43 => panic!("the soak says so"),
        _ => {}
    }
    Line::Received(id).say();
    Outcome::Done
}

pub(crate) async fn run(name: &str) -> ExitCode {
    // Its panics are wanted.
    std::panic::set_hook(Box::new(|_| {}));
    let transport = Aws::from_env().await.queue(QUEUE).provision(Provision::Create);
    let transport = transport.visibility(VISIBILITY).max_receives(RECEIVES);
    let bus = match EventBus::builder().linked().transport(transport).concurrency(40).build() {
        Ok(bus) => bus,
        Err(problems) => return ended(name, &problems.to_string()),
    };
    // With faults about, a start may fail; whoever runs it would start it again.
    while bus.start().await.is_err() {
        sleep(Duration::from_millis(300)).await;
    }
    let ran = tokio::select! {
        ran = bus.run(Duration::from_secs(10)) => ran,
        () = tell_tasks(name) => return ExitCode::FAILURE,
    };
    match ran {
        Ok(_) => {
            Line::Ended(name.to_owned(), "in order".to_owned()).say();
            ExitCode::SUCCESS
        }
        Err(error) => ended(name, &error.to_string()),
    }
}

fn ended(name: &str, how: &str) -> ExitCode {
    Line::Ended(name.to_owned(), how.replace('\n', " ")).say();
    ExitCode::FAILURE
}
