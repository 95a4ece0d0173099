//! An HTTP endpoint that SNS delivers to.
//!
//! ```no_run
//! # async fn example(bus: melange::EventBus) -> std::io::Result<()> {
//! use melange_aws::http::SnsEndpoint;
//!
//! let endpoint = SnsEndpoint::new(bus).allow_topic("arn:aws:sns:eu-west-1:123456789012:orders");
//! # let _ = endpoint;
//! # Ok(())
//! # }
//! ```
//!
//! It is a `tower` service over the types of the `http` crate, so it works with axum
//! (`Router::new().route_service("/events", endpoint)`), or any server based on hyper.
//!
//! # Responses
//!
//! SNS treats every status below 500 as delivered, and never sends that message again; after 5xx it retries, and then
//! sends the message to the dead-letter queue of the subscription. So:
//!
//! | case | status |
//! |---|---|
//! | every subscriber is done, or nobody listens to it; it was handled before; a subscription is confirmed | 200 |
//! | given up (rejected, unreadable), and it is in the bus's dead-letter queue | 200 |
//! | given up, and there is no such queue, as with the in-memory transport | 500 |
//! | a subscriber failed, took too long, or the bus is shut down; too many at once; the message is being handled already; the body came too slowly or broke off; the certificate is unavailable; the subscription cannot be confirmed | 503 |
//! | bad signature, topic not allowed, certificate not of SNS or not valid, signature version not accepted, older than 65 minutes or more than 5 minutes ahead, raw and not authenticated | 403 |
//! | not an SNS message | 400 |
//! | larger than the limit | 413 |
//! | not POST | 405 |
//!
//! Give each subscription a dead-letter queue (its attribute `RedrivePolicy`): otherwise messages that SNS gives up are
//! lost.
//!
//! # What it trusts
//!
//! Messages that SNS signed for an allowed topic, and only their signed parts: the message body, its id, subject, time
//! and topic. The event's name is read from the body. Headers are ignored (except for raw message delivery), and of the
//! message attributes only the trace context is used. Nothing is ever fetched from a URL in a message, except the
//! certificate, from SNS itself.
//!
//! A message that was handled is not handled again for 70 minutes, as long as this process lives and remembers it.
//! Several processes behind one address do not share this: handlers must tolerate duplicates anyway.
//!
//! The time limit for a request's headers is up to the server.

mod body;
mod confirm;
mod desk;
mod raw;
mod replay;
mod reply;
mod settings;
mod status;

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use http::request::Parts;
use http::{Request, Response};
use http_body::Body;
use melange::{BoxError, EventBus};
use tower_service::Service;

pub use reply::ReplyBody;

use crate::Aws;
use crate::signature::{Certificates, VerifiedLetter};
use confirm::Confirm;
use desk::Desk;
use settings::Settings;

/// Longest that a letter may take: SNS waits for 15 seconds, and handlers that are told to stop have one. Source: the
/// SNS developer guide, "Amazon SNS message delivery retries".
const LONGEST: Duration = Duration::from_secs(13);

/// Receives SNS deliveries over HTTP, and runs the bus's subscribers on them. The bus need not be started.
///
/// Cheap to clone; clones share the messages they remember and their concurrency limit. Configure it before cloning:
/// after that, a setting makes a separate endpoint.
///
/// Without [`allow_topic`](Self::allow_topic) it refuses everything.
#[derive(Clone)]
pub struct SnsEndpoint(Arc<Desk>);

impl SnsEndpoint {
    /// An endpoint for the subscribers of `bus`. If the bus is on AWS, its account also confirms subscriptions.
    #[must_use]
    pub fn new(bus: EventBus) -> Self {
        let aws = Desk::aws_of(&bus);
        let settings = Settings::new(Confirm::by(aws.clone()));
        Self(Arc::new(Desk::new(settings, aws, bus.intake())))
    }

    fn set(self, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = self.0.settings.clone();
        change(&mut settings);
        Self(Arc::new(Desk::new(settings, self.0.aws.clone(), self.0.intake.clone())))
    }

    /// Also accepts messages of the topic with exactly this ARN.
    #[must_use]
    pub fn allow_topic(self, arn: impl AsRef<str>) -> Self {
        self.set(|settings| settings.signatures = settings.signatures.clone().allow_topic(arn))
    }

    /// Also accepts signatures of version 1, with SHA-1: see
    /// [`SnsSignatures`](crate::signature::SnsSignatures::allow_signature_version_1).
    #[must_use]
    pub fn allow_signature_version_1(self) -> Self {
        self.set(|settings| settings.signatures = settings.signatures.clone().allow_signature_version_1())
    }

