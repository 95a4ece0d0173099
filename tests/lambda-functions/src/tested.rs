//! A function for `tests/tests/lambda`, whose subscribers do what each event says and note on standard output what they did.
//!
//! `lambda_tested sqs|sns|scheduled [QUEUE]`; with a queue, the bus is on AWS, where the environment says it is.

use std::collections::HashSet;
use std::io::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use melange::{
    CancellationToken, EventBus, EventBusBuilder, MessageConsumer, MessagePublisher, Metadata, Outcome, State,
};
use melange_aws::{Aws, Provision, lambda};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, melange::Event)]
#[event(topic = "jobs")]
struct Job {
    number: u32,
    #[serde(default)]
    act: Act,
}

#[derive(Serialize, Deserialize, Default)]
enum Act {
    #[default]
    Done,
    Fail,
    /// The first time.
    FailOnce,
    FailAfter(u64),
    Reject,
    Panic,
    Sleep(u64),
    /// Until its token is cancelled.
    Heed,
    Publish,
    Trace,
}

#[derive(Serialize, Deserialize, melange::Event)]
#[event(topic = "results")]
struct Worked {
    number: u32,
}

/// Where results are published, if anywhere.
#[derive(Clone)]
struct Results(Option<MessagePublisher>);

#[melange::subscriber(listens_to = Job, retry(attempts = 4, backoff = "40s..40s"))]
async fn work(job: &Job, meta: &Metadata, token: CancellationToken, State(results): State<Results>) -> Outcome {
    static FAILED: Mutex<Option<HashSet<u32>>> = Mutex::new(None);
    say(format_args!("work {}", job.number));
    match job.act {
        Act::Done => {}
        Act::Fail => return Outcome::retry("as it was told"),
        Act::FailOnce => {
            let mut failed = FAILED.lock().unwrap_or_else(PoisonError::into_inner);
            if failed.get_or_insert_default().insert(job.number) {
                return Outcome::retry("as it was told, once");
            }
        }
        Act::FailAfter(seconds) => return Outcome::retry_after("as it was told", Duration::from_secs(seconds)),
        Act::Reject => return Outcome::reject("as it was told, for good"),
        Act::Panic => std::panic::resume_unwind(Box::new("hunter2")),
        Act::Sleep(millis) => tokio::time::sleep(Duration::from_millis(millis)).await,
        Act::Heed => {
            token.cancelled().await;
            say(format_args!("told {}", job.number));
        }
        Act::Publish => {
            if let Some(results) = results.0
                && let Err(error) = results.publish(Worked { number: job.number }).await
            {
                return Outcome::retry(error);
            }
        }
        Act::Trace => say(format_args!("trace {}", meta.traceparent().unwrap_or("none"))),
    }
    say(format_args!("worked {} {}", job.number, meta.attempt));
    Outcome::Done
}

#[melange::subscriber(listens_to = Job)]
async fn count(job: &Job) {
    say(format_args!("count {}", job.number));
}

fn say(what: std::fmt::Arguments<'_>) {
    let mut out = std::io::stdout().lock();
    // Whoever reads it may be gone.
    let _ = out.write_all(format!("{what}\n").as_bytes()).and_then(|()| out.flush());
}

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    let mut arguments = std::env::args().skip(1);
    let (kind, queue) = (arguments.next().ok_or("usage: lambda_function sqs|sns|scheduled [QUEUE]")?, arguments.next());
    let aws = match &queue {
        Some(_) => Some(Aws::from_env().await.prefix("staging-")),
        None => None,
    };
    let results = Results(aws.clone().map(MessagePublisher::new));
    let transport = aws.zip(queue).map(|(aws, queue)| aws.queue(queue).provision(Provision::Assume));
    if kind == "scheduled" {
        let consumer = MessageConsumer::builder().linked().state(results).wait(Duration::from_secs(1));
        let consumer = consumer.transport(transport.ok_or("a queue is needed")?).build()?;
        return lambda_runtime::run(lambda::scheduled(consumer).at_most(5)).await;
    }
    let builder = EventBus::builder().linked().state(results);
    let bus = transport.into_iter().fold(builder, EventBusBuilder::transport).build()?;
    match kind.as_str() {
        "sqs" => lambda_runtime::run(lambda::from_sqs(bus)).await,
        "sns" => lambda_runtime::run(lambda::from_sns(bus)).await,
        other => Err(format!("there is no function behind {other}").into()),
    }
}
