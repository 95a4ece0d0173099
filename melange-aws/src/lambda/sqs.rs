//! A function behind a queue.

use std::collections::HashSet;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use aws_lambda_events::event::sqs::SqsBatchResponse;
use lambda_runtime::{Context, LambdaEvent, Service};
use melange::{EventBus, Intake};
use serde_json::value::RawValue;
use tokio::time::{Instant, timeout_at};

use super::batch::{self, Ended, Work};
use super::deadline::Deadline;
use super::payload::{Payload, records};
use super::record::{self, Record, Source};
use super::settings::settings_methods;
use super::{InvocationError, Settings};

/// Longest that resting times are told to SQS for.
const RESTING: Duration = Duration::from_secs(2);

/// For how many messages at once: ten requests.
const AT_ONCE: usize = 100;

/// The bus as a function behind an SQS queue, or behind an EventBridge pipe from one: for [`lambda_runtime::run`].
///
/// ```no_run
/// # use melange::EventBus;
/// # #[tokio::main]
/// # async fn main() -> Result<(), lambda_runtime::Error> {
/// let bus = EventBus::builder().linked().build()?;
/// lambda_runtime::run(melange_aws::lambda::from_sqs(bus)).await
/// # }
/// ```
///
/// # `ReportBatchItemFailures` must be enabled
///
/// **On the event source mapping, set `FunctionResponseTypes` to `ReportBatchItemFailures`. Without it, Lambda ignores
/// the response, treats the whole batch as done, and deletes the messages that failed. They are lost.** An invocation
/// does not show whether it is enabled, so this cannot be checked here. A pipe needs no such setting.
///
/// Also set the queue's visibility timeout to at least six times the function's timeout, and `maxReceiveCount` of its
/// redrive policy to at least 5, as the Lambda developer guide recommends.
///
/// # What it does
///
/// - Bodies may be events, as with raw message delivery, or in the envelope of SNS or of EventBridge (`detail`).
/// - Records are handled concurrently ([`concurrency`](Sqs::concurrency)). One that cannot be read, or whose handler
///   fails or panics, does not affect the others.
/// - The response names exactly the records that failed. If a record without an id fails, the invocation fails, because
///   a response without it would delete it.
/// - FIFO queues: after a record that failed, the later ones of its message group are not run, and are reported as
///   failed. Other groups go on.
/// - Near the end of the invocation ([`deadline_margin`](Sqs::deadline_margin)) no more handlers are started, those
///   running are signalled through their `CancellationToken`, and unfinished records are reported as failed.
/// - The function remembers by record id which subscribers are done with a failed record: while it stays warm, only the
///   others run again.
///
/// # Retry and reject
///
/// A retry is a failed record. If the bus's transport is that of the queue (`aws.queue("billing")`), the record's
/// visibility timeout is set to the subscriber's backoff, ten messages in a call; this needs
/// `sqs:ChangeMessageVisibility`. Otherwise, or if that call fails, it is redelivered after the visibility timeout it
/// has.
///
/// A rejected record, an unreadable one, and one whose attempts are used up are sent to the queue's dead-letter queue
/// (`billing-dlq`) through that transport, together with the reason, and are then done. If the transport is another
/// one, or there is no such queue, each is a failed record: it is redelivered until the redrive policy of its queue
/// moves it.
#[derive(Debug, Clone)]
pub struct Sqs {
    intake: Intake,
    settings: Settings,
}

/// The bus as a function behind an SQS queue. See [`Sqs`], and above all: **`ReportBatchItemFailures` must be
/// enabled**.
#[must_use]
pub fn from_sqs(bus: EventBus) -> Sqs {
    Sqs { intake: bus.intake(), settings: Settings::of(&bus) }
}

impl Sqs {
    settings_methods! {
        "Without it they run those of the bus's queue that is called as the queue they came from, with or without the prefix of its"
        "transport, and where there is none those of its own queue."
    }

