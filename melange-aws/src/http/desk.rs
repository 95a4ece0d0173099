//! A request, from its first byte to its answer.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::request::Parts;
use http::{Method, Request};
use http_body::Body;
use melange::transport::{Delivery, Inbound};
use melange::{Attributes, CancellationToken, EventBus, Intake, Settle, Timestamp};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout, timeout_at};

use super::body::{self, BodyError};
use super::raw;
use super::replay::{self, End, Replay, Seat, Turn};
use super::settings::Settings;
use super::status::Answer;
use crate::Aws;
use crate::envelope::{Letter, LetterKind};
use crate::names::Names;
use crate::signature::VerifiedLetter;
use crate::sqs::Held;

/// How long a handler that was told to stop may go on; the intake gives it half a second.
const GRACE: Duration = Duration::from_secs(1);
/// How many bodies are read for each letter that is handled: they need no more than memory.
const READS: usize = 4;

/// What all clones of an endpoint share.
pub(super) struct Desk {
    pub(super) settings: Settings,
    /// Where the bus is, if it is on AWS.
    pub(super) aws: Option<Aws>,
    pub(super) intake: Intake,
    replay: Replay,
    reading: Semaphore,
    handling: Semaphore,
    said_that_nothing_is_allowed: AtomicBool,
}

impl Desk {
    pub(super) fn new(settings: Settings, aws: Option<Aws>, intake: Intake) -> Self {
        Self {
            replay: Replay::new(settings.remembered),
            reading: Semaphore::new(settings.concurrency.saturating_mul(READS)),
            handling: Semaphore::new(settings.concurrency),
            said_that_nothing_is_allowed: AtomicBool::new(false),
            settings,
            aws,
            intake,
        }
    }

    /// The account of the bus, by whichever transport.
    pub(super) fn aws_of(bus: &EventBus) -> Option<Aws> {
        let of_queue = || bus.transport::<crate::AwsQueue>().map(crate::AwsQueue::aws);
        bus.transport::<Aws>().or_else(of_queue).cloned()
    }

    pub(super) async fn answer<B: Body>(&self, request: Request<B>) -> Answer {
        let start = Instant::now();
        let (parts, body) = request.into_parts();
        if parts.method != Method::POST {
            return Answer::NotPost;
        }
        let overloaded = || {
            tracing::warn!(
                concurrency = self.settings.concurrency,
                "too many letters at once: SNS is told to come again"
            );
            Answer::Later
        };
        let body = {
            let Ok(_reading) = self.reading.try_acquire() else { return overloaded() };
            match body::read(body, self.settings.body_limit).await {
                Ok(body) => body,
                Err(BodyError::TooLarge) => {
                    let limit = self.settings.body_limit;
                    tracing::warn!(limit, "a body is too large; if it is one of SNS, raise `.body_limit(..)`");
                    return Answer::TooLarge;
                }
                // If it was SNS, the network is to blame, and it may go well the next time.
                Err(why @ (BodyError::TooSlow | BodyError::Broken)) => {
                    tracing::warn!(?why, "a body did not come to its end");
                    return Answer::Later;
                }
            }
        };
        let Ok(_handling) = self.handling.try_acquire() else { return overloaded() };
        let stop = CancellationToken::new();
        let mut work = std::pin::pin!(self.judge(&parts, &body, &stop));
        if let Ok(answer) = timeout_at(start + self.settings.timeout, &mut work).await {
            return answer;
        }
        tracing::warn!(after = ?self.settings.timeout, "a letter took too long: SNS is told to come again");
        stop.cancel();
        timeout(GRACE, work).await.unwrap_or(Answer::Later)
    }

    async fn judge(&self, parts: &Parts, body: &[u8], stop: &CancellationToken) -> Answer {
        if self.settings.signatures.allows_nothing() && !self.said_that_nothing_is_allowed.swap(true, Ordering::Relaxed)
        {
            tracing::error!(
                "no topic is allowed, so that every letter is refused; say which by `.allow_topic(\"arn:aws:sns:...\")`"
            );
        }
        if raw::is_raw(parts) {
            return match raw::read(&self.settings, &self.names(), parts, body) {
                Ok(raw) => self.handle(raw.topic_arn, raw.message_id, None, raw.inbound, raw.body, stop).await,
                Err(answer) => answer,
            };
        }
        match self.verify(body).await {
            Ok(letter) => self.take(letter, body, stop).await,
            Err(answer) => answer,
        }
    }