    /// Where certificates come from: from SNS by default.
    #[must_use]
    pub fn certificates(self, certificates: Certificates) -> Self {
        self.set(|settings| settings.signatures = settings.signatures.clone().certificates(certificates))
    }

    /// Also accepts raw deliveries that `is_known` authenticates by request and body: for example by the user and
    /// password in the endpoint's URL, which SNS sends as `Authorization`. Raw deliveries are not signed: their topic,
    /// and the id by which duplicates are detected, are only claimed by the sender.
    #[must_use]
    pub fn authenticator(self, is_known: impl Fn(&Parts, &[u8]) -> bool + Send + Sync + 'static) -> Self {
        self.set(|settings| settings.authenticator = Some(Arc::new(is_known)))
    }

    /// Confirms subscriptions with this account, instead of the bus's or, if that is not on AWS, the environment's. It
    /// needs the permission `sns:ConfirmSubscription`: subscriptions are confirmed in such a way that ending them needs
    /// the account's permission `sns:Unsubscribe`, and the URL in every message is not enough.
    #[must_use]
    pub fn confirm_with(self, aws: Aws) -> Self {
        self.set(|settings| settings.confirm = Confirm::by(Some(aws)))
    }

    /// Lets `confirm` decide about subscriptions, with the [`token`](VerifiedLetter::token) of the confirmation
    /// message. After an error, SNS asks again.
    #[must_use]
    pub fn confirm_by<F>(self, confirm: impl Fn(VerifiedLetter) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(), BoxError>> + Send + 'static,
    {
        let own = move |letter: VerifiedLetter| -> confirm::Confirming { Box::pin(confirm(letter)) };
        self.set(|settings| settings.confirm = Confirm::Own(Arc::new(own)))
    }

    /// Called when a subscription of this endpoint was ended. This is also logged; the endpoint is not subscribed
    /// again.
    #[must_use]
    pub fn on_unsubscribe(self, hook: impl Fn(&VerifiedLetter) + Send + Sync + 'static) -> Self {
        self.set(|settings| settings.on_unsubscribe = Some(Arc::new(hook)))
    }

    /// Passes message attributes on to subscribers, in their metadata. **They are not signed**: anyone who can replay a
    /// message can change them, so do not base decisions on them. Those that name the event, or the subscriber it is
    /// for, are left out.
    #[must_use]
    pub fn unsigned_attributes(self) -> Self {
        self.set(|settings| settings.unsigned_attributes = true)
    }

    /// The maximum size of a request body in bytes: 300 KiB by default. An SNS message has up to 256 KiB, and its
    /// quotation marks and backslashes take two bytes each in the request: raise the limit if messages are that large,
    /// because SNS does not retry what was too large.
    #[must_use]
    pub fn body_limit(self, bytes: usize) -> Self {
        self.set(|settings| settings.body_limit = bytes)
    }

    /// How many messages are handled at once: 64 by default, at least 1. Further ones are answered with 503 at once, as
    /// are requests that arrive while four times as many bodies are being read.
    #[must_use]
    pub fn concurrency(self, letters: usize) -> Self {
        self.set(|settings| settings.concurrency = letters.clamp(1, 1 << 16))
    }

    /// How long a message may take, including reading its body: 12 seconds by default, at most 13, because SNS gives up
    /// after
    /// 15. Then the answer is 503, and its handlers are cancelled.
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        self.set(|settings| settings.timeout = timeout.min(LONGEST))
    }

    /// How many messages are remembered, so that none is handled twice: 100,000 by default, at about 150 bytes each. A
    /// message is remembered for 70 minutes, after which it is refused as too old; beyond this number, the oldest are
    /// forgotten sooner.
    #[must_use]
    pub fn remembered(self, letters: usize) -> Self {
        self.set(|settings| settings.remembered = letters)
    }

    /// The clock that decides whether messages are too old and certificates valid: the system's by default. For tests.
    #[must_use]
    pub fn clock(self, now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.set(|settings| settings.signatures = settings.signatures.clone().clock(now))
    }
}

impl<B> Service<Request<B>> for SnsEndpoint
where
    B: Body + Send + 'static,
    B::Data: Send,
{
    type Response = Response<ReplyBody>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<ReplyBody>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // Never waits: whoever is too many is told so at once.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let desk = Arc::clone(&self.0);
        Box::pin(async move { Ok(reply::reply(&desk.answer(request).await)) })
    }
}

impl fmt::Debug for SnsEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let settings = &self.0.settings;
        f.debug_struct("SnsEndpoint")
            .field("signatures", &settings.signatures)
            .field("body_limit", &settings.body_limit)
            .field("concurrency", &settings.concurrency)
            .field("timeout", &settings.timeout)
            .finish_non_exhaustive()
    }
}