    /// Handles one invocation: what the runtime calls, for handlers that do something of their own before or after.
    ///
    /// # Errors
    /// If `payload` is not an SQS event, or records without an id failed. The whole payload should be retried then.
    pub async fn handle<P: Payload + ?Sized>(
        &self,
        payload: &P,
        context: &Context,
    ) -> Result<SqsBatchResponse, InvocationError> {
        let deadline = Deadline::of(context, self.settings.margin);
        let (ids, works): (Vec<_>, Vec<_>) = read(payload)?
            .into_iter()
            .map(|Record { id, queue, lane, delivery }| {
                let queue = self.settings.queue.clone().or(queue);
                (id, Work::new(queue, lane, delivery))
            })
            .unzip();
        let works = batch::run(&self.intake, works, self.settings.concurrency, deadline).await;
        let ended = batch::ended(&works);
        self.note(&works, &ended);
        self.rest(&works, &ended, deadline).await;

        let failed: Vec<Option<&String>> =
            ids.iter().zip(&ended).filter(|(_, ended)| !ended.is_done()).map(|(id, _)| id.as_ref()).collect();
        tracing::info!(records = works.len(), failed = failed.len(), "batch handled");
        let nameless = failed.iter().filter(|id| id.is_none()).count();
        if nameless > 0 {
            for (work, _) in works.iter().zip(&ended).filter(|(_, ended)| ended.is_done()) {
                self.intake.comes_again_though_done(work.queue.as_deref(), &work.delivery);
            }
            return Err(InvocationError::nameless(nameless, works.len()));
        }
        let mut named = HashSet::new();
        let mut response = SqsBatchResponse::default();
        response.set_failures(failed.into_iter().flatten().filter(|id| named.insert(id.as_str())));
        Ok(response)
    }

    /// What was not begun has used up no attempt.
    fn note(&self, works: &[Work], ended: &[Ended<'_>]) {
        for (work, ended) in works.iter().zip(ended) {
            let message_id = &work.delivery.message_id;
            match ended {
                // Whoever failed has been named already.
                Ended::Taken(_) => {}
                Ended::Cut => tracing::warn!(message_id, why = ended.why(), "record not done"),
                Ended::Behind(_) | Ended::Late => {
                    tracing::warn!(message_id, why = ended.why(), "record not begun");
                    self.intake.goes_back_unrun(work.queue.as_deref(), &work.delivery);
                }
            }
        }
    }

    /// Tells SQS how long what failed is to rest, where it can be told.
    async fn rest(&self, works: &[Work], ended: &[Ended<'_>], deadline: Deadline) {
        let mut queues: Vec<(&str, Vec<_>)> = Vec::new();
        for (work, ended) in works.iter().zip(ended) {
            let (Some(after), Some(queue)) = (ended.rests(), work.queue.as_deref()) else { continue };
            match queues.iter_mut().find(|(known, _)| *known == queue) {
                Some((_, all)) => all.push((&work.delivery, after)),
                None => queues.push((queue, vec![(&work.delivery, after)])),
            }
        }
        let until = deadline.last().min(Instant::now() + RESTING);
        for (queue, all) in queues {
            for some in all.chunks(AT_ONCE) {
                match timeout_at(until, self.intake.rest(queue, some)).await {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => {
                        tracing::warn!(queue, %error, "SQS was not told how long to wait: it waits for the visibility's end");
                    }
                    Err(_) => {
                        tracing::warn!(
                            queue,
                            "there was no time to tell SQS how long to wait: it waits for the visibility's end"
                        );
                        return;
                    }
                }
            }
        }
    }
}

fn read<P: Payload + ?Sized>(payload: &P) -> Result<Vec<Record>, InvocationError> {
    let json = payload.json().map_err(|_| InvocationError::not_sqs(""))?;
    let all = records(&json).map_err(|_| InvocationError::not_sqs(""))?;
    let is_of = |source| all.iter().any(|json| record::source(json) == source);
    if !all.is_empty() && !is_of(Source::Sqs) {
        let hint = if is_of(Source::Sns) { "; these are records of SNS: use `from_sns`" } else { "" };
        return Err(InvocationError::not_sqs(hint));
    }
    Ok(all.into_iter().map(Record::read).collect())
}

impl Service<LambdaEvent<Box<RawValue>>> for Sqs {
    type Response = SqsBatchResponse;
    type Error = InvocationError;
    type Future = Pin<Box<dyn Future<Output = Result<SqsBatchResponse, InvocationError>> + Send>>;

    fn poll_ready(&mut self, _: &mut TaskContext<'_>) -> Poll<Result<(), InvocationError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, event: LambdaEvent<Box<RawValue>>) -> Self::Future {
        let this = self.clone();
        Box::pin(async move { this.handle(&event.payload, &event.context).await })
    }
}