    async fn verify(&self, body: &[u8]) -> Result<VerifiedLetter, Answer> {
        let letter = Letter::read(body).map_err(|why| {
            // Anyone can send anything: no reason to fill the log.
            tracing::debug!(%why, "not a letter of SNS");
            Answer::NotALetter
        })?;
        let signatures = &self.settings.signatures;
        let timely = |letter: &Letter| {
            replay::is_timely(&letter.timestamp, signatures.now()).map_err(|why| {
                tracing::warn!(topic_arn = letter.topic_arn, why, "a letter was not taken");
                Answer::Refused
            })
        };
        signatures.verify_letter(letter, timely).await
    }

    async fn take(&self, letter: VerifiedLetter, body: &[u8], stop: &CancellationToken) -> Answer {
        let (topic_arn, message_id) = (letter.topic_arn().to_owned(), letter.message_id().to_owned());
        if letter.kind() == LetterKind::Notification {
            let inbound = letter.inbound(&self.names(), self.settings.unsigned_attributes);
            let sent_at = replay::sent_at(letter.timestamp());
            // It was read, so it is UTF-8.
            let body = String::from_utf8_lossy(body).into();
            let sent_at = sent_at.and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
            let sent_at = sent_at.and_then(|at| Timestamp::from_unix_millis(i64::try_from(at.as_millis()).ok()?));
            return self.handle(topic_arn, message_id, sent_at, inbound, body, stop).await;
        }
        let turn = match self.seat(&topic_arn, &message_id) {
            Ok(turn) => turn,
            Err(answer) => return answer,
        };
        let confirmed = match letter.kind() {
            LetterKind::SubscriptionConfirmation => self.settings.confirm.confirm(letter).await,
            _ => {
                tracing::warn!(
                    topic_arn,
                    "this endpoint is no longer subscribed to the topic; nothing is done about it"
                );
                if let Some(hook) = &self.settings.on_unsubscribe {
                    hook(&letter);
                }
                turn.end(End::Done);
                return Answer::Noted;
            }
        };
        match confirmed {
            Ok(()) => {
                tracing::info!(topic_arn, "the subscription of this endpoint is confirmed");
                turn.end(End::Done);
                Answer::Noted
            }
            Err(error) => {
                tracing::error!(
                    topic_arn, %error,
                    "the subscription of this endpoint is not confirmed, and SNS is told to ask again; it does so for a few \
                     minutes, and then the endpoint has to be subscribed anew"
                );
                turn.end(End::Failed);
                Answer::Later
            }
        }
    }

    /// How topics are called here.
    fn names(&self) -> Cow<'_, Names> {
        self.aws.as_ref().map_or_else(|| Cow::Owned(Names::default()), |aws| Cow::Borrowed(aws.names()))
    }

    fn seat(&self, topic_arn: &str, message_id: &str) -> Result<Turn<'_>, Answer> {
        match self.replay.begin(topic_arn, message_id) {
            Seat::Free(turn) => Ok(turn),
            Seat::Taken => Err(Answer::Later),
            Seat::Done => {
                tracing::debug!(topic_arn, message_id, "a letter came again that was done with");
                Err(Answer::Repeated)
            }
            Seat::Rejected => Err(Answer::Rejected),
        }
    }

    async fn handle(
        &self,
        topic_arn: String,
        message_id: String,
        sent_at: Option<Timestamp>,
        inbound: Inbound,
        body: Arc<str>,
        stop: &CancellationToken,
    ) -> Answer {
        let turn = match self.seat(&topic_arn, &message_id) {
            Ok(turn) => turn,
            Err(answer) => return answer,
        };
        let beside = Attributes::new();
        let receipt = Held::receipt(String::new(), body, beside, HashMap::new(), None);
        let mut delivery = Delivery::new(message_id, Ok(inbound), receipt);
        (delivery.attempt, delivery.sent_at) = (turn.attempt, sent_at);
        let taken = self.intake.handle(None, &delivery, stop).await;
        let answer = Answer::of(&taken.settle);
        if let Settle::Rejected { reason, subscriber } = &taken.settle {
            tracing::error!(
                topic_arn,
                message_id = delivery.message_id,
                reason,
                subscriber,
                "a letter was given up, and no dead-letter queue here takes it: SNS is told that it failed, and gives it to \
                 that of the subscription, if it has one"
            );
        }
        turn.end(match answer {
            Answer::Taken => End::Done,
            Answer::Rejected => End::Rejected,
            _ => End::Failed,
        });
        answer
    }
}
