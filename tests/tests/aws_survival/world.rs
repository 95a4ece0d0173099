//! An account with the topic `orders` and the queue `billing`, and a program that consumes from it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use melange::transport::{Delivery, TransportError, TransportErrorKind};
use melange::{Event, EventBus, MessagePublisher, Outcome, PublishError, Transport};
use melange_aws::{Aws, AwsQueue, Provision};
use melange_aws_stub::Stub;
use serde::{Deserialize, Serialize};

/// Long enough for a machine with much else to do.
pub const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(topic = "orders")]
pub struct OrderPlaced {
    pub order_id: String,
}

/// On a FIFO topic.
#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(topic = "orders.fifo")]
pub struct OrderShipped {
    #[event(key)]
    pub order_id: String,
}

pub fn order(id: &str) -> OrderPlaced {
    OrderPlaced { order_id: id.to_owned() }
}

/// What every test works with.
pub struct World {
    pub stub: Stub,
    pub aws: Aws,
}

impl World {
    /// With topic, queue, dead-letter queue and subscription.
    pub async fn new() -> Self {
        let world = Self::empty().await;
        world.stub.create_topic("orders");
        world.stub.create_queue("billing-dlq");
        world.stub.create_queue("billing");
        world.stub.subscribe("orders", "billing", true);
        world
    }

    /// With nothing.
    pub async fn empty() -> Self {
        let stub = Stub::start().await;
        let aws = Aws::from_config(&patient(&stub));
        Self { stub, aws }
    }

    /// Whose calls end soon when nobody answers.
    pub fn hurried(mut self) -> Self {
        self.aws = Aws::from_config(&self.stub.hurried_config());
        self
    }

    /// With clients that have met nothing yet.
    pub fn renew(&mut self) {
        self.aws = Aws::from_config(&patient(&self.stub));
    }

    /// The same, with less patience for a call and its retries.
    pub fn give_up_after(&mut self, limit: Duration) {
        let config = patient(&self.stub);
        let timeouts = TimeoutConfig::builder().operation_attempt_timeout(limit).operation_timeout(limit).build();
        self.aws = Aws::from_config(&config.to_builder().timeout_config(timeouts).build());
    }

    pub fn queue(&self) -> AwsQueue {
        self.aws.queue("billing").provision(Provision::Assume)
    }

    pub fn publisher(&self) -> MessagePublisher {
        MessagePublisher::new(self.aws.clone())
    }

    /// Publishes, past all faults that are only for receives and such.
    pub async fn publish(&self, id: &str) {
        self.publisher().publish(order(id)).await.unwrap();
    }

    /// HTTP requests that publish, alone or in batches.
    pub fn publishes(&self) -> u64 {
        let requests = self.stub.requests();
        requests.of("Publish") + requests.of("PublishBatch")
    }

    /// A message in hand.
    pub async fn received(&self, queue: &AwsQueue) -> Delivery {
        self.publish("o-1").await;
        let mut deliveries = queue.receive("billing", 1, Duration::from_secs(1)).await.unwrap();
        deliveries.pop().expect("what was published is there")
    }

    /// A bus that consumes and notes what it handles.
    pub fn bus(&self) -> Running {
        self.bus_over(self.queue())
    }

    pub fn bus_over(&self, queue: AwsQueue) -> Running {
        let handled = Handled::default();
        let (placed, shipped) = (handled.clone(), handled.clone());
        let builder = EventBus::builder().transport(queue.clone()).wait(Duration::from_secs(1));
        let bus = if queue.own_queue().ends_with(".fifo") {
            builder.subscribe(move |order: &OrderShipped| shipped.note(&order.order_id)).build()
        } else {
            builder.subscribe(move |order: &OrderPlaced| placed.note(&order.order_id)).build()
        };
        Running { bus: bus.unwrap(), handled }
    }
}

/// A bus, and what it has handled.
pub struct Running {
    pub bus: EventBus,
    pub handled: Handled,
}

impl Running {
    /// Waits until all of these were handled, in whatever order, and no others.
    pub async fn handles(&self, ids: &[&str]) {
        let enough = || self.handled.all().len() >= ids.len();
        eventually(enough, || format!("of {ids:?} only {:?} were handled", self.handled.all())).await;
        let mut handled = self.handled.all();
        handled.sort();
        assert_eq!(handled, ids);
    }

    pub async fn stop(self) {
        self.bus.shutdown(Duration::from_secs(5)).await.unwrap();
    }
}

/// The ids of the orders that were handled.
#[derive(Debug, Clone, Default)]
pub struct Handled(Arc<Mutex<Vec<String>>>);

impl Handled {
    pub fn note(&self, id: &str) -> Outcome {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(id.to_owned());
        if id.starts_with("reject") { Outcome::reject("it says so") } else { Outcome::Done }
    }

    pub fn all(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Waits until `holds` does. A look every few milliseconds: what it looks at is in other threads, on real time.
pub async fn eventually(mut holds: impl FnMut() -> bool, otherwise: impl Fn() -> String) {
    let waiting = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    if tokio::time::timeout(PATIENCE, waiting).await.is_err() {
        panic!("{}", otherwise());
    }
}

/// The SDK's own number of attempts, without its pauses; timeouts that a slow machine does not meet by accident.
pub fn patient(stub: &Stub) -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .operation_attempt_timeout(Duration::from_secs(10))
        .operation_timeout(Duration::from_secs(30))
        .build();
    let retries = RetryConfig::standard()
        .with_initial_backoff(Duration::from_millis(2))
        .with_max_backoff(Duration::from_millis(20));
    stub.sdk_config().to_builder().timeout_config(timeouts).retry_config(retries).build()
}

/// What the transport had to say of a publish that failed.
pub fn cause(error: &PublishError) -> &TransportError {
    error.transport_error().expect("it failed in the transport")
}

/// The error and all that it came from.
pub fn said(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        text = format!("{text}; {error}");
        next = error.source();
    }
    text
}

/// The kind of error that a call ended with.
pub fn kind<T>(answer: &Result<T, TransportError>) -> Option<TransportErrorKind> {
    answer.as_ref().err().map(TransportError::kind)
}
