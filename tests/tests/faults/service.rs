//! The service under test: what subscribes to the events of these tests, and buses that run it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use melange::{EventBus, EventBusBuilder, Metadata, Outcome, State, Transport, subscriber};
use melange_aws::{Aws, AwsQueue, Provision};
use melange_aws_stub::Stub;

use crate::counts::Counts;
use crate::events::{Job, Step};

/// The queue of `work`.
pub(crate) const WORKERS: &str = "workers";

/// The queue of `step`.
pub(crate) const STEPS: &str = "stepping.fifo";

/// Longest anything is waited for.
const PATIENCE: Duration = Duration::from_secs(40);

#[subscriber(listens_to = Job, retry(attempts = 5, backoff = "1s..2s"))]
async fn work(job: &Job, meta: &Metadata, State(counts): State<Counts>) -> Outcome {
    tokio::time::sleep(Duration::from_millis(job.takes_ms)).await;
    if meta.attempt <= job.failing {
        assert!(!job.panics, "a test says so");
        return Outcome::retry("a test says so");
    }
    counts.receive(job.number, &meta.event_id);
    Outcome::Done
}

/// Whatever it is told to, it takes no time.
#[subscriber(listens_to = Job, name = "work")]
async fn haste(job: &Job, meta: &Metadata, State(counts): State<Counts>) {
    counts.receive(job.number, &meta.event_id);
}

#[subscriber(listens_to = Step, retry(attempts = 5, backoff = "1s..1s"))]
async fn step(step: &Step, meta: &Metadata, State(counts): State<Counts>) -> Outcome {
    if meta.attempt <= step.failing {
        return Outcome::retry("a test says so");
    }
    counts.receive(step.number, &meta.event_id);
    Outcome::Done
}

/// A bus of the workers, with short polls.
pub(crate) fn workers(transport: impl Transport, counts: &Counts) -> EventBusBuilder {
    EventBus::builder()
        .subscribers(melange::subscribers![work])
        .state(counts.clone())
        .transport(transport)
        .wait(Duration::from_secs(1))
}

/// The same, of those that take no time.
pub(crate) fn hasty(transport: impl Transport, counts: &Counts) -> EventBusBuilder {
    EventBus::builder()
        .subscribers(melange::subscribers![haste])
        .state(counts.clone())
        .transport(transport)
        .wait(Duration::from_secs(1))
}

/// The same for those that go step by step.
pub(crate) fn stepping(transport: impl Transport, counts: &Counts) -> EventBusBuilder {
    EventBus::builder()
        .subscribers(melange::subscribers![step])
        .state(counts.clone())
        .transport(transport)
        .wait(Duration::from_secs(1))
}

/// The stub's account, by the SDK's own configuration.
pub(crate) fn aws(stub: &Stub) -> Aws {
    Aws::from_config(&stub.sdk_config())
}

/// The workers' queue in the stub, made if it is not there.
pub(crate) fn queue(stub: &Stub, name: &str, visibility: Duration) -> AwsQueue {
    aws(stub).queue(name).provision(Provision::Create).visibility(visibility)
}

/// A bus that has started.
pub(crate) async fn started(builder: EventBusBuilder) -> EventBus {
    let bus = builder.build().unwrap();
    bus.start().await.unwrap();
    bus
}

/// A bus that has not started, whose topics and queues are there.
pub(crate) async fn prepared(builder: EventBusBuilder, transport: &impl Transport) -> EventBus {
    let bus = builder.build().unwrap();
    transport.prepare(bus.topology()).await.unwrap();
    bus
}

/// Waits until it is so; in paused time too.
pub(crate) async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "{what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Longest that this process was not let run, since it was asked to look. What must be done in time cannot be then.
#[derive(Clone, Default)]
pub(crate) struct Stalls(Arc<AtomicU64>);

impl Stalls {
    /// Looks from now on, as long as the runtime lives.
    pub(crate) fn watched() -> Self {
        const PAUSE: Duration = Duration::from_millis(20);
        let stalls = Self::default();
        let noted = stalls.clone();
        tokio::spawn(async move {
            loop {
                let begun = Instant::now();
                tokio::time::sleep(PAUSE).await;
                let late = begun.elapsed().saturating_sub(PAUSE);
                noted.0.fetch_max(late.as_millis().try_into().unwrap(), Ordering::Relaxed);
            }
        });
        stalls
    }

    pub(crate) fn longest(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::Relaxed))
    }
}

/// Stops it, which must be in order.
pub(crate) async fn stop(bus: EventBus) {
    bus.shutdown(Duration::from_secs(10)).await.unwrap();
}
