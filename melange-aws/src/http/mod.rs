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
//! It is a `tower` service over the types of the `http` crate, and so goes into axum
//! (`Router::new().route_service("/events", endpoint)`), or any server of hyper's.
//!
//! # What it answers
//!
//! SNS takes every status below 500 as delivered and never comes again with that letter; by 5xx it retries, and then gives
//! the letter to the dead-letter queue of the subscription. So:
//!
//! | what | status |
//! |---|---|
//! | every subscriber is done, or nobody listens to it; it was done with before; a subscription is confirmed | 200 |
//! | given up (rejected, cannot be read), and the bus's dead-letter queue has it | 200 |
//! | given up, and there is no such queue, as with the transport in memory | 500 |
//! | a subscriber failed, took too long, or the bus is shut down; too many at once; the letter is being handled already; the body came too slowly or broke off; the certificate cannot be had; the subscription cannot be confirmed | 503 |
//! | bad signature, topic not allowed, certificate not of SNS or not valid, signature version not taken, older than 65 minutes or more than 5 minutes ahead, raw and not authenticated | 403 |
//! | not a letter of SNS | 400 |
//! | larger than the limit | 413 |
//! | not POST | 405 |
//!
//! Give each subscription a dead-letter queue (its attribute `RedrivePolicy`): what SNS gives up is lost otherwise.
//!
//! # What it believes
//!
//! Letters that SNS signed for a topic that was allowed, and of them only what is signed: the message, its id, subject,
//! time and topic. Which event it is stands in the message. Headers are not looked at (except for raw deliveries), and of
//! the message attributes only the trace context is taken. Nothing is ever fetched from an address in a letter, but for
//! the certificate from SNS itself.
//!
//! A letter that was handled is not handled again for 70 minutes, as long as this process lives and remembers it.
//! Several processes behind one address do not know of each other: handlers have to bear duplicates anyhow.
//!
//! How long a client may take over its request's headers is for the server to say.

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

/// Longest that a letter may take: SNS waits for 15 seconds, and handlers that are told to stop have one. Source: the SNS
/// developer guide, "Amazon SNS message delivery retries".
const LONGEST: Duration = Duration::from_secs(13);

/// Receives what SNS delivers over HTTP, and runs the bus's subscribers on it. The bus need not be started.
///
/// Cheap to clone; clones share what they remember and how much they do at once. Say all that is to be said before cloning:
/// after that it makes another endpoint.
///
/// Without [`allow_topic`](Self::allow_topic) it refuses everything.
#[derive(Clone)]
pub struct SnsEndpoint(Arc<Desk>);

impl SnsEndpoint {
    /// For the subscribers of `bus`. Its account, where it is on AWS, also confirms subscriptions.
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

    /// Takes letters of the topic with exactly this ARN, too.
    #[must_use]
    pub fn allow_topic(self, arn: impl AsRef<str>) -> Self {
        self.set(|settings| settings.signatures = settings.signatures.clone().allow_topic(arn))
    }

    /// Takes signatures of version 1, by SHA-1, too: see
    /// [`SnsSignatures`](crate::signature::SnsSignatures::allow_signature_version_1).
    #[must_use]
    pub fn allow_signature_version_1(self) -> Self {
        self.set(|settings| settings.signatures = settings.signatures.clone().allow_signature_version_1())
    }

    /// Where certificates come from: from SNS unless said otherwise.
    #[must_use]
    pub fn certificates(self, certificates: Certificates) -> Self {
        self.set(|settings| settings.signatures = settings.signatures.clone().certificates(certificates))
    }

    /// Takes raw deliveries, too, from those that `is_known` knows by request and body: by the user and password of the
    /// endpoint's address, say, which SNS sends as `Authorization`. Raw deliveries are not signed: their topic, and the id
    /// by which they are handled once, are the sender's word.
    #[must_use]
    pub fn authenticator(self, is_known: impl Fn(&Parts, &[u8]) -> bool + Send + Sync + 'static) -> Self {
        self.set(|settings| settings.authenticator = Some(Arc::new(is_known)))
    }

    /// Confirms subscriptions by this account, instead of the bus's or, where that is not on AWS, the environment's. It
    /// needs the right to `sns:ConfirmSubscription`: subscriptions are confirmed so that only an account's own right to
    /// `sns:Unsubscribe` ends them, and not the address that stands in every letter.
    #[must_use]
    pub fn confirm_with(self, aws: Aws) -> Self {
        self.set(|settings| settings.confirm = Confirm::by(Some(aws)))
    }

    /// Leaves it to `confirm` what is done about a subscription that is to be confirmed, by the
    /// [`token`](VerifiedLetter::token) of its letter. An error has SNS ask again.
    #[must_use]
    pub fn confirm_by<F>(self, confirm: impl Fn(VerifiedLetter) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(), BoxError>> + Send + 'static,
    {
        let own = move |letter: VerifiedLetter| -> confirm::Confirming { Box::pin(confirm(letter)) };
        self.set(|settings| settings.confirm = Confirm::Own(Arc::new(own)))
    }

    /// Is told when a subscription of this endpoint was taken away. It is logged anyhow; nothing subscribes it again.
    #[must_use]
    pub fn on_unsubscribe(self, hook: impl Fn(&VerifiedLetter) + Send + Sync + 'static) -> Self {
        self.set(|settings| settings.on_unsubscribe = Some(Arc::new(hook)))
    }

    /// Passes message attributes on to subscribers, in their metadata. **Nobody signs them**: whoever can send a letter again
    /// can change them, so that nothing may be decided by them. Those that say which event it is, or whom it is for, stay
    /// out.
    #[must_use]
    pub fn unsigned_attributes(self) -> Self {
        self.set(|settings| settings.unsigned_attributes = true)
    }

    /// Most bytes of a body: 300 KiB unless said otherwise. A message of SNS has up to 256 KiB, and its quotation marks and
    /// backslashes take two bytes each in a letter: raise it where messages are that large, since SNS does not send again
    /// what was too large.
    #[must_use]
    pub fn body_limit(self, bytes: usize) -> Self {
        self.set(|settings| settings.body_limit = bytes)
    }

    /// How many letters are handled at once: 64 unless said otherwise, at least 1. What comes beyond that is answered 503 at
    /// once, and so is what comes while four times as many bodies are being read.
    #[must_use]
    pub fn concurrency(self, letters: usize) -> Self {
        self.set(|settings| settings.concurrency = letters.clamp(1, 1 << 16))
    }

    /// How long a letter may take, its body included: 12 seconds unless said otherwise, 13 at most, since SNS gives up after
    /// 15. Then it is answered 503, and its handlers are cancelled.
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        self.set(|settings| settings.timeout = timeout.min(LONGEST))
    }

    /// How many letters are remembered, so that none is handled twice: 100,000 unless said otherwise, each of about 150 bytes.
    /// A letter is remembered for 70 minutes, after which it is too old; beyond this many, the oldest are forgotten sooner.
    #[must_use]
    pub fn remembered(self, letters: usize) -> Self {
        self.set(|settings| settings.remembered = letters)
    }

    /// What time it is, by which letters are too old and certificates valid: the system's unless said otherwise. For tests.
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
