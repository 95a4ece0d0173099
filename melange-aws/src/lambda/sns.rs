//! A function behind a topic.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};

use lambda_runtime::{Context, LambdaEvent, Service};
use melange::{EventBus, Intake};
use serde_json::value::RawValue;

use super::batch::{self, Work};
use super::deadline::Deadline;
use super::payload::{Payload, records};
use super::record::{self, Source};
use super::settings::settings_methods;
use super::{InvocationError, Settings, sns_record};

/// The bus as a function behind SNS topics: for [`lambda_runtime::run`].
///
/// ```no_run
/// # use melange::EventBus;
/// # #[tokio::main]
/// # async fn main() -> Result<(), lambda_runtime::Error> {
/// let bus = EventBus::builder().linked().build()?;
/// lambda_runtime::run(melange_aws::lambda::from_sns(bus)).await
/// # }
/// ```
///
/// Every record is handled, whatever happens to the others (SNS puts one into each invocation): every subscriber of the
/// bus that listens to it runs, of all queues. If one is not done, the invocation fails once all have run, so that
/// Lambda retries it: twice, unless the function is configured otherwise, then it goes to the function's on-failure
/// destination or dead-letter queue, if there is one. **Configure one: without it, an event that failed three times is
/// lost.** In a warm function, only the subscribers that failed run again.
///
/// The number of the attempt is not in the payload, so `retry(attempts = ..)` has no effect here: Lambda counts. A
/// rejected or unreadable event goes to the dead-letter queue of the bus's own queue, if its transport is
/// `aws.queue("billing")` and there is a `billing-dlq`. Otherwise it fails the invocation as well.
#[derive(Debug, Clone)]
pub struct Sns {
    intake: Intake,
    settings: Settings,
}

/// The bus as a function behind SNS topics. See [`Sns`].
#[must_use]
pub fn from_sns(bus: EventBus) -> Sns {
    Sns { intake: bus.intake(), settings: Settings::of(&bus) }
}

impl Sns {
    settings_methods! { "Without it they run those of all its queues." }

    /// Handles one invocation: what the runtime calls, for handlers that do something of their own before or after.
    ///
    /// # Errors
    /// If `payload` is not an SNS event, or a record is not done. The whole payload should be retried then.
    pub async fn handle<P: Payload + ?Sized>(&self, payload: &P, context: &Context) -> Result<(), InvocationError> {
        let deadline = Deadline::of(context, self.settings.margin);
        let json = payload.json().map_err(|_| InvocationError::not_sns(""))?;
        let all = sns_record::all(&json).map_err(|_| InvocationError::not_sns(hint(&json)))?;
        let work = |sns| Work::new(self.settings.queue.clone(), None, sns_record::delivery(sns));
        let works = all.into_iter().map(work).collect();
        let works = batch::run(&self.intake, works, self.settings.concurrency, deadline).await;
        let ended = batch::ended(&works);
        let failed = ended.iter().filter(|ended| !ended.is_done()).count();
        tracing::info!(records = works.len(), failed, "event handled");
        let Some(first) = ended.iter().find(|ended| !ended.is_done()) else { return Ok(()) };
        for (work, _) in works.iter().zip(&ended).filter(|(_, ended)| ended.is_done()) {
            self.intake.comes_again_though_done(work.queue.as_deref(), &work.delivery);
        }
        Err(InvocationError::failed(failed, works.len(), first.why()))
    }
}

/// What it may be instead.
fn hint(json: &str) -> &'static str {
    match records(json) {
        Ok(all) if all.iter().any(|json| record::source(json) == Source::Sqs) => {
            "; these are records of SQS: use `from_sqs`"
        }
        _ => "",
    }
}

impl Service<LambdaEvent<Box<RawValue>>> for Sns {
    type Response = ();
    type Error = InvocationError;
    type Future = Pin<Box<dyn Future<Output = Result<(), InvocationError>> + Send>>;

    fn poll_ready(&mut self, _: &mut TaskContext<'_>) -> Poll<Result<(), InvocationError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, event: LambdaEvent<Box<RawValue>>) -> Self::Future {
        let this = self.clone();
        Box::pin(async move { this.handle(&event.payload, &event.context).await })
    }
}
