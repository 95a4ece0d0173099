//! A function on a schedule.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use lambda_runtime::{Context, LambdaEvent, Service};
use melange::transport::{TransportError, TransportErrorKind};
use melange::{Consumed, Fate, MessageConsumer};
use serde::Serialize;
use serde_json::value::RawValue;
use tokio::time::{Instant, timeout_at};

use super::InvocationError;
use super::deadline::{Deadline, MARGIN};

/// With less time than this nothing more is asked for.
const TOO_LITTLE: Duration = Duration::from_secs(1);

/// A consumer as a function on a schedule, for example of EventBridge: it consumes messages from its queues, one after
/// the other, until there are none, [`at_most`](Scheduled::at_most) is reached, or the invocation's time is over. For
/// [`lambda_runtime::run`].
///
/// ```no_run
/// # use melange::MessageConsumer;
/// # #[tokio::main]
/// # async fn main() -> Result<(), lambda_runtime::Error> {
/// # let aws = melange_aws::Aws::from_env().await;
/// let consumer = MessageConsumer::builder().transport(aws.queue("billing")).linked().build()?;
/// lambda_runtime::run(melange_aws::lambda::scheduled(consumer).at_most(100)).await
/// # }
/// ```
///
/// Each message is settled on its own, so that a timeout loses none, and only the one in flight is handled twice. The
/// response is a [`Report`] of what happened to them. That there are no messages is known only after a long poll, which
/// takes as long as the consumer's [`wait`](melange::MessageConsumerBuilder::wait), 20 seconds by default: a second is
/// enough here.
#[derive(Debug, Clone)]
pub struct Scheduled {
    consumer: Arc<MessageConsumer>,
    at_most: usize,
    margin: Duration,
}

/// The response of a scheduled function.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// Messages received.
    pub received: usize,
    /// Those that every subscriber is done with, or nobody listens to.
    pub done: usize,
    /// Those that will be redelivered.
    pub retried: usize,
    /// Those that are in a dead-letter queue now.
    pub dead_lettered: usize,
}

/// A consumer as a function on a schedule. See [`Scheduled`].
#[must_use]
pub fn scheduled(consumer: MessageConsumer) -> Scheduled {
    Scheduled { consumer: Arc::new(consumer), at_most: usize::MAX, margin: MARGIN }
}

impl Scheduled {
    /// Consumes at most this many messages in one invocation; by default, as many as there is time for.
    #[must_use]
    pub fn at_most(mut self, messages: usize) -> Self {
        self.at_most = messages;
        self
    }

    /// Stops this long before the end of the invocation (2 seconds by default), but never more than a quarter of the
    /// time there is. The message in flight is returned to the queue.
    #[must_use]
    pub fn deadline_margin(mut self, margin: Duration) -> Self {
        self.margin = margin;
        self
    }

    /// Handles one invocation.
    ///
    /// # Errors
    /// If the queue could not be reached.
    pub async fn handle(&self, context: &Context) -> Result<Report, InvocationError> {
        let deadline = Deadline::of(context, self.margin);
        let mut report = Report::default();
        while report.received < self.at_most {
            let consumed = match deadline.stop() {
                None => self.consumer.consume_event().await,
                Some(stop) => {
                    let left = stop.saturating_duration_since(Instant::now());
                    if left < TOO_LITTLE {
                        break;
                    }
                    let consuming = self.consumer.consume_event_within(left);
                    timeout_at(deadline.last(), consuming).await.unwrap_or_else(|_| Err(no_answer()))
                }
            };
            match consumed.map_err(InvocationError::consuming)? {
                Consumed::Message(processed) => report.count(processed.fate),
                _ => break,
            }
        }
        tracing::info!(?report, "queue consumed");
        Ok(report)
    }
}

fn no_answer() -> TransportError {
    TransportError::new(
        TransportErrorKind::Unavailable,
        "the queue did not answer before the invocation's time was over",
    )
}

impl Report {
    fn count(&mut self, fate: Fate) {
        self.received += 1;
        match fate {
            Fate::Handled | Fate::Ignored => self.done += 1,
            Fate::DeadLettered => self.dead_lettered += 1,
            _ => self.retried += 1,
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { received, done, retried, dead_lettered } = self;
        write!(f, "{received} received, {done} done, {retried} to come again, {dead_lettered} dead-lettered")
    }
}

impl Service<LambdaEvent<Box<RawValue>>> for Scheduled {
    type Response = Report;
    type Error = InvocationError;
    type Future = Pin<Box<dyn Future<Output = Result<Report, InvocationError>> + Send>>;

    fn poll_ready(&mut self, _: &mut TaskContext<'_>) -> Poll<Result<(), InvocationError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, event: LambdaEvent<Box<RawValue>>) -> Self::Future {
        let this = self.clone();
        Box::pin(async move { this.handle(&event.context).await })
    }
}
