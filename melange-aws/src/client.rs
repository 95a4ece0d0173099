//! The SDK's clients. Every call goes through here: with its timeouts, its error made plain, and its future, which is
//! several kilobytes large, in a box.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant};

use aws_config::{BehaviorVersion, SdkConfig};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use melange::transport::TransportError;

use crate::error;
use crate::ready::Ready;
use crate::retry::Overlooked;

/// How long one attempt may take. The SDK has no limit of its own: a half-open connection would hang forever.
const ATTEMPT: Duration = Duration::from_secs(10);
/// How long a call may take, its retries included.
const OPERATION: Duration = Duration::from_secs(30);
/// Longest that publishing may take, whatever the configuration says: FIFO topics and queues know a deduplication id
/// for five minutes, and after that a retry is a second message.
const LONGEST: Duration = Duration::from_secs(4 * 60);

/// The SDK's clients.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    /// How long a call may take, its retries included.
    pub(crate) operation: Duration,
    pub(crate) sns: aws_sdk_sns::Client,
    pub(crate) sqs: aws_sdk_sqs::Client,
    pub(crate) sts: aws_sdk_sts::Client,
    /// How long one attempt may take; a long poll as much more than its wait.
    attempt: Duration,
    ready: Ready,
}

impl Client {
    /// By this configuration, whose own timeouts and retries win.
    pub(crate) fn new(config: &SdkConfig) -> Self {
        // Without one, the SDK panics.
        let behavior = config.behavior_version().unwrap_or_else(BehaviorVersion::v2026_01_12);
        let mut timeouts =
            TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT).operation_timeout(OPERATION).build();
        if let Some(own) = config.timeout_config() {
            timeouts = own.to_builder().take_unset_from(timeouts.into_builder()).build();
        }
        let operation = timeouts.operation_timeout().unwrap_or(OPERATION).min(LONGEST);
        // Retries are paid for out of a store, which all clients of a service in the process would share: an outage
        // that someone else's client meets must not leave publishing without any.
        let sns = aws_sdk_sns::config::Builder::from(config)
            .behavior_version(behavior)
            .timeout_config(timeouts.clone())
            .retry_partition(aws_sdk_sns::config::retry::RetryPartition::custom("melange-sns").build())
            .retry_classifier(Overlooked);
        let sqs = aws_sdk_sqs::config::Builder::from(config)
            .behavior_version(behavior)
            .timeout_config(timeouts.clone())
            .retry_partition(aws_sdk_sqs::config::retry::RetryPartition::custom("melange-sqs").build())
            .retry_classifier(Overlooked);
        let sts =
            aws_sdk_sts::config::Builder::from(config).behavior_version(behavior).timeout_config(timeouts.clone());
        Self {
            operation,
            attempt: timeouts.operation_attempt_timeout().unwrap_or(ATTEMPT),
            ready: Ready::of(config),
            sns: aws_sdk_sns::Client::from_conf(sns.build()),
            sqs: aws_sdk_sqs::Client::from_conf(sqs.build()),
            sts: aws_sdk_sts::Client::from_conf(sts.build()),
        }
    }

    /// Says what is missing that no call can be made without.
    pub(crate) fn ready(&self) -> Result<(), TransportError> {
        self.ready.check()
    }

    /// For a long poll: one attempt, which must answer soon after `wait`. The caller backs off, and the SDK's store of
    /// retries, once empty, would make it fail at once and the poll spin.
    pub(crate) fn for_polling(&self, wait: Duration) -> aws_sdk_sqs::config::Builder {
        let attempt = wait + self.attempt;
        let timeouts = TimeoutConfig::builder()
            .operation_attempt_timeout(attempt)
            .operation_timeout(attempt + self.attempt)
            .build();
        aws_sdk_sqs::Config::builder().retry_config(RetryConfig::disabled()).timeout_config(timeouts)
    }
}

/// A call: which, and on what.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    action: &'static str,
    on: String,
    content: Content,
}

/// What a call carries that its error must not quote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    None,
    Message,
    Receipts,
}

impl Call {
    /// `action` as IAM spells it, on `on`, as in `topic orders`.
    pub(crate) fn new(action: &'static str, on: impl Into<String>) -> Self {
        Self { action, on: on.into(), content: Content::None }
    }

    /// It carries a message: what is wrong with its parameters is wrong with that.
    pub(crate) fn with_message(mut self) -> Self {
        self.content = Content::Message;
        self
    }

    /// It carries receipts.
    pub(crate) fn with_receipts(mut self) -> Self {
        self.content = Content::Receipts;
        self
    }

    pub(crate) fn action(&self) -> &'static str {
        self.action
    }

    pub(crate) fn carries_message(&self) -> bool {
        self.content == Content::Message
    }

    pub(crate) fn carries_receipts(&self) -> bool {
        self.content == Content::Receipts
    }

    pub(crate) fn carries_content(&self) -> bool {
        self.content != Content::None
    }

    /// Makes the call.
    pub(crate) fn send<'a, T, E>(
        self,
        sending: impl Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send + 'a,
    ) -> impl Future<Output = Result<T, TransportError>> + Send + 'a
    where
        T: Send + 'a,
        E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
    {
        let sending: Pin<Box<dyn Future<Output = _> + Send + 'a>> = Box::pin(sending);
        async move {
            let start = Instant::now();
            let answer = sending.await.map_err(|error| error::from_sdk(&self, error));
            let failed = answer.as_ref().err().map(TransportError::kind);
            tracing::debug!(action = self.action, on = self.on, took = ?start.elapsed(), ?failed, "called AWS");
            answer
        }
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}", self.action, self.on)
    }
}
